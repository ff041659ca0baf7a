import { constants, createInflate, type Inflate } from 'node:zlib';
import { spdyDictionary } from './dictionary.ts';

/** Headers of one stream are a few short names; more is an attack. */
const maxBlockBytes = 64 * 1024;

/** Reads header blocks: all of a connection are one zlib stream, flushed after each. */
export class HeaderReader {
  readonly #inflate: Inflate;
  #chunks: Buffer[] = [];
  #size = 0;
  #pending: { resolve(headers: ReadonlyMap<string, string>): void; reject(error: Error): void } | undefined;

  constructor() {
    this.#inflate = createInflate({ dictionary: spdyDictionary });
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (this.#size > maxBlockBytes) this.#fail(new Error('a header block is too large'));
    });
    this.#inflate.on('error', (error) => this.#fail(error));
  }

  /** One block at a time: the caller waits. Rejects for what is no block; then the connection is lost. */
  read(block: Uint8Array): Promise<ReadonlyMap<string, string>> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#inflate.write(block);
      this.#inflate.flush(constants.Z_SYNC_FLUSH, () => this.#finish());
    });
  }

  close(): void {
    this.#pending = undefined;
    this.#inflate.close();
  }

  #finish(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#size = 0;
    try {
      pending?.resolve(parseHeaders(bytes));
    } catch (error) {
      pending?.reject(error as Error);
    }
  }

  #fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
  }
}

/** Count, then name and value with their lengths. Throws RangeError for what is cut off. */
function parseHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let at = 4;
  const next = (): string => {
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) throw new RangeError('a header block is cut off');
    const text = bytes.toString('utf8', at + 4, at + 4 + length);
    at += 4 + length;
    return text;
  };
  for (let left = bytes.readUInt32BE(0); left > 0; left -= 1) {
    const name = next().toLowerCase();
    headers.set(name, next());
  }
  return headers;
}

const zlibHeader = Buffer.from([0x78, 0x01]);
/** A stored block with a count of no headers, and an empty one: without that marker Go's reader waits for more. */
const emptyHeaders = Buffer.from([0x00, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0xff]);

/** Writes blocks without headers, which is all that a server of these protocols has to say. No compressor is needed. */
export class EmptyHeaderWriter {
  #begun = false;

  next(): Buffer {
    const block = this.#begun ? emptyHeaders : Buffer.concat([zlibHeader, emptyHeaders]);
    this.#begun = true;
    return block;
  }
}
