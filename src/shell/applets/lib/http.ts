import type { Connection, Process, Syscall } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';
import { beginsWithTls } from '../../wire/tls.ts';
import { receive, send } from './socket.ts';

export interface Url {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** As it stands in the Host header. */
  readonly authority: string;
  readonly secure: boolean;
}

/** Reads `http://host:port/path` or the same without its scheme; undefined if it is no such URL. */
export function parseUrl(text: string): Url | undefined {
  const match = /^(?:(https?):\/\/)?(?:[^/@]*@)?(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?(?:#.*)?$/i.exec(text);
  if (!match) return undefined;
  const secure = match[1]?.toLowerCase() === 'https';
  const path = match[4] ?? '/';
  const port = match[3] ? Number(match[3]) : secure ? 443 : 80;
  return {
    host: (match[2] as string).replace(/^\[|\]$/g, ''),
    port,
    path: path.startsWith('?') ? `/${path}` : path,
    authority: `${match[2]}${match[3] ? `:${match[3]}` : ''}`,
    secure,
  };
}

export interface Head {
  readonly statusLine: string;
  readonly status: number;
  /** In the order they came; names as written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export function header(head: Pick<Head, 'headers'>, name: string): string | undefined {
  return head.headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

export type TakePiece = (piece: Uint8Array) => Syscall<void>;

/** Reads an HTTP/1.x message from a connection: its head, then its body in pieces. */
export class MessageReader {
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(
    readonly process: Process,
    readonly connection: Connection,
    readonly timeoutMs = Number.POSITIVE_INFINITY,
  ) {}

  *#more(): Syscall<boolean> {
    if (this.#ended) return false;
    const data = yield* receive(this.process, this.connection, this.timeoutMs);
    if (data === null) this.#ended = true;
    else this.#held = Buffer.concat([this.#held, data]);
    return data !== null;
  }

  /** The first line (empty if it is none) and the headers, at most 16 KiB; undefined if the other side closed before them. */
  *head(): Syscall<{ readonly first: string; readonly headers: readonly (readonly [string, string])[] } | undefined> {
    let end = this.#held.indexOf('\r\n\r\n');
    while (end < 0) {
      // Someone begins with TLS where none is spoken: that is seen at once, and no blank line would ever come.
      if (beginsWithTls(this.#held)) return { first: '', headers: [] };
      if (this.#held.length > 16_384 || !(yield* this.#more())) return undefined;
      end = this.#held.indexOf('\r\n\r\n');
    }
    const [first = '', ...lines] = this.#held.subarray(0, end).toString('latin1').split('\r\n');
    this.#held = this.#held.subarray(end + 4);
    const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
    return { first, headers };
  }

  /** A body of known length, or up to the end if `length` is undefined. With `take` its pieces go there as they come, and none is kept. */
  *body(length: number | undefined, take?: TakePiece): Syscall<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    let left = length ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      if (this.#held.length === 0 && !(yield* this.#more())) break;
      const piece = this.#held.subarray(0, Math.min(left, this.#held.length));
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      if (take) yield* take(piece);
      else pieces.push(piece);
    }
    return pieces;
  }

  /** A body in chunked coding; `take` as for `body`. */
  *chunked(take?: TakePiece): Syscall<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for (;;) {
      while (this.#held.indexOf('\r\n') < 0) if (!(yield* this.#more())) return pieces;
      const end = this.#held.indexOf('\r\n');
      const size = Number.parseInt(this.#held.subarray(0, end).toString(), 16);
      this.#held = this.#held.subarray(end + 2);
      if (!(size > 0)) return pieces;
      pieces.push(...(yield* this.body(size, take)));
      yield* this.body(2);
    }
  }
}

export interface Request {
  readonly method: string;
  readonly url: Url;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | undefined;
  readonly timeoutMs?: number;
  /** Where the pieces of the body go as they come; if absent, or if it answers nothing, the body is read whole. */
  readonly taker?: (head: Head) => TakePiece | undefined;
}

/** Sends a request over an open connection and reads the whole answer. Throws SystemError (ECONNRESET when there is none). */
export function* exchange(process: Process, connection: Connection, request: Request): Syscall<{ readonly head: Head; readonly body: Uint8Array }> {
  const lines = [`${request.method} ${request.url.path} HTTP/1.1`, ...request.headers.map(([name, value]) => `${name}: ${value}`)];
  yield* send(connection, `${lines.join('\r\n')}\r\n\r\n`);
  if (request.body) yield* send(connection, request.body);
  const reader = new MessageReader(process, connection, request.timeoutMs);
  const message = yield* reader.head();
  if (!message) throw new SystemError('ECONNRESET');
  const head = { statusLine: message.first, status: Number(message.first.split(' ')[1]), headers: message.headers };
  if (request.method === 'HEAD' || head.status === 204 || head.status === 304) return { head, body: new Uint8Array(0) };
  const take = request.taker?.(head);
  if (header(head, 'transfer-encoding') === 'chunked') return { head, body: Buffer.concat(yield* reader.chunked(take)) };
  const length = header(head, 'content-length');
  return { head, body: Buffer.concat(yield* reader.body(length === undefined ? undefined : Number(length), take)) };
}
