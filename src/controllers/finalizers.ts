import type { ResourceClient } from '../client/index.ts';
import type { KubeObject } from '../machinery/types.ts';

/** Takes one finalizer off an object read from a cache, if it is there. Fails with Conflict if the object has changed since. */
export async function removeFinalizer<T extends KubeObject>(client: ResourceClient<T>, object: Readonly<T>, finalizer: string): Promise<void> {
  const { metadata } = object;
  if (!metadata?.finalizers?.includes(finalizer)) return;
  await client.update({ ...object, metadata: { ...metadata, finalizers: metadata.finalizers.filter((one) => one !== finalizer) } });
}
