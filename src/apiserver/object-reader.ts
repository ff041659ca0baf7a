import type { ObjectReader, StatusWriter } from '../admission/types.ts';
import type { Env } from '../env/index.ts';
import { clone } from '../machinery/deep.ts';
import type { UserInfo } from '../machinery/handler.ts';
import { isNotFound } from '../machinery/status-error.ts';
import type { GroupResource, KubeObject, ObjectKey } from '../machinery/types.ts';
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

/** Whom the server is to itself. */
const loopback: UserInfo = { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** Writes status through the registry, so that versions, validation and watchers are served as by any other write. */
export function createStatusWriter(registryOf: (resource: GroupResource) => ResourceRegistry | undefined, env: Pick<Env, 'clock'>): StatusWriter {
  return {
    async updateStatus<T extends KubeObject>(resource: GroupResource, key: ObjectKey, change: (object: T) => void) {
      const registry = registryOf(resource);
      if (!registry) return;
      const context = { user: loopback, now: env.clock.now(), dryRun: false, warn() {} };
      const next = (previous: { readonly object: Readonly<KubeObject> } | undefined) => {
        const object = clone(previous?.object ?? {}) as T;
        change(object);
        return object;
      };
      await registry.update({ key, context, subresource: 'status', next }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },
  };
}

/** Labels Secrets for the API server itself. Somebody else may change or delete them meanwhile; what cannot be written is left out. */
export function createSecretLabeller(
  registryOf: (resource: GroupResource) => ResourceRegistry | undefined,
  env: Pick<Env, 'clock' | 'log'>,
): (key: ObjectKey, labels: Readonly<Record<string, string>>) => Promise<void> {
  return async (key, labels) => {
    const context = { user: loopback, now: env.clock.now(), dryRun: false, warn() {} };
    const next = (previous: { readonly object: Readonly<KubeObject> } | undefined) => {
      const object = clone(previous?.object ?? {}) as KubeObject;
      object.metadata = { ...object.metadata, labels: { ...object.metadata?.labels, ...labels } };
      return object;
    };
    const update = registryOf({ group: '', resource: 'secrets' })?.update({ key, context, next });
    await update?.catch((error: unknown) => env.log.warn('secret could not be labelled', { ...key, error: String(error) }));
  };
}
