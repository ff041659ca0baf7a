import type { Env } from '../env/index.ts';
import type { Timer } from '../env/loop.ts';
import { Backoff } from './backoff.ts';
import { QueueMetrics } from './queue-metrics.ts';

/**
 * Keys that wait to be worked on (client-go's util/workqueue).
 *
 * A key is in the queue at most once. A key that is added while it is worked on comes back when that work is done,
 * so no two workers have the same key. Order is first in, first out. The number of keys is bounded by the number of objects.
 */
export class WorkQueue {
  readonly #queue: string[] = [];
  #head = 0;
  /** Keys that need work, those queued and those to be queued again when their worker is done, with when they were added. */
  readonly #dirty = new Map<string, number>();
  /** With when they were taken. */
  readonly #processing = new Map<string, number>();
  readonly #waiting = new Map<string, Timer>();
  readonly #backoff: Backoff;
  readonly #metrics: QueueMetrics;
  #listener: (() => void) | undefined;
  #shutDown = false;

  constructor(
    readonly name: string,
    readonly env: Pick<Env, 'clock' | 'loop' | 'metrics'>,
    options: { readonly baseDelayMs?: number; readonly maxDelayMs?: number } = {},
  ) {
    this.#backoff = new Backoff(options.baseDelayMs ?? 5, options.maxDelayMs ?? 1_000_000);
    this.#metrics = new QueueMetrics(name, env, { depth: () => this.length, working: () => this.#processing.values() });
  }

  /** Keys that are ready and not yet taken. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  add(key: string): void {
    if (this.#shutDown || this.#dirty.has(key)) return;
    this.#dirty.set(key, this.env.clock.now());
    this.#metrics.added();
    if (this.#processing.has(key)) return;
    this.#queue.push(key);
    this.#listener?.();
  }

  /** Adds the key once `ms` have passed; of several such wishes the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#shutDown) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const timer = this.env.loop.after(ms, `${this.name} requeue`, () => {
      this.#waiting.delete(key);
      this.add(key);
    });
    const earlier = this.#waiting.get(key);
    if (earlier && earlier.at <= timer.at) {
      timer.cancel();
      return;
    }
    earlier?.cancel();
    this.#waiting.set(key, timer);
  }

  /** Adds the key after its back-off: 5 ms, doubled with each call up to 1000 s, until `forget`. */
  addRateLimited(key: string): void {
    this.#metrics.retried();
    this.addAfter(key, this.#backoff.next(key));
  }

  /** The key was dealt with: its next back-off starts small. */
  forget(key: string): void {
    this.#backoff.forget(key);
  }

  /** How often the key was rate limited since it was last forgotten. */
  requeues(key: string): number {
    return this.#backoff.failures(key);
  }

  /** The next key, or undefined if none is ready. Whoever takes one must call `done`. */
  take(): string | undefined {
    const key = this.#queue[this.#head];
    if (key === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    const now = this.env.clock.now();
    this.#metrics.taken(now - (this.#dirty.get(key) ?? now));
    this.#dirty.delete(key);
    this.#processing.set(key, now);
    return key;
  }

  done(key: string): void {
    const began = this.#processing.get(key);
    if (began !== undefined) this.#metrics.worked(this.env.clock.now() - began);
    this.#processing.delete(key);
    if (!this.#dirty.has(key) || this.#shutDown) return;
    this.#queue.push(key);
    this.#listener?.();
  }

  /** Calls `listener` whenever a key becomes ready. One listener, who starts workers. */
  onReady(listener: () => void): void {
    this.#listener = listener;
  }

  /** Takes no further key; what is waiting is dropped. */
  shutDown(): void {
    this.#shutDown = true;
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    this.#queue.length = 0;
    this.#head = 0;
    this.#dirty.clear();
  }
}

/**
 * Works the queue off with at most `concurrency` keys at a time, each in a task of the Loop.
 * A worker that fails has its key back after the key's back-off; `failed` is told.
 */
export function runWorkers(
  queue: WorkQueue,
  concurrency: number,
  work: (key: string) => Promise<void>,
  failed: (key: string, error: unknown) => void = () => {},
): void {
  let busy = 0;
  const workOff = async () => {
    for (let key = queue.take(); key !== undefined; key = queue.take()) {
      try {
        await work(key);
        queue.forget(key);
      } catch (error) {
        failed(key, error);
        queue.addRateLimited(key);
      } finally {
        queue.done(key);
      }
    }
    busy -= 1;
  };
  const wake = () => {
    if (busy >= concurrency) return;
    busy += 1;
    queue.env.loop.defer(`${queue.name} worker`, workOff);
  };
  queue.onReady(wake);
  if (queue.length > 0) wake();
}
