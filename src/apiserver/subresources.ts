import type { GroupVersionKind } from '../machinery/types.ts';
import { evictionKind } from './endpoints/eviction.ts';
import { scaleKind } from './endpoints/scale.ts';
import type { ServedResource } from './served-resource.ts';

/** A subresource as discovery shows it. */
export interface SubresourceInfo {
  readonly name: string;
  readonly gvk: GroupVersionKind;
  readonly verbs: readonly string[];
}

const core = (kind: string): GroupVersionKind => ({ group: '', version: 'v1', kind });
const proxyVerbs = ['create', 'delete', 'get', 'patch', 'update'];
const streamVerbs = ['create', 'get'];

/** Subresources that are not the object seen from another side; what is not served yet is refused by name. */
const special: Readonly<Record<string, readonly SubresourceInfo[]>> = {
  pods: [
    { name: 'attach', gvk: core('PodAttachOptions'), verbs: streamVerbs },
    { name: 'binding', gvk: core('Binding'), verbs: ['create'] },
    { name: 'eviction', gvk: evictionKind, verbs: ['create'] },
    { name: 'exec', gvk: core('PodExecOptions'), verbs: streamVerbs },
    { name: 'log', gvk: core('Pod'), verbs: ['get'] },
    { name: 'portforward', gvk: core('PodPortForwardOptions'), verbs: streamVerbs },
    { name: 'proxy', gvk: core('PodProxyOptions'), verbs: proxyVerbs },
  ],
  nodes: [{ name: 'proxy', gvk: core('NodeProxyOptions'), verbs: proxyVerbs }],
  services: [{ name: 'proxy', gvk: core('ServiceProxyOptions'), verbs: proxyVerbs }],
  serviceaccounts: [{ name: 'token', gvk: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, verbs: ['create'] }],
};

const cache = new WeakMap<ServedResource, readonly SubresourceInfo[]>();

/** All subresources of a resource, by name. */
export function subresourcesOf(resource: ServedResource): readonly SubresourceInfo[] {
  let found = cache.get(resource);
  if (!found) {
    const own = resource.subresources.map((name) => ({
      name,
      gvk: name === 'scale' ? scaleKind : resource.gvk,
      verbs: name === 'finalize' ? ['update'] : ['get', 'patch', 'update'],
    }));
    found = [...own, ...(resource.info.group === '' ? (special[resource.info.plural] ?? []) : [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    cache.set(resource, found);
  }
  return found;
}
