import type { Metrics } from '../../env/index.ts';
import { hash } from '../../env/index.ts';
import { probe, type Refusal } from './ip-allocator.ts';
import { PortMetrics } from './pool-metrics.ts';

/** Where node ports come from. */
export interface PortPool {
  /** Takes this very port, or says why not. */
  take(port: number): Refusal | undefined;
  /** Takes some free port, the same for the same `key` if it is free; undefined if there is none. */
  takeAny(key: string): number | undefined;
  free(port: number): void;
}

/** What is shown to the first who leaves the choice to the pool and keeps nothing: no port of the usual range. */
const firstDryPort = 32_769;

/**
 * The node ports of Services (pkg/registry/core/service/portallocator): one pool for all protocols but for a Service that asks for the same
 * number twice. As with addresses, a low band is kept for ports asked for by number, and a hash chooses the others.
 */
export class PortAllocator implements PortPool {
  readonly #taken = new Set<number>();
  readonly #free: number;
  #metrics: PortMetrics | undefined;

  constructor(
    readonly low = 30_000,
    readonly high = 32_767,
  ) {
    const size = high - low + 1;
    this.#free = low + (size < 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128));
  }

  /** From now on what is given is counted. */
  meter(metrics: Metrics): void {
    this.#metrics = new PortMetrics(metrics, () => ({ allocated: this.#taken.size, available: this.high - this.low + 1 - this.#taken.size }));
  }

  take(port: number): Refusal | undefined {
    const why = this.#mark(port);
    if (why === undefined) this.#metrics?.allocated('static');
    else this.#metrics?.failed('static');
    return why;
  }

  #mark(port: number): Refusal | undefined {
    if (port < this.low || port > this.high) return `provided port is not in the valid range. The range of valid ports is ${this.low}-${this.high}`;
    if (this.#taken.has(port)) return 'provided port is already allocated';
    this.#taken.add(port);
    return undefined;
  }

  takeAny(key: string): number | undefined {
    const isTaken = (port: number): boolean => this.#taken.has(port);
    const found = probe(hash(key)[1], this.#free, this.high, isTaken) ?? probe(0, this.low, this.#free - 1, isTaken);
    if (found === undefined) this.#metrics?.failed('dynamic');
    else {
      this.#taken.add(found);
      this.#metrics?.allocated('dynamic');
    }
    return found;
  }

  /** For one write that is not kept: nothing is taken, and nobody asks whether a port is in the range (portallocator/operation.go). */
  dryRun(): PortPool {
    const mine = new Set<number>();
    return {
      take: (port) => {
        if (this.#taken.has(port) || mine.has(port)) return 'provided port is already allocated';
        mine.add(port);
        return undefined;
      },
      takeAny() {
        const port = mine.size === 0 ? firstDryPort : Math.max(...mine) + 1;
        mine.add(port);
        return port;
      },
      free() {},
    };
  }

  free(port: number): void {
    this.#taken.delete(port);
  }
}
