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
    for (const watcher of this.#watchers) {
      if (watcher.live && watcher.cursor < this.revision()) more = this.#advance(watcher) || more;
    }
    return more;
  }

  #advance(watcher: Watcher): boolean {
    try {
      const all = this.history.after(watcher.cursor, batchLimit);
      watcher.cursor += all.length;
      const events = watcher.prefix === '' ? all : all.filter((event: StoreEvent) => event.entry.key.startsWith(watcher.prefix));
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
