/** Steps one processor does in a period: a step stands for about 5 microseconds. */
export const stepsPerPeriod = 2000;
/** Processor time is given out in periods of this many simulated milliseconds. */
export const periodMs = 10;

export const stepMs = periodMs / stepsPerPeriod;

/** Counts steps against a budget per period; work beyond it is a debt that later periods pay. */
export class ProcessorBudget {
  #used = 0;
  #periodStart = Number.NEGATIVE_INFINITY;

  /** @param stepsPerPeriod how much may be used in each period */
  constructor(public stepsPerPeriod: number) {}

  charge(steps: number): void {
    this.#used += steps;
  }

  /** When work may go on: `now` or earlier if the budget is not used up. Simulated ms. */
  availableAt(now: number): number {
    if (this.#used < this.stepsPerPeriod) {
      // The period begins with the first work in it, so that short bursts far apart never wait.
      if (now - this.#periodStart >= periodMs) {
        this.#periodStart = now;
        this.#used = 0;
      }
      return now;
    }
    const periods = Math.floor(this.#used / this.stepsPerPeriod);
    const free = this.#periodStart + periods * periodMs;
    if (free > now) return free;
    this.#used = now - free >= periodMs ? 0 : this.#used - periods * this.stepsPerPeriod;
    this.#periodStart = now;
    return now;
  }
}

/** A node's processors: who has used up a whole period's work waits for one of them. */
export class Processors {
  readonly #freeAt: number[];

  constructor(count: number) {
    this.#freeAt = new Array<number>(Math.max(1, count)).fill(0);
  }

  /** Books one period of the processor that is free first; returns when that period ends. Simulated ms. */
  book(now: number): number {
    let best = 0;
    for (let i = 1; i < this.#freeAt.length; i += 1) {
      if ((this.#freeAt[i] as number) < (this.#freeAt[best] as number)) best = i;
    }
    const end = Math.max(now, this.#freeAt[best] as number) + periodMs;
    this.#freeAt[best] = end;
    return end;
  }
}
