import { type Cidr, formatIpv4, parseCidr, parseIpv4 } from '../../api/index.ts';
import { hash } from '../../env/index.ts';

/** Why an address or a port could not be had, in upstream's words. */
export type Refusal = string;

/**
 * The addresses of Services (pkg/registry/core/service/ipallocator). The lowest few are kept for addresses that are asked for by name;
 * the others are chosen by a hash of the Service's own name, so that neither the seed nor what happened before decides, but for collisions.
 */
export class IpAllocator {
  readonly range: Cidr;
  readonly #taken = new Set<number>();
  /** Where free choice begins: upstream keeps min(max(16, size / 16), 256) addresses for asked-for ones. */
  readonly #free: number;

  /** `range` is an IPv4 range such as 10.96.0.0/16. */
  constructor(range: string) {
    const parsed = parseCidr(range);
    if (!parsed || parsed.size < 4) throw new Error(`the service range ${range} is no IPv4 range of at least four addresses`);
    this.range = parsed;
    this.#free = parsed.size <= 32 ? 1 : Math.min(Math.max(16, Math.floor(parsed.size / 16)), 256);
  }

  /** Takes this very address, or says why not. */
  take(address: string): Refusal | undefined {
    const offset = this.#offset(address);
    if (offset === undefined) return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.range.text}`;
    if (this.#taken.has(offset)) return 'provided IP is already allocated';
    this.#taken.add(offset);
    return undefined;
  }

  /** Takes some free address, the same for the same `key` if it is free; undefined if none is left. */
  takeAny(key: string): string | undefined {
    const last = this.range.size - 2;
    const found =
      probe(hash(key)[0], this.#free, last, (offset) => this.#taken.has(offset)) ?? probe(0, 1, this.#free - 1, (offset) => this.#taken.has(offset));
    if (found === undefined) return undefined;
    this.#taken.add(found);
    return formatIpv4(this.range.base + found);
  }

  free(address: string): void {
    const offset = this.#offset(address);
    if (offset !== undefined) this.#taken.delete(offset);
  }

  /** Network and broadcast address are nobody's. */
  #offset(address: string): number | undefined {
    const value = parseIpv4(address);
    const offset = value === undefined ? -1 : value - this.range.base;
    return offset >= 1 && offset <= this.range.size - 2 ? offset : undefined;
  }
}

/** The first free number from `low` to `high`, beginning where `start` says and going round once. */
export function probe(start: number, low: number, high: number, isTaken: (value: number) => boolean): number | undefined {
  const count = high - low + 1;
  for (let i = 0; i < count; i++) {
    const value = low + ((start + i) % count);
    if (!isTaken(value)) return value;
  }
  return undefined;
}
