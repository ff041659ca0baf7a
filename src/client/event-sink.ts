import type { Env } from '../env/index.ts';

/** Events that wait to be written; beyond this many, new ones are dropped (upstream: maxQueuedEvents). */
const queueLimit = 1000;

/** Writes one after the other, from the Loop, without anybody waiting for it. */
export class WriteQueue {
  #waiting: (() => Promise<void>)[] = [];
  #running = false;
  /** Since the queue was last taken. */
  #dropped = 0;

  constructor(
    readonly name: string,
    readonly env: Pick<Env, 'loop' | 'log'>,
  ) {}

  add(write: () => Promise<void>): void {
    if (this.#waiting.length >= queueLimit) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(write);
    if (this.#running) return;
    this.#running = true;
    this.env.loop.defer(`${this.name} events`, () => this.#drain());
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        this.#tellDropped();
        for (const write of batch) await this.#attempt(write);
      }
    } finally {
      this.#running = false;
    }
  }

  /** Once for all of them: there can be thousands in one burst, and a line for each would be a burst of its own. */
  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.env.log.warn('events dropped, too many were waiting', { recorder: this.name, count: this.#dropped });
    this.#dropped = 0;
  }

  /** An event that the server refuses (its namespace is going, say) is lost, as upstream. */
  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.env.log.debug('event not written', { recorder: this.name, error: String(error) });
    }
  }
}
