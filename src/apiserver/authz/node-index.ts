import type { Pod } from '../../../generated/types/index.ts';
import { podConfigMapNames, podSecretNames } from '../../api/core/v1/pod-references.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { StorageReader } from './storage-follower.ts';

export type NodeReference = 'configmaps' | 'persistentvolumeclaims' | 'pods' | 'secrets' | 'serviceaccounts';

/**
 * Which objects the pods of each node refer to (plugin/pkg/auth/authorizer/node Graph). What a pod refers to does not
 * change once it is on a node, so a pod is looked at once.
 */
export class NodeIndex implements StorageReader {
  /** By `node resource/namespace/name`: how many pods refer to it. */
  readonly #references = new Map<string, number>();
  readonly #pods = new Map<string, { readonly uid: string | undefined; readonly keys: readonly string[] }>();

  refersTo(node: string, resource: NodeReference, namespace: string, name: string): boolean {
    return this.#references.has(`${node} ${resource}/${namespace}/${name}`);
  }

  clear(): void {
    this.#references.clear();
    this.#pods.clear();
  }

  set(key: string, object: Readonly<KubeObject>): void {
    const pod = object as Readonly<Pod>;
    const node = pod.spec?.nodeName;
    const known = this.#pods.get(key);
    if (!node || (known && known.uid === pod.metadata?.uid)) return;
    if (known) this.delete(key);
    const keys = [...referencesOf(pod)].map((reference) => `${node} ${reference}`);
    for (const one of keys) this.#references.set(one, (this.#references.get(one) ?? 0) + 1);
    this.#pods.set(key, { uid: pod.metadata?.uid, keys });
  }

  delete(key: string): void {
    for (const one of this.#pods.get(key)?.keys ?? []) {
      const count = (this.#references.get(one) ?? 1) - 1;
      if (count > 0) this.#references.set(one, count);
      else this.#references.delete(one);
    }
    this.#pods.delete(key);
  }
}

/** `secrets/default/token`, each once (pkg/api/v1/pod VisitPodSecretNames, VisitPodConfigmapNames). */
function referencesOf({ metadata, spec }: Readonly<Pod>): Set<string> {
  const { namespace = '', name = '' } = metadata ?? {};
  const found = new Set<string>([`pods/${namespace}/${name}`]);
  const add = (resource: NodeReference, referred: string | undefined) => {
    if (referred) found.add(`${resource}/${namespace}/${referred}`);
  };
  if (!spec) return found;
  add('serviceaccounts', spec.serviceAccountName);
  for (const secret of podSecretNames(spec)) add('secrets', secret);
  for (const configMap of podConfigMapNames(spec)) add('configmaps', configMap);
  for (const volume of spec.volumes ?? []) {
    add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
    if (volume.ephemeral) add('persistentvolumeclaims', `${name}-${volume.name}`);
  }
  return found;
}
