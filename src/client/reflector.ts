import type { Env } from '../env/index.ts';
import type { Timer } from '../env/loop.ts';
import { isExpired } from '../machinery/status-error.ts';
import type { KubeObject } from '../machinery/types.ts';
import { Backoff } from './backoff.ts';
import type { ResourceClient } from './types.ts';

/** What part of a resource is reflected. */
export interface ReflectedPart {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ReflectorSink<T> {
  /** A fresh listing: everything else is gone. */
  replace(objects: readonly Readonly<T>[], resourceVersion: string): void;
  /** A BOOKMARK only says how far the watch has come. */
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: Readonly<T>): void;
}

/** A watch that lasts less than this and brought nothing counts as a failure (client-go's reflector). */
const shortestWatchMs = 1000;

/**
 * Keeps a sink up to date: lists, then watches from the listing's revision. A watch that ends is resumed from the last
 * revision seen (bookmarks count); 410 means a fresh listing; other errors back off from 0.8 s to 30 s.
 */
export class Reflector<T extends KubeObject> {
  #resourceVersion: string | undefined;
  #stopped = true;
  #stopWatch: (() => void) | undefined;
  #timer: Timer | undefined;
  readonly #backoff = new Backoff(800, 30_000);
  readonly #task: string;

  constructor(
    readonly env: Pick<Env, 'loop' | 'clock' | 'log'>,
    readonly client: ResourceClient<T>,
    readonly part: ReflectedPart,
    readonly sink: ReflectorSink<T>,
    /** Without bookmarks an idle watch costs nothing; if it ends long after the last change, a fresh listing may be needed. */
    readonly bookmarks = true,
  ) {
    this.#task = `reflector ${client.ref.resource}`;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.env.loop.defer(this.#task, () => this.#run());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#stopWatch?.();
    this.#stopWatch = undefined;
  }

  async #run(): Promise<void> {
    if (this.#stopped) return;
    try {
      if (this.#resourceVersion === undefined) await this.#list();
      if (!this.#stopped) this.#watch();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #list(): Promise<void> {
    const { items, resourceVersion } = await this.client.list({ ...this.part });
    if (this.#stopped) return;
    this.#resourceVersion = resourceVersion;
    this.sink.replace(items, resourceVersion);
  }

  #watch(): void {
    const began = this.env.clock.now();
    let seen = false;
    this.#stopWatch = this.client.watch(
      { ...this.part, resourceVersion: this.#resourceVersion ?? '', allowWatchBookmarks: this.bookmarks },
      {
        event: (type, object) => {
          seen = true;
          this.#backoff.forget('');
          this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion;
          this.sink.changed(type, object);
        },
        end: (error) => {
          this.#stopWatch = undefined;
          if (this.#stopped) return;
          if (error) this.#fail(error);
          else if (!seen && this.env.clock.now() - began < shortestWatchMs) this.#fail(new Error('very short watch'));
          else this.env.loop.defer(this.#task, () => this.#run());
        },
      },
    );
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    if (isExpired(error)) this.#resourceVersion = undefined;
    else this.env.log.debug('reflector will try again', { resource: this.client.ref.resource, error: String(error) });
    this.#timer = this.env.loop.after(this.#backoff.next(''), this.#task, () => this.#run());
  }
}
