import type { ObjectReader, StatusWriter } from '../admission/types.ts';
import type { Env } from '../env/index.ts';
import { clone } from '../machinery/deep.ts';
import type { UserInfo } from '../machinery/handler.ts';
import type { Schema } from '../machinery/schema/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import type { GroupResource, KubeObject, ObjectKey } from '../machinery/types.ts';
import type { ResourceRegistry } from '../registry/generic/resource-registry.ts';
import { fieldManagerFor } from './endpoints/field-managers.ts';
import type { ServedResource } from './served-resource.ts';

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

/** Under which name the server owns what it writes: that of the program, as its client on loopback says it. */
const ownManager = 'kube-apiserver';

/** What the server's own writes need: the resources it serves, and what their fields are. */
export interface OwnWrites {
  servedOf(resource: GroupResource): ServedResource | undefined;
  readonly schema: Schema;
}

/** Writes status through the registry, so that versions, owners, validation and watchers are served as by any other write. */
export function createStatusWriter(writes: OwnWrites, env: Pick<Env, 'clock'>): StatusWriter {
  return {
    async updateStatus<T extends KubeObject>(resource: GroupResource, key: ObjectKey, change: (object: T) => void) {
      const served = writes.servedOf(resource);
      if (!served) return;
      await write(writes, served, key, 'status', change as (object: KubeObject) => void, env.clock.now()).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },
  };
}

/** Labels Secrets for the API server itself. Somebody else may change or delete them meanwhile; what cannot be written is left out. */
export function createSecretLabeller(
  writes: OwnWrites,
  env: Pick<Env, 'clock' | 'log'>,
): (key: ObjectKey, labels: Readonly<Record<string, string>>) => Promise<void> {
  return async (key, labels) => {
    const served = writes.servedOf({ group: '', resource: 'secrets' });
    if (!served) return;
    const label = (object: KubeObject) => {
      object.metadata = { ...object.metadata, labels: { ...object.metadata?.labels, ...labels } };
    };
    await write(writes, served, key, '', label, env.clock.now()).catch((error: unknown) =>
      env.log.warn('secret could not be labelled', { ...key, error: String(error) }),
    );
  };
}

async function write(
  { schema }: OwnWrites,
  served: ServedResource,
  key: ObjectKey,
  subresource: '' | 'status',
  change: (object: KubeObject) => void,
  now: number,
): Promise<void> {
  const context = { user: loopback, now, dryRun: false, warn() {} };
  const next = (previous: { readonly object: Readonly<KubeObject> } | undefined) => {
    const object = clone(previous?.object ?? {}) as KubeObject;
    change(object);
    fieldManagerFor(schema, served, subresource).update(previous?.object, object, { manager: ownManager, now });
    return object;
  };
  await served.registry.update({ key, context, next, ...(subresource ? { subresource } : {}) });
}
