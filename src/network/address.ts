/** IPv4 arithmetic for pod ranges, and what is loopback or "any". */

/** A dotted quad as a number; undefined if it is none. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}

/** First and last address of an IPv4 range; undefined if the text is no IPv4 range. */
export function parseCidr(cidr: string): { readonly first: number; readonly last: number } | undefined {
  const [base, bits] = cidr.split('/');
  const address = parseIpv4(base ?? '');
  if (address === undefined || !/^\d{1,2}$/.test(bits ?? '') || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.toLowerCase().startsWith('::ffff:127.');
}

/** `0.0.0.0` and `::`: every address of the host. */
export function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '';
}

/** IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) mean the same host. */
export function normalizeAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped ? (mapped[1] as string) : address.toLowerCase();
}
