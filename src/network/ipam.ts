import { formatIpv4, parseCidr } from './address.ts';

/**
 * Addresses of one node's pod range, given out as the host-local IPAM plugin does: the lowest free one after the last
 * that was given, round and round; `.0`, the gateway `.1` and the broadcast address are never given.
 */
export class HostLocalIpam {
  readonly gateway: string;
  readonly #first: number;
  readonly #last: number;
  #lastGiven: number;
  readonly #owners = new Map<number, string>();

  /** Throws if `cidr` is no IPv4 range with room for a pod. */
  constructor(readonly cidr: string) {
    const range = parseCidr(cidr);
    if (!range || range.last - range.first < 3) throw new Error(`${JSON.stringify(cidr)} is no IPv4 range for pods`);
    this.gateway = formatIpv4(range.first + 1);
    this.#first = range.first + 2;
    this.#last = range.last - 1;
    this.#lastGiven = range.first + 1;
  }

  /** Throws when the range is used up, in host-local's words. */
  allocate(owner: string): string {
    const size = this.#last - this.#first + 1;
    for (let step = 1; step <= size; step += 1) {
      const address = this.#first + ((this.#lastGiven - this.#first + step + size) % size);
      if (this.#owners.has(address)) continue;
      this.#owners.set(address, owner);
      this.#lastGiven = address;
      return formatIpv4(address);
    }
    throw new Error(`failed to allocate for range 0: no IP addresses available in range set: ${formatIpv4(this.#first - 1)}-${formatIpv4(this.#last)}`);
  }

  /** Gives back what `owner` holds. */
  release(owner: string): void {
    for (const [address, holder] of this.#owners) if (holder === owner) this.#owners.delete(address);
  }

  get used(): number {
    return this.#owners.size;
  }
}
