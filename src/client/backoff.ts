/**
 * Exponential delays per key: `baseMs` at first, doubled with each failure up to `maxMs`.
 *
 * Differs from upstream: no jitter, since the seed must not influence durations.
 */
export class Backoff {
  readonly #failures = new Map<string, number>();

  constructor(
    readonly baseMs: number,
    readonly maxMs: number,
  ) {}

  /** The delay before the next try; counts one failure. */
  next(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(this.baseMs * 2 ** Math.min(failures, 60), this.maxMs);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }
}
