import type { StoreEntry, StoreEvent } from './store.ts';
import { StoreError } from './store.ts';

/**
 * The changes since the compacted revision, one for each revision.
 *
 * The state at the compacted revision is the oldest that can still be read.
 */
export class History {
  #events: StoreEvent[] = [];
  #compacted: number;

  /** @param revision the revision before the first change */
  constructor(revision: number) {
    this.#compacted = revision;
  }

  /** The oldest revision that can be read. */
  get compacted(): number {
    return this.#compacted;
  }

  get length(): number {
    return this.#events.length;
  }

  /** The next change; its revision follows that of the last one. */
  append(event: StoreEvent): void {
    this.#events.push(event);
  }

  /** Up to `limit` changes after `revision`, oldest first, of whatever key. Fails with Compacted. */
  after(revision: number, limit = Number.POSITIVE_INFINITY): readonly StoreEvent[] {
    this.check(revision);
    const from = revision - this.#compacted;
    return this.#events.slice(from, from + limit);
  }

  /** What the keys under `prefix` that changed after `revision` held at `revision`; undefined where nothing was. */
  before(prefix: string, revision: number): Map<string, StoreEntry | undefined> {
    this.check(revision);
    const held = new Map<string, StoreEntry | undefined>();
    for (let i = revision - this.#compacted; i < this.#events.length; i += 1) {
      const { entry, previous } = this.#events[i] as StoreEvent;
      if (entry.key.startsWith(prefix) && !held.has(entry.key)) held.set(entry.key, previous);
    }
    return held;
  }

  /** Fails with Compacted if the state at `revision` can no longer be read. */
  check(revision: number): void {
    if (revision >= this.#compacted) return;
    throw new StoreError('Compacted', `revision ${revision} has been compacted, the oldest is ${this.#compacted}`, this.#compacted);
  }

  /** Forgets what is before `revision`. */
  compact(revision: number): void {
    if (revision <= this.#compacted) return;
    this.#events = this.#events.slice(revision - this.#compacted);
    this.#compacted = revision;
  }
}
