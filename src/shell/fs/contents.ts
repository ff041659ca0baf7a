/** Larger contents are kept in pieces of this size. */
const chunkBytes = 64 * 1024;
const noBytes = new Uint8Array(0);
/** Stands for each piece that holds nothing but zeros: nobody writes to it. */
const zeros = new Uint8Array(chunkBytes);

/**
 * The bytes of a file. Small ones are one piece that grows; large ones are a list of chunks, so that growing copies nothing, and what is
 * all zeros (`dd if=/dev/zero`, holes) takes no memory.
 */
export class Contents {
  /** All of it, with room to spare, until there are chunks. */
  #bytes: Uint8Array = noBytes;
  #chunks: Uint8Array[] | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes bytes that nobody changes any more as they are. */
  fill(data: Uint8Array): void {
    this.#bytes = data;
    this.#chunks = undefined;
    this.#size = data.length;
  }

  /** All bytes, possibly shared: not to be changed, nor kept over a write. */
  all(): Uint8Array {
    if (!this.#chunks) return this.#bytes.subarray(0, this.#size);
    return Buffer.concat(this.#chunks, this.#size);
  }

  /** A copy of at most `length` bytes from `offset` on. */
  read(offset: number, length: number): Uint8Array {
    const end = Math.min(this.#size, offset + length);
    if (offset >= end) return noBytes;
    if (!this.#chunks) return this.#bytes.slice(offset, end);
    const out = new Uint8Array(end - offset);
    for (let at = offset; at < end; ) {
      const from = at % chunkBytes;
      const piece = (this.#chunks[(at - from) / chunkBytes] as Uint8Array).subarray(from, from + end - at);
      out.set(piece, at - offset);
      at += piece.length;
    }
    return out;
  }

  /** Writes over what is there and beyond; what lies between the old end and `offset` is zeros. */
  write(data: Uint8Array, offset: number): void {
    this.#grow(offset + data.length);
    if (!this.#chunks) {
      this.#bytes.set(data, offset);
      return;
    }
    for (let written = 0; written < data.length; ) {
      const from = (offset + written) % chunkBytes;
      const piece = data.subarray(written, written + chunkBytes - from);
      this.#writeChunk((offset + written - from) / chunkBytes, piece, from);
      written += piece.length;
    }
  }

  /** Cuts, or extends with zeros. */
  resize(size: number): void {
    if (size >= this.#size) {
      this.#grow(size);
      return;
    }
    if (size <= chunkBytes) {
      this.#bytes = this.read(0, size);
      this.#chunks = undefined;
    } else {
      const last = Math.floor(size / chunkBytes);
      this.#chunks?.splice(Math.ceil(size / chunkBytes));
      // What is cut off must not come back when the file grows again.
      if (size % chunkBytes > 0 && this.#chunks?.[last] !== zeros) this.#chunks?.[last]?.fill(0, size % chunkBytes);
    }
    this.#size = size;
  }

  #writeChunk(index: number, piece: Uint8Array, from: number): void {
    const chunks = this.#chunks as Uint8Array[];
    if (chunks[index] === zeros) {
      if (isZero(piece)) return;
      chunks[index] = new Uint8Array(chunkBytes);
    }
    (chunks[index] as Uint8Array).set(piece, from);
  }

  #grow(size: number): void {
    if (size <= this.#size) return;
    if (!this.#chunks && size <= chunkBytes) this.#growSmall(size);
    else {
      this.#chunks ??= chunksOf(this.#bytes.subarray(0, this.#size));
      this.#bytes = noBytes;
      while (this.#chunks.length * chunkBytes < size) this.#chunks.push(zeros);
    }
    this.#size = size;
  }

  #growSmall(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.min(chunkBytes, Math.max(size, this.#bytes.length * 2, 64)));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = new Uint8Array(chunkBytes);
    chunk.set(bytes.subarray(at, at + chunkBytes));
    chunks.push(chunk);
  }
  return chunks;
}

function isZero(piece: Uint8Array): boolean {
  return Buffer.compare(piece, zeros.subarray(0, piece.length)) === 0;
}
