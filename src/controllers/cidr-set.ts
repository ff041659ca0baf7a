/** Hands out the equal parts of an IPv4 range in order, the lowest free one first. */
export class CidrSet {
  readonly #base: number;
  readonly #count: number;
  readonly #used = new Set<number>();

  /**
   * @param cidr the whole range: `10.244.0.0/16`
   * @param partBits the prefix length of the parts: 24
   */
  constructor(
    cidr: string,
    readonly partBits: number,
  ) {
    const [address = '', bits = ''] = cidr.split('/');
    this.#base = parseIpv4(address);
    this.#count = 2 ** (partBits - Number(bits));
  }

  /** A free part, or undefined if none is left. */
  allocate(): string | undefined {
    for (let i = 0; i < this.#count; i += 1) {
      if (this.#used.has(i)) continue;
      this.#used.add(i);
      return `${formatIpv4(this.#base + i * this.#partSize)}/${this.partBits}`;
    }
    return undefined;
  }

  /** Marks a part as taken. */
  occupy(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#used.add(index);
  }

  release(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#used.delete(index);
  }

  get #partSize(): number {
    return 2 ** (32 - this.partBits);
  }

  #indexOf(cidr: string): number | undefined {
    const index = (parseIpv4(cidr.split('/')[0] ?? '') - this.#base) / this.#partSize;
    return Number.isInteger(index) && index >= 0 && index < this.#count ? index : undefined;
  }
}

function parseIpv4(text: string): number {
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
