import type { Timer } from '../../env/index.ts';
import { expired, internalError, isStatusError, type StatusError } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { StoreEvent, Watch } from '../../store/store.ts';
import { isStoreError } from '../../store/store.ts';
import { waitForRevision } from './list.ts';
import type { ChangeSink, Served, WatchQuery } from './options.ts';
import { unstored } from './options.ts';
import type { ResourceRegistry } from './resource-registry.ts';

const bookmarkIntervalMs = 60_000;
/** The annotation of the bookmark that follows what was there when the watch began. */
export const initialEventsEnd = 'k8s.io/initial-events-end';
/** Upstream ends a watch after a random time between this and twice as long (--min-request-timeout). */
const minTimeoutMs = 1_800_000;
const timeoutSpreadSteps = 30;

/**
 * Watches as upstream's cache does: what exists (where asked for), then every change, as seen through the selection.
 * Returns how to end it from the reader's side.
 */
export function watchObjects(registry: ResourceRegistry, query: WatchQuery, sink: ChangeSink): () => void {
  const watcher = new Watcher(registry, query, sink);
  registry.deps.env.log.debug('watch begins', { prefix: registry.prefix });
  void watcher.begin();
  return () => watcher.stop();
}

class Watcher {
  #stopped = false;
  #watch: Watch | undefined;
  #timers: Timer[] = [];
  #revision: number;

  constructor(
    readonly registry: ResourceRegistry,
    readonly query: WatchQuery,
    readonly sink: ChangeSink,
  ) {
    this.#revision = query.revision ?? 0;
  }

  async begin(): Promise<void> {
    if ((this.query.timeoutSeconds ?? 0) < 0) {
      // Upstream's timer has run out before there is anything to send.
      this.registry.deps.env.loop.defer('watch timeout', () => this.#end());
      return;
    }
    try {
      const { sendInitialEvents, revision } = this.query;
      if (sendInitialEvents && revision) await waitForRevision(this.registry.deps, revision);
      if (this.#stopped) return;
      this.#setTimers();
      await this.#sendExisting();
      if (this.#stopped) return;
      const watch = await this.registry.deps.store.watch(this.#prefix(), this.#revision, {
        events: (events) => this.#events(events),
        end: (error) => this.#fail(error),
      });
      if (this.#stopped) watch.stop();
      else this.#watch = watch;
    } catch (error) {
      this.#fail(error);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#watch?.stop();
    for (const timer of this.#timers) timer.cancel();
  }

  #prefix(): string {
    return this.registry.prefixOf(this.query.namespace);
  }

  #end(): void {
    if (this.#stopped) return;
    this.stop();
    this.sink.end();
  }

  /** Existing objects come as ADDED unless the client goes on from a version it has seen. */
  async #sendExisting(): Promise<void> {
    const { revision, sendInitialEvents, selection } = this.query;
    const { store } = this.registry.deps;
    if (sendInitialEvents === false && !revision) this.#revision = await store.revision();
    if (sendInitialEvents === false || (revision && !sendInitialEvents)) return;
    const list = await store.list(this.#prefix());
    if (this.#stopped) return;
    this.#revision = list.revision;
    for (const entry of list.entries) {
      if (!selection.matches || selection.matches(entry.object)) this.sink.change('ADDED', entry);
      if (this.#stopped) return;
    }
    if (sendInitialEvents && this.query.bookmarks) this.#bookmark({ [initialEventsEnd]: 'true' });
  }

  #events(events: readonly StoreEvent[]): void {
    for (const event of events) {
      if (this.#stopped) return;
      this.#revision = event.revision;
      this.#event(event);
    }
  }

  #event({ type, entry, previous }: StoreEvent): void {
    const { matches } = this.query.selection;
    if (type === 'created') {
      if (!matches || matches(entry.object)) this.sink.change('ADDED', entry);
    } else if (type === 'deleted') {
      if (!matches || (previous && matches(previous.object))) this.sink.change('DELETED', entry);
    } else if (!matches) this.sink.change('MODIFIED', entry);
    else {
      const [now, before] = [matches(entry.object), previous !== undefined && matches(previous.object)];
      if (now) this.sink.change(before ? 'MODIFIED' : 'ADDED', entry);
      else if (before) this.sink.change('DELETED', lastSeen(entry, previous!));
    }
  }

  /** The end of history is told in the stream: its answer has long begun. */
  #fail(error: unknown): void {
    if (this.#stopped) return;
    if (error !== undefined && !isStoreError(error, 'Closed')) {
      const status = this.#statusOf(error).status as unknown as KubeObject;
      this.sink.change('ERROR', unstored(status));
    }
    this.#end();
  }

  #statusOf(error: unknown): StatusError {
    if (isStatusError(error)) return error;
    if (isStoreError(error, 'Compacted')) return expired(`too old resource version: ${this.#revision} (${error.revision ?? 0})`);
    this.registry.deps.env.log.error('watch failed', { error: error instanceof Error ? error.stack : String(error) });
    return internalError(error instanceof Error ? error.message : String(error));
  }

  #setTimers(): void {
    const { loop } = this.registry.deps.env;
    this.#timers.push(loop.after(this.#timeoutMs(), 'end of a watch', () => this.#end()));
    if (!this.query.bookmarks) return;
    const tick = (): void => {
      if (this.#stopped) return;
      this.#bookmark();
      this.#timers[1] = loop.after(bookmarkIntervalMs, 'bookmark', tick);
    };
    this.#timers[1] = loop.after(bookmarkIntervalMs, 'bookmark', tick);
  }

  /** Differs from upstream: the spread of default timeouts is a fixed sequence, because the seed must not change durations. */
  #timeoutMs(): number {
    if (this.query.timeoutSeconds) return this.query.timeoutSeconds * 1000;
    return minTimeoutMs + (minTimeoutMs * ((this.registry.nextWatch() * 11) % timeoutSpreadSteps)) / timeoutSpreadSteps;
  }

  #bookmark(annotations?: Record<string, string>): void {
    const { kind, apiVersion } = this.registry;
    this.#revision = Math.max(this.#revision, this.#watch?.progress?.() ?? 0);
    if (this.#revision === 0) return; // Nothing seen yet: there is no version to go on from.
    const metadata = { resourceVersion: String(this.#revision), creationTimestamp: null, ...(annotations ? { annotations } : {}) };
    this.sink.change('BOOKMARK', unstored({ kind: kind.kind, apiVersion, metadata } as unknown as KubeObject));
  }
}

const left = new WeakMap<Served, Served>();

/** An object that a change takes out of a selection is shown as it was before, at the version of the change. One for all its watchers. */
function lastSeen(entry: Served, previous: Served): Served {
  let served = left.get(entry);
  if (!served) {
    const { object } = previous;
    served = unstored({ ...object, metadata: { ...object.metadata, resourceVersion: entry.object.metadata!.resourceVersion! } });
    left.set(entry, served);
  }
  return served;
}
