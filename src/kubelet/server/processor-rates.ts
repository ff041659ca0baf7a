/** A rate is taken over at least this long: cAdvisor looks every so many milliseconds. */
const windowMs = 10_000;

interface Look {
  /** Simulated ms since the epoch, and processor time used by then, in ms. */
  at: number;
  cpuMs: number;
  nanoCores: number;
}

/**
 * How many processors something uses, from what it has used so far.
 *
 * Differs from upstream: nobody looks every ten seconds. The rate is that since the last look which is so long ago, or since the start.
 */
export class ProcessorRates {
  #looks = new Map<string, Look>();
  #seen = new Map<string, Look>();

  /** Nanoseconds of processor time per second. `since` is when it started, in simulated ms. */
  nanoCores(key: string, cpuMs: number, since: number, now: number): number {
    const last = this.#looks.get(key) ?? { at: since, cpuMs: 0, nanoCores: 0 };
    const isFirst = !this.#looks.has(key);
    const passed = now - last.at;
    if (passed >= windowMs || (isFirst && passed > 0)) {
      const nanoCores = Math.round(((cpuMs - last.cpuMs) * 1e9) / passed);
      this.#seen.set(key, { at: now, cpuMs, nanoCores });
      return nanoCores;
    }
    if (!isFirst) this.#seen.set(key, last);
    return last.nanoCores;
  }

  /** All have been asked for: what was not has gone. */
  looked(): void {
    this.#looks = this.#seen;
    this.#seen = new Map();
  }
}
