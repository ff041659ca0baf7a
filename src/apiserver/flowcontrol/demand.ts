/** How much of the past a period leaves in the smoothed demand: half of it is gone after five minutes. */
const smoothing = 0.977;

/** Of the period that ended last, in seats. */
export interface DemandFigures {
  readonly highWatermark: number;
  readonly average: number;
  readonly deviation: number;
  /** Follows a growing demand at once and a shrinking one slowly. */
  readonly smoothed: number;
}

/** How many seats a priority level could use, followed over periods of time (util/flowcontrol seatDemandStats, fairqueuing integrator). */
export class Demand implements DemandFigures {
  highWatermark = 0;
  average = 0;
  deviation = 0;
  smoothed = 0;
  #now = 0;
  #most = 0;
  #sinceMs: number;
  /** Integrals over this period of the demand, and of its square. */
  #lastMs: number;
  #sum = 0;
  #squares = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
  }

  /** From now on so many seats are wanted. */
  set(seats: number, nowMs: number): void {
    if (nowMs !== this.#lastMs) this.#passTo(nowMs);
    this.#now = seats;
    if (seats > this.#most) this.#most = seats;
  }

  /** Ends a period, and `more` periods of the same length after it in which nothing has changed. */
  endPeriod(endMs: number, more: number, periodMs: number): void {
    this.#passTo(endMs);
    const lengthMs = endMs - this.#sinceMs;
    this.highWatermark = this.#most;
    if (lengthMs > 0) this.#learn(this.#sum / lengthMs, this.#squares / lengthMs);
    if (more > 0) {
      const steady = this.#now;
      this.highWatermark = steady;
      this.average = steady;
      this.deviation = 0;
      this.smoothed = steady + Math.max(0, this.smoothed - steady) * smoothing ** more;
    }
    this.#sinceMs = endMs + more * periodMs;
    this.#lastMs = this.#sinceMs;
    this.#sum = 0;
    this.#squares = 0;
    this.#most = this.#now;
  }

  #learn(average: number, squares: number): void {
    this.average = average;
    this.deviation = Math.sqrt(Math.max(0, squares - average * average));
    const envelope = average + this.deviation;
    this.smoothed = Math.max(envelope, smoothing * this.smoothed + (1 - smoothing) * envelope);
  }

  #passTo(nowMs: number): void {
    const ms = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#sum += this.#now * ms;
    this.#squares += this.#now * this.#now * ms;
  }
}
