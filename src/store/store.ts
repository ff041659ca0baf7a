import type { KubeObject } from '../machinery/types.ts';

/**
 * A revisioned key-value store with history and watch, as etcd's (DESIGN.md, State).
 *
 * One global revision grows by one with every write. Keys are paths (`/registry/pods/default/web`) in byte order.
 * Values are API objects; the store stamps `metadata.resourceVersion` with the revision of the write and freezes them.
 */
export interface Store {
  /** The revision of the newest write. */
  revision(): Promise<number>;
  get(key: string): Promise<StoreEntry | undefined>;
  list(prefix: string, options?: ListOptions): Promise<ListResult>;
  /** Fails with KeyExists, TooLarge. */
  create(key: string, object: KubeObject): Promise<StoreEntry>;
  /** Replaces a value that is still at `expectedRevision`. Fails with KeyMissing, RevisionConflict, TooLarge. */
  update(key: string, object: KubeObject, expectedRevision: number): Promise<StoreEntry>;
  /** Removes a value that is still at `expectedRevision`; the entry returned carries the revision of the removal. */
  delete(key: string, expectedRevision: number): Promise<StoreEntry>;
  /**
   * Hands every change under `prefix` after `fromRevision` to `sink`, in revision order, without gap or repeat,
   * from the Loop and never inside a writer's call. Fails with Compacted if that history is gone.
   */
  watch(prefix: string, fromRevision: number, sink: WatchSink): Promise<Watch>;
  /** Forgets history before `revision`: reads and watches from before it fail with Compacted. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}

export interface ListOptions {
  /** List as of this revision; the newest if absent. Fails with Compacted, FutureRevision. */
  readonly revision?: number | undefined;
  /** At most so many entries. */
  readonly limit?: number | undefined;
  /** Begin at this key (inclusive); used to continue a listing. */
  readonly startKey?: string | undefined;
}

export interface ListResult {
  readonly entries: readonly StoreEntry[];
  /** The revision that the listing shows. */
  readonly revision: number;
  /** How many entries follow after these, under the same prefix. */
  readonly remaining: number;
}

/** One value at one revision. Immutable; its serialised form is made once and shared by all readers. */
export interface StoreEntry {
  readonly key: string;
  /** The revision of the write that made this value. */
  readonly revision: number;
  readonly object: Readonly<KubeObject>;
  /** The object as JSON in UTF-8, made on first use and kept. Nobody may write into it. */
  json(): Buffer;
  /** The same with a newline behind it. */
  jsonLine(): Buffer;
  /** The part of `json()` that is the object's metadata. */
  metadataJson(): Buffer;
}

export interface StoreEvent {
  readonly type: 'created' | 'updated' | 'deleted';
  readonly revision: number;
  /** The value after the change; for `deleted` the last value, stamped with the revision of the removal. */
  readonly entry: StoreEntry;
  /** The value before the change. */
  readonly previous: StoreEntry | undefined;
}

export interface WatchSink {
  /** Events come in batches, oldest first. */
  events(events: readonly StoreEvent[]): void;
  /** Called at most once, when the store ends the watch by itself (closed, or Compacted). */
  end(error: Error | undefined): void;
}

export interface Watch {
  stop(): void;
  /** Every change up to this revision has been handed over or is not under the prefix: where a bookmark may point to. */
  progress?(): number;
}

/** The store's own errors; they know nothing of HTTP. */
export class StoreError extends Error {
  constructor(
    readonly reason: 'KeyExists' | 'KeyMissing' | 'RevisionConflict' | 'Compacted' | 'FutureRevision' | 'TooLarge' | 'Closed',
    message: string,
    /** For Compacted: the oldest revision that can still be read. For RevisionConflict: the present revision. */
    readonly revision?: number,
  ) {
    super(message);
    this.name = 'StoreError';
  }
}

export function isStoreError(error: unknown, reason?: StoreError['reason']): error is StoreError {
  return error instanceof StoreError && (reason === undefined || error.reason === reason);
}
