import type { Env } from '../env/index.ts';
import type { ProtobufSchema } from '../machinery/codec/index.ts';
import type { KubeObject } from '../machinery/types.ts';
import { History } from './history.ts';
import { stampedEntry } from './memory-entry.ts';
import type { Slot } from './sorted-slots.ts';
import { prefixEnd, SortedSlots } from './sorted-slots.ts';
import type { ListOptions, ListResult, Store, StoreEntry, StoreEvent, Watch, WatchSink } from './store.ts';
import { StoreError } from './store.ts';
import { valueSize } from './value-size.ts';
import { WatchHub } from './watch-hub.ts';

export interface MemoryStoreOptions {
  /** Changes that are kept at least, and twice of which at most. */
  readonly historyLimit?: number;
  /** Changes older than this go, when the next write finds them; they live for at most twice as long while there are writes. */
  readonly historyAgeMs?: number;
  /** Large values are measured as upstream would store them; in JSON if absent. Read when the first one comes. */
  readonly protobufSchema?: () => ProtobufSchema;
}

/** As upstream's compactor: what is five minutes old goes, every five minutes. */
const defaultAgeMs = 300_000;
const defaultLimit = 20_000;

/** As etcd's: the revision of a store that nothing was ever written to. */
const firstRevision = 1;

/**
 * A Store in memory. A write checks, commits and counts in one go, without letting anybody else run in between;
 * watchers are told later, from the Loop.
 */
export class MemoryStore implements Store {
  readonly #slots = new Map<string, Slot>();
  readonly #sorted = new SortedSlots();
  readonly #history = new History(firstRevision);
  readonly #hub: WatchHub;
  readonly #limit: number;
  readonly #ageMs: number;
  #revision = firstRevision;
  #size = 0;
  /** A revision, and when it was the newest: what came before goes once this is old enough. */
  #mark: { revision: number; atMs: number };
  #closed = false;

  constructor(
    readonly env: Pick<Env, 'loop' | 'clock' | 'log'>,
    readonly options: MemoryStoreOptions = {},
  ) {
    this.#limit = options.historyLimit ?? defaultLimit;
    this.#ageMs = options.historyAgeMs ?? defaultAgeMs;
    this.#mark = { revision: firstRevision, atMs: env.clock.now() };
    this.#hub = new WatchHub(env, this.#history, () => this.#revision);
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    return this.#revision;
  }

  /** How many bytes the present values take as JSON, about. */
  get size(): number {
    return this.#size;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    this.#checkOpen();
    return this.#slots.get(key)?.entry;
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    this.#checkOpen();
    const revision = options.revision ?? this.#revision;
    if (revision > this.#revision) throw new StoreError('FutureRevision', `revision ${revision} is ahead of ${this.#revision}`, this.#revision);
    const start = options.startKey && options.startKey > prefix ? options.startKey : prefix;
    const held = revision === this.#revision ? undefined : this.#history.before(prefix, revision);
    if (held && held.size > 0) return this.#listPast(prefix, start, revision, held, options.limit);
    const end = prefixEnd(prefix);
    const entries = this.#sorted.range(start, end, options.limit || undefined).map((slot) => slot.entry);
    // Only a full page can have something after it.
    if (!options.limit || entries.length < options.limit) return { entries, revision, remaining: 0 };
    const total = (end === undefined ? this.#sorted.size : this.#sorted.rank(end)) - this.#sorted.rank(start);
    return { entries, revision, remaining: Math.max(0, total - entries.length) };
  }

  async create(key: string, object: KubeObject): Promise<StoreEntry> {
    this.#checkOpen();
    // etcd does not look at what it finds too large.
    const size = valueSize(key, object, 'create', this.options.protobufSchema);
    if (this.#slots.has(key)) throw new StoreError('KeyExists', `key ${key} exists`);
    const entry = stampedEntry(key, this.#revision + 1, object, size);
    this.#size += size;
    const slot = { key, entry };
    this.#slots.set(key, slot);
    this.#sorted.add(slot);
    this.#commit({ type: 'created', revision: entry.revision, entry, previous: undefined });
    return entry;
  }

  async update(key: string, object: KubeObject, expectedRevision: number): Promise<StoreEntry> {
    this.#checkOpen();
    const slot = this.#expect(key, expectedRevision);
    const previous = slot.entry;
    const size = valueSize(key, object, 'update', this.options.protobufSchema);
    const entry = stampedEntry(key, this.#revision + 1, object, size, previous.object);
    this.#size += size - previous.size;
    slot.entry = entry;
    previous.forgetJson(); // In history it is seldom read, and then as an object mostly.
    this.#commit({ type: 'updated', revision: entry.revision, entry, previous });
    return entry;
  }

  async delete(key: string, expectedRevision: number): Promise<StoreEntry> {
    this.#checkOpen();
    const { entry: previous } = this.#expect(key, expectedRevision);
    const entry = stampedEntry(key, this.#revision + 1, previous.object, previous.size);
    this.#size -= previous.size;
    this.#slots.delete(key);
    this.#sorted.remove(key);
    previous.forgetJson();
    this.#commit({ type: 'deleted', revision: entry.revision, entry, previous });
    return entry;
  }

  async watch(prefix: string, fromRevision: number, sink: WatchSink): Promise<Watch> {
    this.#checkOpen();
    this.#history.check(fromRevision);
    return this.#hub.add(prefix, fromRevision, sink);
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    if (revision > this.#revision) throw new StoreError('FutureRevision', `revision ${revision} is ahead of ${this.#revision}`, this.#revision);
    this.#history.compact(revision);
    this.#hub.wake(); // Whoever still wanted what is gone is told.
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hub.close(new StoreError('Closed', 'the store is closed'));
  }

  /** The present state with the keys that changed since put back. */
  #listPast(prefix: string, start: string, revision: number, held: ReadonlyMap<string, StoreEntry | undefined>, limit: number | undefined): ListResult {
    const entries: StoreEntry[] = this.#sorted.range(start, prefixEnd(prefix)).flatMap((slot) => (held.has(slot.key) ? [] : [slot.entry]));
    for (const [key, entry] of held) if (entry && key >= start) entries.push(entry);
    entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    const page = limit ? entries.slice(0, limit) : entries;
    return { entries: page, revision, remaining: entries.length - page.length };
  }

  #expect(key: string, expectedRevision: number): Slot {
    const slot = this.#slots.get(key);
    if (!slot) throw new StoreError('KeyMissing', `key ${key} does not exist`);
    const { revision } = slot.entry;
    if (revision === expectedRevision) return slot;
    throw new StoreError('RevisionConflict', `key ${key} is at revision ${revision}, not ${expectedRevision}`, revision);
  }

  #commit(event: StoreEvent): void {
    this.#revision = event.revision;
    this.#history.append(event);
    this.#hub.wake();
    this.#forgetOld();
  }

  /** Bounds the history, by age and by count. Watchers read it from the Loop, so the count leaves them room for a burst of writes. */
  #forgetOld(): void {
    const nowMs = this.env.clock.now();
    if (nowMs - this.#mark.atMs >= this.#ageMs) {
      this.#history.compact(this.#mark.revision);
      this.#mark = { revision: this.#revision, atMs: nowMs };
    }
    if (this.#history.length > 2 * this.#limit) this.#history.compact(this.#revision - this.#limit);
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreError('Closed', 'the store is closed');
  }
}
