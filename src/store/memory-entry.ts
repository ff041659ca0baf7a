import { deepFreeze, shareParts } from '../machinery/deep.ts';
import { EncodedObject } from '../machinery/encoded-object.ts';
import type { KubeObject, ObjectMeta } from '../machinery/types.ts';
import type { StoreEntry } from './store.ts';

export class MemoryEntry extends EncodedObject implements StoreEntry {
  constructor(
    readonly key: string,
    readonly revision: number,
    object: Readonly<KubeObject>,
    /** In bytes of JSON, about. */
    readonly size: number,
  ) {
    super(object);
  }
}

/**
 * The entry of a write: the object as handed in, stamped with its revision, frozen (what it holds is frozen, not copied). Parts that
 * say the same as in `previous`, the value it replaces, are those very parts: versions of an object share what they have in common.
 * @param size of the object in bytes of JSON, about
 */
export function stampedEntry(key: string, revision: number, object: Readonly<KubeObject>, size: number, previous?: Readonly<KubeObject>): MemoryEntry {
  const metadata = withVersion(object.metadata ?? {}, String(revision));
  const stamped = { ...object };
  stamped.metadata = metadata;
  if (previous) shareParts(stamped, previous);
  return new MemoryEntry(key, revision, deepFreeze(stamped), size);
}

/** Metadata with a version in the place that upstream writes it to: behind the uid. */
function withVersion(given: Readonly<ObjectMeta>, resourceVersion: string): ObjectMeta {
  if (given.resourceVersion !== undefined || given.uid === undefined) return { ...given, resourceVersion };
  const metadata: Record<string, unknown> = {};
  for (const key in given) {
    metadata[key] = given[key as keyof ObjectMeta];
    if (key === 'uid') metadata.resourceVersion = resourceVersion;
  }
  return metadata as ObjectMeta;
}
