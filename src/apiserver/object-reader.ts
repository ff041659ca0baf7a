import type { ObjectReader } from '../admission/types.ts';
import type { GroupResource, KubeObject } from '../machinery/types.ts';
import type { ResourceRegistry } from '../registry/generic/resource-registry.ts';

/** Reads straight from storage, for admission plugins; resources that are not served have no objects. */
export function createObjectReader(registryOf: (resource: GroupResource) => ResourceRegistry | undefined): ObjectReader {
  return {
    async get<T extends KubeObject>(resource: GroupResource, namespace: string | undefined, name: string) {
      const entry = await registryOf(resource)?.find({ namespace, name });
      return entry?.object as Readonly<T> | undefined;
    },
    async list<T extends KubeObject>(resource: GroupResource, namespace?: string) {
      const registry = registryOf(resource);
      if (!registry) return [];
      const { entries } = await registry.deps.store.list(registry.prefixOf(namespace));
      return entries.map((entry) => entry.object as Readonly<T>);
    },
  };
}
