/** As much of HTTP/2 as gRPC between simulated ends needs: frames, and header blocks of plain literals (RFC 9113, RFC 7541). */

export const connectionPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const frameType = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7 } as const;
export const frameFlag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
export const http2Error = { protocol: 1, frameSize: 6, compression: 9 } as const;

const frameHeadBytes = 9;
/** The largest frame of a side that has not allowed more. */
const maxFrameBytes = 2 ** 14;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
}

export type Header = readonly [name: string, value: string];

/** What the other side has broken of the protocol; `code` is for a GOAWAY frame. */
export class Http2Error extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'Http2Error';
  }
}

export function encodeFrame({ type, flags, streamId, payload }: Frame): Uint8Array {
  const out = Buffer.alloc(frameHeadBytes + payload.length);
  out.writeUIntBE(payload.length, 0, 3);
  out[3] = type;
  out[4] = flags;
  out.writeUInt32BE(streamId, 5);
  out.set(payload, frameHeadBytes);
  return out;
}

export const settingsFrame = (ack = false): Uint8Array =>
  encodeFrame({ type: frameType.settings, flags: ack ? frameFlag.ack : 0, streamId: 0, payload: new Uint8Array(0) });

export function goAwayFrame(code: number): Uint8Array {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(code, 4);
  return encodeFrame({ type: frameType.goAway, flags: 0, streamId: 0, payload });
}

/** Bytes that arrive, taken apart into frames. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  push(data: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, data]);
  }

  /** Takes the preface off; undefined while it has not arrived whole. */
  preface(): boolean | undefined {
    const begun = this.#held.subarray(0, connectionPreface.length).toString('latin1');
    if (!connectionPreface.startsWith(begun)) return false;
    if (begun.length < connectionPreface.length) return undefined;
    this.#held = this.#held.subarray(connectionPreface.length);
    return true;
  }

  /** The next whole frame. Throws Http2Error for one that is too large. */
  take(): Frame | undefined {
    if (this.#held.length < frameHeadBytes) return undefined;
    const length = this.#held.readUIntBE(0, 3);
    if (length > maxFrameBytes) throw new Http2Error(http2Error.frameSize, 'http2: frame too large');
    if (this.#held.length < frameHeadBytes + length) return undefined;
    const payload = this.#held.subarray(frameHeadBytes, frameHeadBytes + length);
    const frame = { type: this.#held[3] as number, flags: this.#held[4] as number, streamId: this.#held.readUInt32BE(5) & 0x7fff_ffff, payload };
    this.#held = this.#held.subarray(frameHeadBytes + length);
    return frame;
  }
}

/** Every field as a literal with its own name, not indexed and not in Huffman code: all that a decoder must understand. Text is ASCII, below 127 bytes. */
export function encodeHeaders(headers: readonly Header[]): Uint8Array {
  const text = (value: string) => [value.length, ...Buffer.from(value, 'latin1')];
  return new Uint8Array(headers.flatMap(([name, value]) => [0, ...text(name), ...text(value)]));
}

/**
 * Reads a block that `encodeHeaders` has made. Throws Http2Error for indexed fields and Huffman code.
 *
 * Differs from upstream: a gRPC client from outside, which uses both, is turned away with COMPRESSION_ERROR.
 */
export function decodeHeaders(block: Uint8Array): Header[] {
  const headers: Header[] = [];
  let at = 0;
  const text = (): string => {
    const length = block[at] ?? 0xff;
    if (length >= 127 || at + 1 + length > block.length) throw new Http2Error(http2Error.compression, 'paperkube reads header fields as plain literals only');
    const value = Buffer.from(block.subarray(at + 1, at + 1 + length)).toString('latin1');
    at += 1 + length;
    return value;
  };
  while (at < block.length) {
    if (block[at] !== 0 && block[at] !== 0x10) throw new Http2Error(http2Error.compression, 'paperkube reads header fields as plain literals only');
    at += 1;
    headers.push([text(), text()]);
  }
  return headers;
}
