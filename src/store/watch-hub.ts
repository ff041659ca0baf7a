import type { Env } from '../env/index.ts';
import type { History } from './history.ts';
import type { StoreEvent, Watch, WatchSink } from './store.ts';

/** A watcher is handed at most so many revisions in one go, so that a long history does not hold up the Loop. */
const batchLimit = 1000;

interface Watcher {
  readonly prefix: string;
  readonly sink: WatchSink;
  /** Everything up to here has been handed over or does not concern the watcher. */
  cursor: number;
  live: boolean;
}

/**
 * Hands changes to watchers, from the Loop. A watcher has no buffer but a place in the shared history: one that is
 * overtaken by compaction is ended with Compacted.
 */
export class WatchHub {
  #watchers: Watcher[] = [];
  #pending = false;

  constructor(
    readonly env: Pick<Env, 'loop' | 'log'>,
    readonly history: History,
    readonly revision: () => number,
  ) {}

  add(prefix: string, fromRevision: number, sink: WatchSink): Watch {
    const watcher: Watcher = { prefix, sink, cursor: fromRevision, live: true };
    this.#watchers.push(watcher);
    this.wake();
    return { stop: () => this.#drop(watcher), progress: () => watcher.cursor };
  }

  /** There may be something to tell. */
  wake(): void {
    if (this.#pending || this.#watchers.length === 0) return;
    this.#pending = true;
    this.env.loop.defer('store watch', () => {
      this.#pending = false;
      if (this.#deliver()) this.wake();
    });
  }

  /** Ends all watches. */
  close(error: Error): void {
    for (const watcher of this.#watchers) this.#end(watcher, error);
  }

  /** One batch for each watcher. Returns whether somebody has more to come. */
  #deliver(): boolean {
    let more = false;
    const batches = new Batches(this.history);
    for (const watcher of this.#watchers) {
      if (watcher.live && watcher.cursor < this.revision()) more = this.#advance(watcher, batches) || more;
    }
    return more;
  }

  #advance(watcher: Watcher, batches: Batches): boolean {
    try {
      const { all, events } = batches.after(watcher.cursor, watcher.prefix);
      watcher.cursor += all;
      if (events.length > 0) watcher.sink.events(events);
      return watcher.cursor < this.revision();
    } catch (error) {
      this.#end(watcher, error as Error);
      return false;
    }
  }

  #end(watcher: Watcher, error: Error): void {
    if (!watcher.live) return;
    this.#drop(watcher);
    this.env.loop.defer('store watch end', () => watcher.sink.end(error));
  }

  #drop(watcher: Watcher): void {
    watcher.live = false;
    this.#watchers = this.#watchers.filter((one) => one !== watcher);
  }
}

/** How many changes follow a revision, and those of them under a prefix. */
interface Batch {
  readonly cursor: number;
  readonly prefix: string;
  readonly all: number;
  readonly events: readonly StoreEvent[];
}

/** Most watchers have seen the same, and wait for the same: what they are handed is looked up once. */
class Batches {
  #last: Batch | undefined;

  constructor(readonly history: History) {}

  /** @throws StoreError Compacted */
  after(cursor: number, prefix: string): Batch {
    if (this.#last?.cursor === cursor && this.#last.prefix === prefix) return this.#last;
    const all = this.history.after(cursor, batchLimit);
    const events = prefix === '' ? all : all.filter((event) => event.entry.key.startsWith(prefix));
    this.#last = { cursor, prefix, all: all.length, events };
    return this.#last;
  }
}
