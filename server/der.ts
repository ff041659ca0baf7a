import { isIP } from 'node:net';

/**
 * Writes ASN.1 in its DER encoding (X.690), as far as certificates need it. A library for this takes longer to load than the
 * whole cluster takes to start.
 */
export type Der = Uint8Array;

/** Context tags of a GeneralName (RFC 5280, 4.2.1.6). */
const dnsNameTag = 0x82;
const ipAddressTag = 0x87;

/** Any value with its tag: `content` is already encoded. */
export function tagged(tag: number, ...content: readonly Der[]): Der {
  const body = Buffer.concat(content);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(body.length), body]);
}

export const sequence = (...items: readonly Der[]): Der => tagged(0x30, ...items);
export const set = (...items: readonly Der[]): Der => tagged(0x31, ...items);
export const boolean = (value: boolean): Der => tagged(0x01, Uint8Array.of(value ? 0xff : 0));
export const octetString = (bytes: Der): Der => tagged(0x04, bytes);
export const utf8String = (text: string): Der => tagged(0x0c, Buffer.from(text));
export const bitString = (bytes: Der, unusedBits = 0): Der => tagged(0x03, Uint8Array.of(unusedBits), bytes);

/** A non-negative number from its bytes, the most significant first. */
export function unsignedInteger(bytes: Der): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return tagged(0x02, (digits[0] as number) >= 0x80 ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

/** `1.2.840.10045.4.3.2`. */
export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** A time, in ms since the epoch, to the second: two digits of the year up to 2049, four from then on (RFC 5280, 4.1.2.5). */
export function time(ms: number): Der {
  const digits = `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return Number(digits.slice(0, 4)) < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

/** A name that a certificate is valid for: an address if it reads as one, a DNS name otherwise. */
export function generalName(name: string): Der {
  const family = isIP(name);
  if (family === 0) return tagged(dnsNameTag, Buffer.from(name));
  return tagged(ipAddressTag, family === 4 ? Uint8Array.from(name.split('.').map(Number)) : ipv6Bytes(name));
}

function ipv6Bytes(address: string): Der {
  const [head = '', tail] = address.split('::');
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':').flatMap(groupBytes));
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  return Uint8Array.from([...before, ...new Array<number>(16 - before.length - after.length).fill(0), ...after]);
}

/** The last group may be written as an IPv4 address. */
function groupBytes(group: string): number[] {
  if (group.includes('.')) return group.split('.').map(Number);
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

function lengthOf(length: number): Der {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Uint8Array.from([0x80 | bytes.length, ...bytes]);
}

/** Seven bits per byte, all but the last with the high bit. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
