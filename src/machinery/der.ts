/** One value of DER: its tag, where it begins, and where its content begins and ends. */
export interface DerValue {
  readonly tag: number;
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** Tags of DER that certificates and requests are made of. */
export const derTag = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, sequence: 0x30 } as const;

/** The value at an offset, or undefined if there is none that ends within the bytes and tells its length in the shortest way. */
export function derValueAt(der: Buffer, at: number): DerValue | undefined {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const sizeOfLength = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || sizeOfLength > 4 || at + 2 + sizeOfLength > der.length) return undefined;
  if (derLengthMistake(der, at)) return undefined;
  const length = sizeOfLength === 0 ? first : der.readUIntBE(at + 2, sizeOfLength);
  const start = at + 2 + sizeOfLength;
  return start + length <= der.length ? { tag, at, start, end: start + length } : undefined;
}

/** Why the length of the value at an offset is not told in the shortest way, in the words of Go's encoding/asn1; undefined if it is. */
export function derLengthMistake(der: Buffer, at: number): string | undefined {
  const sizeOfLength = (der[at + 1] ?? 0) - 0x80;
  if (sizeOfLength <= 0) return undefined;
  if (der[at + 2] === 0) return 'asn1: structure error: superfluous leading zeros in length';
  return sizeOfLength === 1 && (der[at + 2] ?? 0x80) < 0x80 ? 'asn1: structure error: non-minimal length' : undefined;
}

/** The values inside another one, or undefined if they do not fill it exactly. */
export function derChildren(der: Buffer, parent: DerValue): DerValue[] | undefined {
  const found: DerValue[] = [];
  for (let at = parent.start; at < parent.end; ) {
    const value = derValueAt(der, at);
    if (!value || value.end > parent.end) return undefined;
    found.push(value);
    at = value.end;
  }
  return found;
}

/** The bytes of a value, its tag and length included. */
export const derBytes = (der: Buffer, { at, end }: DerValue): Buffer => der.subarray(at, end);

/** The content of a value. */
export const derContent = (der: Buffer, { start, end }: DerValue): Buffer => der.subarray(start, end);
