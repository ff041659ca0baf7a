import { type RandomStream, SeededRandom } from '../../../src/env/random.ts';

/** Choices that one seed decides. */
export class Chance {
  readonly #stream: RandomStream;

  constructor(seed: number, name: string) {
    this.#stream = new SeededRandom(seed).stream(name);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.#stream.int(high - low + 1);
  }

  /** True so many times out of a hundred. */
  percent(share: number): boolean {
    return this.#stream.int(100) < share;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#stream.int(from.length)] as T;
  }

  /** A value so many times out of a hundred. */
  maybe<T>(share: number, make: () => T): T | undefined {
    return this.percent(share) ? make() : undefined;
  }

  list<T>(low: number, high: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.between(low, high) }, (_, index) => make(index));
  }
}
