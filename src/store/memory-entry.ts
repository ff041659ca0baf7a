import { deepFreeze, isLargerThan } from '../machinery/deep.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { StoreEntry } from './store.ts';
import { StoreError } from './store.ts';

/** etcd's --max-request-bytes. */
export const valueBytesMax = 1.5 * 1024 * 1024;

/** An entry whose JSON text is made when somebody asks for it. */
export class MemoryEntry implements StoreEntry {
  #json: string | undefined;

  constructor(
    readonly key: string,
    readonly revision: number,
    readonly object: Readonly<KubeObject>,
  ) {}

  json(): string {
    this.#json ??= JSON.stringify(this.object);
    return this.#json;
  }
}

/** The entry of a write: the object as handed in, stamped with its revision, frozen (what it holds is frozen, not copied). Throws TooLarge. */
export function stampedEntry(key: string, revision: number, object: Readonly<KubeObject>): MemoryEntry {
  if (isLargerThan(object, valueBytesMax)) throw new StoreError('TooLarge', `a value of more than ${valueBytesMax} bytes`);
  const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
  return new MemoryEntry(key, revision, deepFreeze(stamped));
}
