import type { Env } from '../env/index.ts';

/** Events that wait to be written; beyond this many, new ones are dropped (upstream: maxQueuedEvents). */
const queueLimit = 1000;

/** Writes one after the other, from the Loop, without anybody waiting for it. */
export class WriteQueue {
  #waiting: (() => Promise<void>)[] = [];
  #running = false;

  constructor(
    readonly name: string,
    readonly env: Pick<Env, 'loop' | 'log'>,
  ) {}

  add(write: () => Promise<void>): void {
    if (this.#waiting.length >= queueLimit) {
      this.env.log.warn('event dropped, too many are waiting', { recorder: this.name });
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
        for (const write of batch) await this.#attempt(write);
      }
    } finally {
      this.#running = false;
    }
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
