/** Bytes in the order they came, kept in the pieces they came in. */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#pieces.push(data);
    this.#size += data.length;
  }

  /** Up to `max` bytes; empty if there are none. */
  take(max: number): Uint8Array {
    const first = this.#pieces[this.#head];
    if (!first) return new Uint8Array(0);
    if (first.length >= max || this.#pieces.length - this.#head === 1) return this.#takeFirst(first, max);
    const out = new Uint8Array(Math.min(max, this.#size));
    let filled = 0;
    while (filled < out.length) {
      const piece = this.#takeFirst(this.#pieces[this.#head] as Uint8Array, out.length - filled);
      out.set(piece, filled);
      filled += piece.length;
    }
    return out;
  }

  /** Up to `max` bytes of what was pushed together first; empty if there is nothing. */
  takePiece(max: number): Uint8Array {
    const first = this.#pieces[this.#head];
    return first ? this.#takeFirst(first, max) : new Uint8Array(0);
  }

  clear(): void {
    this.#pieces = [];
    this.#head = 0;
    this.#size = 0;
  }

  #takeFirst(first: Uint8Array, max: number): Uint8Array {
    if (first.length > max) {
      this.#pieces[this.#head] = first.subarray(max);
      this.#size -= max;
      return first.subarray(0, max);
    }
    this.#head += 1;
    this.#size -= first.length;
    if (this.#head === this.#pieces.length) {
      this.#pieces = [];
      this.#head = 0;
    } else if (this.#head > 64 && this.#head * 2 > this.#pieces.length) {
      this.#pieces = this.#pieces.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
