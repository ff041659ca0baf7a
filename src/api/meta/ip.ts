import type { FieldPath } from '../../machinery/field-error.ts';
import type { Mistakes } from './mistakes.ts';

const invalidIp = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** The 32 bits of an IPv4 address, or undefined. Leading zeros are read as decimal, as upstream's ParseIPSloppy does. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export function isIpv6(text: string): boolean {
  if (!text.includes(':') || text.includes(':::')) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const embedded = last?.includes('.') ? 1 : 0;
  if (embedded && parseIpv4(last as string) === undefined) return false;
  const hex = embedded ? groups.slice(0, -1) : groups;
  const count = hex.length + embedded * 2;
  return hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) && (halves.length === 2 ? count < 8 : count === 8);
}

export function isIp(text: string): boolean {
  return parseIpv4(text) !== undefined || isIpv6(text);
}

export function ipFamilyOf(text: string): 'IPv4' | 'IPv6' {
  return isIpv6(text) ? 'IPv6' : 'IPv4';
}

export function validateIp(mistakes: Mistakes, text: string, at: FieldPath): boolean {
  const valid = isIp(text);
  if (!valid) mistakes.invalid(at, text, invalidIp);
  return valid;
}

/** An IPv4 range in CIDR form. */
export interface Cidr {
  readonly text: string;
  /** The first address, as a number. */
  readonly base: number;
  /** How many addresses there are. */
  readonly size: number;
}

export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(\d{1,2})$/.exec(text);
  const address = match ? parseIpv4(match[1] as string) : undefined;
  const bits = Number(match?.[2]);
  if (address === undefined || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  return { text, base: address - (address % size), size };
}

/** Whether a host of the range may have this address: network and broadcast address are nobody's. */
export function isHostOf({ base, size }: Pick<Cidr, 'base' | 'size'>, address: number): boolean {
  return address > base && address < base + size - 1;
}

export function validateCidr(mistakes: Mistakes, text: string, at: FieldPath): void {
  const [address, bits] = text.split('/');
  const valid = parseCidr(text) !== undefined || (isIpv6(address ?? '') && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= 128);
  if (!valid) mistakes.invalid(at, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)');
}
