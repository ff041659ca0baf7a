import type { StreamBody, StreamReader } from '../../machinery/handler.ts';
import type { ByteConnection } from '../../machinery/node-api.ts';

/** The head of an HTTP/1.1 answer, and its content as it comes. */
export interface ProxiedAnswer {
  readonly status: number;
  /** Names in lower case, in the order they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: Content;
}

const maxHeadBytes = 1024 * 1024;
/** The size of a chunk, and what may stand beside it (Go's net/http/internal). */
const maxLineBytes = 4096;
const headEnd = Buffer.from('\r\n\r\n');

/** Reads the head. Rejects with `EOF` where the server hung up, or Go's words for what is no HTTP. */
export async function readProxiedAnswer(connection: ByteConnection, method: string): Promise<ProxiedAnswer> {
  const input = new Input(connection);
  for (;;) {
    const text = await input.until(headEnd, maxHeadBytes);
    const [first = '', ...lines] = text.split('\r\n');
    const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first);
    if (!match) throw new Error(`malformed HTTP response ${JSON.stringify(first)}`);
    const status = Number(match[1]);
    if (status < 200) continue; // 100 Continue and its like.
    const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
    return { status, headers, content: new Content(input, framingOf(method, status, new Map(headers))) };
  }
}

type Framing = { readonly kind: 'chunked' | 'until-close' } | { readonly kind: 'length'; readonly bytes: number };

function framingOf(method: string, status: number, headers: ReadonlyMap<string, string>): Framing {
  if (method === 'HEAD' || status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  if (headers.get('transfer-encoding')?.toLowerCase().includes('chunked')) return { kind: 'chunked' };
  const length = headers.get('content-length');
  return length === undefined ? { kind: 'until-close' } : { kind: 'length', bytes: Number(length) };
}

/** What has arrived and is not used yet. */
class Input {
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(readonly connection: ByteConnection) {}

  /** Bytes, null at the end; waits for neither of them. */
  take(max: number): Buffer | null | undefined {
    if (this.#rest.length === 0 && !this.#receive()) return this.#ended ? null : undefined;
    const piece = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** A line that is here already. */
  takeLine(): string | undefined {
    while (this.#rest.indexOf('\r\n') < 0) {
      if (this.#rest.length > maxLineBytes) throw new Error('header line too long');
      if (!this.#receive()) return undefined;
    }
    const at = this.#rest.indexOf('\r\n');
    const line = this.#rest.toString('latin1', 0, at);
    this.#rest = this.#rest.subarray(at + 2);
    return line;
  }

  async until(mark: Buffer, max: number): Promise<string> {
    for (;;) {
      const at = this.#rest.indexOf(mark);
      if (at >= 0) {
        const text = this.#rest.toString('latin1', 0, at);
        this.#rest = this.#rest.subarray(at + mark.length);
        return text;
      }
      if (this.#rest.length > max) throw new Error('net/http: HTTP/1.x transport connection broken: too large');
      if (this.#receive()) continue;
      if (this.#ended) throw new Error(this.#rest.length === 0 ? 'EOF' : 'unexpected EOF');
      await new Promise<void>((resolve) => {
        const cancel = this.connection.onReadable(() => {
          cancel();
          resolve();
        });
      });
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** True if something came. Throws after a reset. */
  #receive(): boolean {
    const data = this.connection.read();
    if (data === null) this.#ended = true;
    if (!data) return false;
    this.#rest = this.#rest.length === 0 ? Buffer.from(data) : Buffer.concat([this.#rest, data]);
    return true;
  }
}

/** The content of an answer. */
export class Content {
  /** Bytes left of the content, or of its present chunk. */
  #left: number;
  #done = false;

  constructor(
    readonly input: Input,
    readonly framing: Framing,
  ) {
    this.#left = framing.kind === 'length' ? framing.bytes : framing.kind === 'chunked' ? 0 : Number.POSITIVE_INFINITY;
  }

  get lengthBytes(): number | undefined {
    return this.framing.kind === 'length' ? this.framing.bytes : undefined;
  }

  /** Hands it to a reader as it comes, waiting while the reader is full. Returns how to stop. */
  flow(reader: StreamReader): () => void {
    const { connection } = this.input;
    let over = false;
    const finish = (error?: Error) => {
      if (over) return;
      over = true;
      cancel();
      connection.destroy();
      reader.end(error);
    };
    const pump = () => {
      try {
        while (!over) {
          if (reader.full?.()) {
            reader.onRoom?.(pump);
            return;
          }
          const piece = this.#next();
          if (piece === undefined) return;
          if (piece === null) finish();
          else reader.data(piece);
        }
      } catch (error) {
        finish(error as Error);
      }
    };
    const cancel = connection.onReadable(pump);
    pump();
    return () => {
      if (over) return;
      over = true;
      cancel();
      connection.destroy();
    };
  }

  body(contentType: string): StreamBody {
    return { kind: 'stream', contentType, start: (reader) => this.flow(reader) };
  }

  /** All of it. */
  bytes(): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    return new Promise((resolve, reject) => {
      this.flow({ data: (chunk) => parts.push(chunk), end: (error) => (error ? reject(error) : resolve(Buffer.concat(parts))) });
    });
  }

  /** The next bytes, undefined if they have not come yet, null at the end. */
  #next(): Buffer | null | undefined {
    if (this.framing.kind === 'chunked' && this.#left === 0 && !this.#done && !this.#nextChunk()) {
      if (this.input.ended) throw new Error('unexpected EOF');
      return undefined;
    }
    if (this.#done || this.#left === 0) return null;
    const piece = this.input.take(this.#left);
    if (piece === null && this.framing.kind !== 'until-close') throw new Error('unexpected EOF');
    if (piece) this.#left -= piece.length;
    return piece;
  }

  /** False while the size of the next chunk is not here. An empty line stands behind each chunk. */
  #nextChunk(): boolean {
    for (;;) {
      const line = this.input.takeLine();
      if (line === undefined) return false;
      if (line === '') continue;
      const size = Number.parseInt(line, 16);
      if (Number.isNaN(size)) throw new Error('invalid byte in chunk length');
      if (size === 0) this.#done = true;
      this.#left = size;
      return true;
    }
  }
}
