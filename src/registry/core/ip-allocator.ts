import { type Cidr, formatIpv4, isHostOf, parseCidr, parseIpv4 } from '../../api/index.ts';
import { hash } from '../../env/index.ts';

/** Why an address or a port could not be had, in upstream's words. */
export type Refusal = string;

/** Where addresses may be chosen from: upstream keeps the lowest min(max(16, size / 16), 256) for those that are asked for. */
interface Range extends Cidr {
  /** Where free choice begins. */
  readonly free: number;
}

/**
 * The addresses of Services (pkg/registry/core/service/ipallocator). The lowest few are kept for addresses that are asked for by name;
 * the others are chosen by a hash of the Service's own name, so that neither the seed nor what happened before decides, but for collisions.
 * There is one range from the start; ServiceCIDR objects add others, which are used once those before them are full.
 */
export class IpAllocator {
  readonly #ranges = new Map<string, Range>();
  /** Addresses of Services, and addresses that somebody keeps from them, as numbers. */
  readonly #taken = new Set<number>();
  readonly #reserved = new Set<number>();

  /** `range` is an IPv4 range such as 10.96.0.0/16. */
  constructor(range: string) {
    if (!this.addRange(range)) throw new Error(`the service range ${range} is no IPv4 range of at least four addresses`);
  }

  /** False for what is no range of IPv4 addresses: nobody gets an address from it. */
  addRange(text: string): boolean {
    const parsed = parseCidr(text);
    if (!parsed || parsed.size < 4) return false;
    const free = parsed.size <= 32 ? 1 : Math.min(Math.max(16, Math.floor(parsed.size / 16)), 256);
    if (!this.#ranges.has(text)) this.#ranges.set(text, { ...parsed, free });
    return true;
  }

  /** No address is taken from it any more; those that are taken stay so. */
  removeRange(text: string): void {
    this.#ranges.delete(text);
  }

  /** Takes this very address, or says why not. */
  take(address: string): Refusal | undefined {
    const value = parseIpv4(address);
    if (value === undefined || ![...this.#ranges.values()].some((range) => isHostOf(range, value))) {
      return 'the provided network does not match the current range';
    }
    if (this.#isTaken(value)) return 'provided IP is already allocated';
    this.#taken.add(value);
    return undefined;
  }

  /** Takes some free address, the same for the same `key` if it is free; undefined if none is left. */
  takeAny(key: string): string | undefined {
    for (const { base, size, free } of this.#ranges.values()) {
      const isTaken = (offset: number): boolean => this.#isTaken(base + offset);
      const found = probe(hash(key)[0], free, size - 2, isTaken) ?? probe(0, 1, free - 1, isTaken);
      if (found === undefined) continue;
      this.#taken.add(base + found);
      return formatIpv4(base + found);
    }
    return undefined;
  }

  free(address: string): void {
    const value = parseIpv4(address);
    if (value !== undefined) this.#taken.delete(value);
  }

  /** Keeps an address from Services until it is given back: somebody has made an IPAddress of their own for it. */
  reserve(address: string, reserved: boolean): void {
    const value = parseIpv4(address);
    if (value === undefined) return;
    if (reserved) this.#reserved.add(value);
    else this.#reserved.delete(value);
  }

  #isTaken(value: number): boolean {
    return this.#taken.has(value) || this.#reserved.has(value);
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
