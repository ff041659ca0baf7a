import { type Cidr, formatIpv4, isHostOf, parseCidr, parseIpv4 } from '../../api/index.ts';
import type { Metrics } from '../../env/index.ts';
import { hash } from '../../env/index.ts';
import type { PoolUse } from './pool-metrics.ts';
import { AddressMetrics } from './pool-metrics.ts';

/** Why an address or a port could not be had, in upstream's words. */
export type Refusal = string;

const mismatch: Refusal = 'the provided network does not match the current range';

/** Where the addresses of Services come from. */
export interface AddressPool {
  /** Takes this very address, or says why not. */
  take(address: string): Refusal | undefined;
  /** Takes some free address, the same for the same `key` if it is free, or says why it cannot. */
  takeAny(key: string): { readonly address: string } | { readonly refusal: Refusal };
  free(address: string): void;
}

/** Where addresses may be chosen from: upstream keeps the lowest min(max(16, size / 16), 256) for those that are asked for. */
interface Range extends Cidr {
  /** `10.96.0.0/16` */
  readonly text: string;
  /** Where free choice begins. */
  readonly free: number;
}

/**
 * The addresses of Services (pkg/registry/core/service/ipallocator). The lowest few are kept for addresses that are asked for by name;
 * the others are chosen by a hash of the Service's own name, so that neither the seed nor what happened before decides, but for collisions.
 * There is one range from the start; ServiceCIDR objects add others, which are used once those before them are full. Free choice is
 * from the first range as long as it has room, though it may be on its way out: upstream keeps a bitmap of it beside the objects
 * (gate DisableAllocatorDualWrite), and finds only afterwards that no range that is ready holds the address.
 */
export class IpAllocator implements AddressPool {
  readonly #first: Range;
  readonly #ranges = new Map<string, Range>();
  /** Addresses of Services, and addresses that somebody keeps from them, as numbers. */
  readonly #taken = new Set<number>();
  readonly #reserved = new Set<number>();
  #metrics: AddressMetrics | undefined;

  /** `range` is an IPv4 range such as 10.96.0.0/16. */
  constructor(range: string) {
    const first = this.addRange(range);
    if (!first) throw new Error(`the service range ${range} is no IPv4 range of at least four addresses`);
    this.#first = first;
  }

  /** Undefined for what is no range of IPv4 addresses: nobody gets an address from it. */
  addRange(text: string): Range | undefined {
    const parsed = parseCidr(text);
    if (!parsed || parsed.size < 4) return undefined;
    const free = parsed.size <= 32 ? 1 : Math.min(Math.max(16, Math.floor(parsed.size / 16)), 256);
    const range = this.#ranges.get(text) ?? { ...parsed, free, text };
    this.#ranges.set(text, range);
    return range;
  }

  /** No address is taken from it any more; those that are taken stay so. */
  removeRange(text: string): void {
    this.#ranges.delete(text);
  }

  take(address: string): Refusal | undefined {
    const value = parseIpv4(address);
    const range = value === undefined ? undefined : this.#rangeOf(value);
    if (value === undefined || !range) return mismatch;
    if (this.#isTaken(value)) {
      // Upstream's bitmap of the first range says so before anybody counts; it does not know of addresses that others keep.
      if (range !== this.#first || !this.#taken.has(value)) this.#metrics?.failed(range.text, 'static');
      return 'provided IP is already allocated';
    }
    this.#taken.add(value);
    this.#metrics?.allocated(range.text, 'static');
    return undefined;
  }

  takeAny(key: string): { readonly address: string } | { readonly refusal: Refusal } {
    for (const range of [this.#first, ...this.#ranges.values()]) {
      const { base, size, free } = range;
      const isTaken = (offset: number): boolean => this.#isTaken(base + offset);
      const found = probe(hash(key)[0], free, size - 2, isTaken) ?? probe(0, 1, free - 1, isTaken);
      if (found === undefined) continue;
      if (range === this.#first && !this.#rangeOf(base + found)) return { refusal: mismatch };
      this.#taken.add(base + found);
      // What upstream's bitmap has chosen is then asked for by its address.
      this.#metrics?.allocated(range.text, range === this.#first ? 'static' : 'dynamic');
      return { address: formatIpv4(base + found) };
    }
    for (const { text } of this.#ranges.values()) this.#metrics?.failed(text, 'dynamic');
    return { refusal: 'range is full' };
  }

  /** For writes that are not kept: nothing is taken, nobody asks what is, and who leaves the choice to the pool is shown the first range itself. */
  dryRun(): AddressPool {
    return {
      take: (address) => {
        const value = parseIpv4(address);
        if (value !== undefined && this.#rangeOf(value)) return undefined;
        return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.#first.text}`;
      },
      takeAny: () => ({ address: formatIpv4(this.#first.base) }),
      free() {},
    };
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

  /** From now on what is given is counted. */
  meter(metrics: Metrics): void {
    this.#metrics = new AddressMetrics(metrics, () => this.#use());
  }

  #use(): ReadonlyMap<string, PoolUse> {
    const taken = [...this.#taken];
    const use = [...this.#ranges.values()].map((range) => {
      const allocated = taken.filter((value) => isHostOf(range, value)).length;
      return [range.text, { allocated, available: range.size - 2 - allocated }] as const;
    });
    return new Map(use);
  }

  #rangeOf(value: number): Range | undefined {
    for (const range of this.#ranges.values()) if (isHostOf(range, value)) return range;
    return undefined;
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
