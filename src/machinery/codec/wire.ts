/** The protobuf wire format: varints, tags and length-delimited parts. */

/** Reads one message. Numbers above 2^53 lose their last digits, as they do in JSON. */
export class WireReader {
  private at = 0;
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** An unsigned number below 2^32, for tags and lengths. */
  uint32(): number {
    return Number(this.varint() & 0xffffffffn);
  }

  /** A signed number: int32 and int64 are both written as 64-bit two's complement. */
  int(): number {
    // Most numbers take one byte; BigInt is slow.
    const byte = this.bytes[this.at];
    if (byte !== undefined && byte < 0x80) {
      this.at++;
      return byte;
    }
    return Number(BigInt.asIntN(64, this.varint()));
  }

  double(): number {
    const value = this.view.getFloat64(this.take(8), true);
    return value;
  }

  part(): Uint8Array {
    const length = this.uint32();
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Steps over a field nobody knows. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.take(8);
    else if (wireType === 2) this.part();
    else if (wireType === 5) this.take(4);
    else throw new WireError(`proto: illegal wireType ${wireType}`);
  }

  private varint(): bigint {
    let low = 0;
    let high = 0n;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.take(1)] as number;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else high |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return BigInt(low) | high;
    }
    throw new WireError('proto: integer overflow');
  }

  private take(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) throw new WireError('unexpected EOF');
    this.at += length;
    return start;
  }
}

export class WireError extends Error {
  override readonly name = 'WireError';
}

const encoder = new TextEncoder();

/** Collects one message; parts are written with their length in front. */
export class WireWriter {
  private bytes = new Uint8Array(256);
  private length = 0;

  int(field: number, value: number | bigint): void {
    this.varint((field << 3) | 0);
    this.varint(value);
  }

  double(field: number, value: number): void {
    this.varint((field << 3) | 1);
    this.reserve(8);
    new DataView(this.bytes.buffer).setFloat64(this.length, value, true);
    this.length += 8;
  }

  part(field: number, bytes: Uint8Array): void {
    this.varint((field << 3) | 2);
    this.varint(bytes.length);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  text(field: number, text: string): void {
    this.part(field, encoder.encode(text));
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private varint(value: number | bigint): void {
    this.reserve(10);
    if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
      let rest = value;
      for (; rest > 0x7f; rest >>>= 7) this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      this.bytes[this.length++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
    this.bytes[this.length++] = Number(rest);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const next = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    next.set(this.bytes);
    this.bytes = next;
  }
}
