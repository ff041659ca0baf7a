/** Joins definitions with paths: which group and version a definition belongs to, and which kind a path serves. */
import type { GroupVersion, GroupVersionKind } from '../src/machinery/types.ts';
import type { Draft } from './models.ts';
import type { Operation } from './operations.ts';

/** `/apis/apps/v1/...` is apps/v1; undefined for paths that belong to no version. */
export function groupVersionOf(path: string): GroupVersion | undefined {
  const match = /^\/(?:api|apis\/([^/]+))\/(v[0-9][a-z0-9]*)(?:\/|$)/.exec(path);
  return match ? { group: match[1] ?? '', version: match[2] as string } : undefined;
}

/** Upstream's router has a slash behind these. */
const routed = (path: string): string => (/^\/(\.well-known|openid)\//.test(path) ? `${path}/` : path);

/** Operations of stable versions, as a cluster without feature gates serves them, and of groups that have one. */
export function servedOperations(operations: readonly Operation[]): Operation[] {
  // The package has paths for custom resources of any group, and for logs of the server, which has none.
  const known = operations.filter(({ path }) => !/^\/(apis\/\{|logs\/)/.test(path)).map((one) => ({ ...one, path: routed(one.path) }));
  const stable = known.filter(({ path }) => /^v\d+$/.test(groupVersionOf(path)?.version ?? 'v1'));
  const groups = new Set(stable.map(({ path }) => groupVersionOf(path)?.group));
  return stable.filter(({ path }) => {
    const group = /^\/apis\/([^/]+)\/$/.exec(path)?.[1];
    return group === undefined || groups.has(group);
  });
}

/** The Go package of a group: the first label of its name, with one exception. */
function packageOf(group: string): string {
  if (group === '') return 'io.k8s.api.core';
  if (group === 'apiextensions.k8s.io') return 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions';
  if (group === 'apiregistration.k8s.io') return 'io.k8s.kube-aggregator.pkg.apis.apiregistration';
  return `io.k8s.api.${group === 'internal.apiserver.k8s.io' ? 'apiserverinternal' : group.split('.')[0]}`;
}

/** Groups and versions that have paths, in alphabetical order. */
export function servedVersions(operations: readonly Operation[]): GroupVersion[] {
  const found = new Map<string, GroupVersion>();
  for (const { path } of operations) {
    const version = groupVersionOf(path);
    if (version) found.set(`${version.group}/${version.version}`, version);
  }
  return [...found.keys()].sort().map((key) => found.get(key) as GroupVersion);
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
/** Kinds of meta/v1 that every group registers; the others belong to the core group only. */
const everywhere = new Set(['DeleteOptions', 'WatchEvent']);

/** Marks every definition that is a kind. `registered` are all versions that upstream's types are of, served or not. */
export function addKinds(definitions: Record<string, Draft>, versions: readonly GroupVersion[], registered: readonly GroupVersion[]): void {
  const byPackage = new Map(versions.map((one) => [`${packageOf(one.group)}.${one.version}`, one]));
  for (const [name, node] of Object.entries(definitions)) {
    const kind = name.slice(name.lastIndexOf('.') + 1);
    const properties = (node.properties ?? {}) as Record<string, Draft>;
    if (name.startsWith(meta)) {
      if (everywhere.has(kind)) node['x-kubernetes-group-version-kind'] = registered.map((one) => ({ ...one, kind }));
      else if (properties.apiVersion && properties.kind && !/^(OwnerReference)$/.test(kind))
        node['x-kubernetes-group-version-kind'] = [{ group: '', version: 'v1', kind }];
      continue;
    }
    const version = byPackage.get(name.slice(0, name.lastIndexOf('.')));
    // References to objects have both fields as well, but no metadata or status of their own.
    const isKind = properties.apiVersion && properties.kind && (properties.metadata || properties.spec || properties.items);
    if (version && isKind) node['x-kubernetes-group-version-kind'] = [{ ...version, kind }];
  }
}

const connectKinds: Record<string, string> = {
  'pods/exec': 'PodExecOptions',
  'pods/attach': 'PodAttachOptions',
  'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions',
  'services/proxy': 'ServiceProxyOptions',
  'nodes/proxy': 'NodeProxyOptions',
};

export interface ResourcePath extends GroupVersion {
  readonly resource: string;
  readonly subresource: string;
  readonly namespaced: boolean;
}

/** Takes a path apart; undefined for paths without a resource. `/proxy/{path}` counts as `/proxy`. */
export function resourceOf(path: string): ResourcePath | undefined {
  const version = groupVersionOf(path);
  if (!version) return undefined;
  const parts = path.split('/').slice(version.group ? 4 : 3);
  const namespaced = parts[0] === 'namespaces' && parts[1] === '{namespace}' && parts.length > 2;
  const [resource, , subresource = ''] = namespaced ? parts.slice(2) : parts;
  return resource ? { ...version, resource, subresource, namespaced } : undefined;
}

/** The kind of each path: what it takes or gives, without `List`. */
export function kindsOfPaths(
  operations: readonly Operation[],
  definitionOf: (model: string) => string | undefined,
  definitions: Record<string, Draft>,
): Map<string, GroupVersionKind> {
  const gvkOf = (model: string | undefined): GroupVersionKind | undefined =>
    (definitions[(model && definitionOf(model)) ?? '']?.['x-kubernetes-group-version-kind'] as GroupVersionKind[] | undefined)?.[0];
  const out = new Map<string, GroupVersionKind>();
  for (const operation of operations) {
    const resource = resourceOf(operation.path);
    if (!resource || out.has(operation.path)) continue;
    const connect = operation.action === 'connect' ? connectKinds[`${resource.resource}/${resource.subresource}`] : undefined;
    const source = { list: operation.response, post: operation.body, put: operation.body, get: operation.response }[operation.action as 'list'];
    const found = connect ? { group: '', version: 'v1', kind: connect } : gvkOf(source);
    if (found) out.set(operation.path, operation.action === 'list' ? { ...found, kind: found.kind.replace(/List$/, '') } : found);
    else if (resource.subresource === 'log') out.set(operation.path, { group: '', version: 'v1', kind: 'Pod' });
  }
  return out;
}
