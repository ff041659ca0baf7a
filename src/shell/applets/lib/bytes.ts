import type { Call } from './applet.ts';
import { Failure } from './applet.ts';
import { parseSize } from './size.ts';

/** A byte as a character, a point for those that do not print. */
export const printable = (byte: number): string => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.');

/** What C writes for bytes that do not print. */
export const escapedBytes: Readonly<Record<number, string>> = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };

/** An option's number of bytes, with a suffix or in hexadecimal digits. Throws Failure. */
export function byteCount(call: Call, ...names: readonly string[]): number | undefined {
  const text = call.options.value(...names);
  if (text === undefined) return undefined;
  const value = /^0x[\da-f]+$/i.test(text) ? Number(text) : parseSize(text);
  if (value === undefined) throw new Failure(`invalid number '${text}'`);
  return value;
}

/** A whole number of so many bytes, least significant first. */
export function littleEndian(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(bytes[i] as number);
  return signed ? BigInt.asIntN(bytes.length * 8, value) : value;
}
