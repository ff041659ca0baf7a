/** Longer texts are left to the runtime. */
const shortText = 48;
/** Of the buffer, between objects. */
const keptBytesMax = 1024 * 1024;

/**
 * Writes protobuf from the last byte to the first, as Go's generated code does: what a length stands in front of is written
 * before it, so nothing is measured, moved or copied. Fields are written in descending order of their numbers.
 */
export class BackwardWriter {
  #bytes = Buffer.allocUnsafe(16 * 1024);
  #at = this.#bytes.length;

  /** Bytes written so far: take it before the content of a part, and hand it to `close` after. */
  get written(): number {
    return this.#bytes.length - this.#at;
  }

  /** Puts length and tag in front of what was written since `before`. */
  close(field: number, before: number): void {
    this.open(field, this.written - before);
  }

  /** The beginning of a part of so many bytes. */
  open(field: number, length: number): void {
    this.#varint(length);
    this.#varint((field << 3) | 2);
  }

  int(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field << 3);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#bytes.writeDoubleLE(value, this.#at);
    this.#varint((field << 3) | 1);
  }

  part(field: number, content: Uint8Array): void {
    const before = this.written;
    this.raw(content);
    this.close(field, before);
  }

  text(field: number, text: string): void {
    const before = this.written;
    if (text.length > shortText || !this.#ascii(text)) this.#utf8(text);
    this.close(field, before);
  }

  /** Bytes as they are, without length or tag. */
  raw(content: Uint8Array): void {
    this.#reserve(content.length);
    this.#at -= content.length;
    this.#bytes.set(content, this.#at);
  }

  /** A copy of all that was written; the writer begins anew. */
  finish(): Uint8Array {
    const out = new Uint8Array(this.written);
    out.set(this.#bytes.subarray(this.#at));
    this.reset();
    return out;
  }

  /** Forgets what was written. */
  reset(): void {
    // What one huge object needed is not kept for all the small ones after it.
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafe(keptBytesMax);
    this.#at = this.#bytes.length;
  }

  /** A whole number; negative ones take ten bytes. */
  #varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.#reserve(1);
      this.#bytes[--this.#at] = value;
      return;
    }
    this.#reserve(10);
    if (value >= 0 && value < 2 ** 31) {
      const bytes = value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5;
      this.#at -= bytes;
      for (let index = 0, rest = value; index < bytes; index++, rest >>>= 7) this.#bytes[this.#at + index] = index < bytes - 1 ? (rest & 0x7f) | 0x80 : rest;
      return;
    }
    const groups: number[] = [];
    for (let rest = BigInt.asUintN(64, BigInt(value)); groups.length === 0 || rest > 0n; rest >>= 7n) groups.push(Number(rest & 0x7fn));
    this.#at -= groups.length;
    for (const [index, group] of groups.entries()) this.#bytes[this.#at + index] = index < groups.length - 1 ? group | 0x80 : group;
  }

  /** Most texts are short and plain, and cheaper to write here than to hand over. False, with nothing written, for others. */
  #ascii(text: string): boolean {
    this.#reserve(text.length);
    const start = this.#at - text.length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      this.#bytes[start + index] = code;
    }
    this.#at = start;
    return true;
  }

  #utf8(text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    this.#at -= length;
    this.#bytes.write(text, this.#at, length);
  }

  #reserve(count: number): void {
    if (count <= this.#at) return;
    const { written } = this;
    const next = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, written + count));
    next.set(this.#bytes.subarray(this.#at), next.length - written);
    this.#bytes = next;
    this.#at = next.length - written;
  }
}
