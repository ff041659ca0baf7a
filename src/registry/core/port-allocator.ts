import { hash } from '../../env/index.ts';
import { probe, type Refusal } from './ip-allocator.ts';

/**
 * The node ports of Services (pkg/registry/core/service/portallocator): one pool for all protocols but for a Service that asks for the same
 * number twice. As with addresses, a low band is kept for ports asked for by number, and a hash chooses the others.
 */
export class PortAllocator {
  readonly #taken = new Set<number>();
  readonly #free: number;

  constructor(
    readonly low = 30_000,
    readonly high = 32_767,
  ) {
    const size = high - low + 1;
    this.#free = low + (size < 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128));
  }

  take(port: number): Refusal | undefined {
    if (port < this.low || port > this.high) return `provided port is not in the valid range. The range of valid ports is ${this.low}-${this.high}`;
    if (this.#taken.has(port)) return 'provided port is already allocated';
    this.#taken.add(port);
    return undefined;
  }

  takeAny(key: string): number | undefined {
    const isTaken = (port: number): boolean => this.#taken.has(port);
    const found = probe(hash(key)[1], this.#free, this.high, isTaken) ?? probe(0, this.low, this.#free - 1, isTaken);
    if (found !== undefined) this.#taken.add(found);
    return found;
  }

  free(port: number): void {
    this.#taken.delete(port);
  }
}
