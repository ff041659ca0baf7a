/** Types of SPDY/3.1 control frames that matter here; clients of these protocols ignore SETTINGS and WINDOW_UPDATE too. */
export const frameTypes = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7 } as const;

export const flagFin = 1;
/** No stream blocks the others for longer than this takes. */
export const maxDataBytes = 32 * 1024;
/** Go's side sends at most 32 KiB per frame; a length has 24 bits, and nobody may make this server keep so much. */
const maxFrameBytes = 1024 * 1024;

export interface Frame {
  /** Of a control frame; undefined for data. */
  readonly type: number | undefined;
  /** Of a data frame. */
  readonly streamId: number;
  readonly flags: number;
  readonly payload: Buffer;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The next frame, undefined until it is complete. Throws RangeError for one that is too large. */
  next(): Frame | undefined {
    if (this.#size < 8) return undefined;
    const header = this.#peek();
    const length = header.readUInt32BE(4) & 0xffffff;
    if (length > maxFrameBytes) throw new RangeError('a frame is too large');
    if (this.#size < 8 + length) return undefined;
    const bytes = this.#take(8 + length);
    const isControl = ((bytes[0] as number) & 0x80) !== 0;
    return {
      type: isControl ? bytes.readUInt16BE(2) : undefined,
      streamId: isControl ? 0 : bytes.readUInt32BE(0) & 0x7fffffff,
      flags: bytes[4] as number,
      payload: bytes.subarray(8),
    };
  }

  /** The first chunk, made at least as long as a frame's header. */
  #peek(): Buffer {
    while ((this.#chunks[0] as Buffer).length < 8) {
      const [first, second] = this.#chunks.splice(0, 2) as [Buffer, Buffer];
      this.#chunks.unshift(Buffer.concat([first, second]));
    }
    return this.#chunks[0] as Buffer;
  }

  #take(size: number): Buffer {
    const first = this.#chunks[0] as Buffer;
    this.#size -= size;
    if (first.length > size) {
      this.#chunks[0] = first.subarray(size);
      return first.subarray(0, size);
    }
    const parts: Buffer[] = [];
    for (let left = size; left > 0; ) {
      const chunk = this.#chunks.shift() as Buffer;
      parts.push(chunk.subarray(0, left));
      if (chunk.length > left) this.#chunks.unshift(chunk.subarray(left));
      left -= chunk.length;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(0x8003, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE((flags << 24) | payload.length, 4);
  return Buffer.concat([header, payload]);
}

export function dataFrame(streamId: number, flags: number, data: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(8 + data.length);
  frame.writeUInt32BE(streamId, 0);
  frame.writeUInt32BE(data.length, 4);
  frame[4] = flags;
  frame.set(data, 8);
  return frame;
}

/** Numbers of four bytes one after the other, as most control frames hold. */
export function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, index * 4);
  return bytes;
}
