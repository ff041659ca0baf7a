/** The protobuf wire format: varints, tags and length-delimited parts. */

/**
 * Reads one message, and fails with WireError in the words of Go's generated code. Numbers above 2^53 lose their last digits,
 * as they do in JSON.
 */
export class WireReader {
  /** Of the field that `next` has found. */
  number = 0;
  wireType = 0;
  private at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Reads the tag of the next field into `number` and `wireType`; false at the end. `message` is the Go name of what is read. */
  next(message: string): boolean {
    if (this.done) return false;
    const byte = this.bytes[this.at] as number;
    this.wireType = byte & 7;
    if (byte < 0x80) {
      this.at++;
      this.number = byte >>> 3;
    } else this.number = Number(BigInt.asIntN(32, this.varint() >> 3n));
    if (this.wireType === 4) throw new WireError(`proto: ${message}: wiretype end group for non-group`);
    if (this.number <= 0) throw new WireError(`proto: ${message}: illegal tag ${this.number} (wire type ${this.wireType})`);
    return true;
  }

  /** A signed number: int32 and int64 are both written as 64-bit two's complement. */
  int(): number {
    // Nearly all numbers take a few bytes; BigInt is slow.
    let value = 0;
    for (let index = 0; index < 4; index++) {
      const byte = this.bytes[this.at + index];
      if (byte === undefined) break;
      value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) {
        this.at += index + 1;
        return value;
      }
    }
    return Number(BigInt.asIntN(64, this.varint()));
  }

  double(): number {
    const start = this.take(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + start, 8).getFloat64(0, true);
  }

  part(): Uint8Array {
    const length = this.int();
    if (length < 0) throw new WireError('proto: negative length found during unmarshaling');
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Steps over a field nobody knows; what it holds has a tag of its own if it is a group. */
  skip(): void {
    for (let open = 0, type = this.wireType; ; type = Number(this.varint() & 7n)) {
      if (type === 0) this.varint();
      else if (type === 1) this.take(8);
      else if (type === 2) this.part();
      else if (type === 3) open++;
      else if (type === 4) open--;
      else if (type === 5) this.take(4);
      else throw new WireError(`proto: illegal wireType ${type}`);
      if (open === 0) return;
    }
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
