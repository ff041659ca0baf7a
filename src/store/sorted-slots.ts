import type { MemoryEntry } from './memory-entry.ts';

/** A key and what is stored there now; the slot stays while its value changes. */
export interface Slot {
  readonly key: string;
  entry: MemoryEntry;
}

/** A chunk that grows past this is split in two. */
const chunkLimit = 512;

/**
 * Slots in key order, kept as a list of short sorted lists: adding one moves at most a chunk, and a range is read
 * without sorting. Keys are compared by code unit, which is byte order for the ASCII paths that we store.
 */
export class SortedSlots {
  readonly #chunks: Slot[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a slot whose key is not there yet. */
  add(slot: Slot): void {
    this.#size += 1;
    if (this.#chunks.length === 0) {
      this.#chunks.push([slot]);
      return;
    }
    const at = this.#chunkFor(slot.key);
    const chunk = this.#chunks[at] as Slot[];
    chunk.splice(lowerBound(chunk, slot.key), 0, slot);
    if (chunk.length > chunkLimit) this.#chunks.splice(at + 1, 0, chunk.splice(chunkLimit >> 1));
  }

  remove(key: string): void {
    const at = this.#chunkFor(key);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    const offset = lowerBound(chunk, key);
    if (chunk[offset]?.key !== key) return;
    chunk.splice(offset, 1);
    this.#size -= 1;
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** How many keys come before `key`. */
  rank(key: string): number {
    const at = this.#chunkFor(key);
    let count = 0;
    for (let i = 0; i < at; i += 1) count += (this.#chunks[i] as Slot[]).length;
    const chunk = this.#chunks[at];
    return chunk ? count + lowerBound(chunk, key) : count;
  }

  /** Slots from `start` (inclusive) to `end` (exclusive; none if undefined), at most `limit`. */
  range(start: string, end: string | undefined, limit = Number.POSITIVE_INFINITY): Slot[] {
    const found: Slot[] = [];
    for (let i = this.#chunkFor(start); i < this.#chunks.length; i += 1) {
      const chunk = this.#chunks[i] as Slot[];
      for (let j = found.length === 0 ? lowerBound(chunk, start) : 0; j < chunk.length; j += 1) {
        const slot = chunk[j] as Slot;
        if ((end !== undefined && slot.key >= end) || found.length >= limit) return found;
        found.push(slot);
      }
    }
    return found;
  }

  /** The last chunk that begins at or before `key`; the first one if none does. */
  #chunkFor(key: string): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firstKey(this.#chunks[middle] as Slot[]) <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function firstKey(chunk: readonly Slot[]): string {
  return (chunk[0] as Slot).key;
}

/** Where `key` is, or would be, in a sorted chunk. */
function lowerBound(chunk: readonly Slot[], key: string): number {
  let [low, high] = [0, chunk.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle] as Slot).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first key after all those that begin with `prefix`; undefined if there is none. */
export function prefixEnd(prefix: string): string | undefined {
  if (prefix === '') return undefined;
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
