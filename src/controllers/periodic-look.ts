import type { Env, Timer } from '../env/index.ts';

/**
 * Looks at moments that are `periodMs` apart, counted from the start, as upstream's wait.Until does; but only at those that somebody
 * has asked for, so that a cluster where there is nothing to do does nothing.
 */
export class PeriodicLook {
  #startedAt = 0;
  #timer: Timer | undefined;
  #stopped = false;

  /** `name` is for whoever lists the timers of the Loop. */
  constructor(
    readonly env: Env,
    readonly name: string,
    readonly periodMs: number,
    readonly look: () => Promise<void>,
  ) {}

  start(): void {
    this.#startedAt = this.env.clock.now();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Asks for a look at the next moment; asking twice is as asking once. */
  request(): void {
    if (this.#timer || this.#stopped) return;
    const { clock, loop } = this.env;
    const periods = Math.floor((clock.now() - this.#startedAt) / this.periodMs) + 1;
    this.#timer = loop.at(this.#startedAt + periods * this.periodMs, this.name, () => {
      this.#timer = undefined;
      return this.look();
    });
  }
}
