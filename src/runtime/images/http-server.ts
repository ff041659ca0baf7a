/** An HTTP/1.1 server for image programs: one handler, keep-alive, and a hook for access logs. */
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { header, MessageReader, type TakePiece } from '../../shell/applets/lib/http.ts';
import { send } from '../../shell/applets/lib/socket.ts';
import type { Connection, Listener, Process, Signal, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import { TlsServerConnection } from '../../shell/wire/tls.ts';
import { serveConnections } from './server.ts';

export interface HttpRequest {
  readonly method: string;
  /** As it was asked for: path and query. */
  readonly target: string;
  /** Decoded, without the query; `/` if it cannot be decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The whole first line. */
  readonly first: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly connection: Connection;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body?: string | Uint8Array | undefined;
  /** Default `text/plain; charset=utf-8`. */
  readonly type?: string | undefined;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** A body that comes as it arises, in place of `body`. */
  readonly stream?: HttpStream | undefined;
}

/** Begins to deliver a body, in chunks; returns what ends it from the reader's side. */
export type HttpStream = (reader: { data(chunk: Uint8Array): void; end(): void }) => () => void;

export interface HttpServerOptions {
  /** Speaks TLS as the simulated network does. */
  readonly tls?: boolean | undefined;
  /** What it shows of itself to TLS clients, DER, its own first. */
  readonly certificates?: readonly Uint8Array[] | undefined;
  /** Default all addresses. */
  readonly address?: string | undefined;
  /** What the `Server` header says; none if absent. */
  readonly server?: string | undefined;
  /** A process of its own serves, as Apache's do. */
  readonly inChild?: boolean | undefined;
  /** After each answer: writes an access log. */
  readonly log?: ((process: Process, request: HttpRequest, answer: HttpAnswer, sentBytes: number) => Syscall<void>) | undefined;
}

export type HttpHandler = (request: HttpRequest, process: Process) => Syscall<HttpAnswer>;

const keepAliveMs = 60_000;
/** Bodies are held whole, in memory of the host. */
const bodyBytesMax = 8 * 1024 ** 2;

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const reasonOf = (status: number) => reasons[status] ?? 'Unknown';

/** Answers in one expression, for handlers that never wait. */
export function plainHandler(answer: (request: HttpRequest, process: Process) => HttpAnswer): HttpHandler {
  // biome-ignore lint/correctness/useYield: handlers may wait, this one does not.
  return function* (request, process) {
    return answer(request, process);
  };
}

/** Serves for ever in a thread, or in a child process. Throws SystemError EADDRINUSE if the port is taken. Returns the child and its listener. */
export function startHttpServer(process: Process, port: number, handler: HttpHandler, options: HttpServerOptions = {}): { pid: number; listener: Listener } {
  const listener = process.system.network.listen(options.address ?? '0.0.0.0', port);
  const pid = process.spawn({
    argv: [...process.argv],
    thread: !options.inChild,
    program: (child) =>
      serveConnections(child, listener, (one, connection) => {
        return serveRequests(one, options.tls ? new TlsServerConnection(connection, options.certificates) : connection, handler, options);
      }),
  });
  return { pid, listener };
}

function* serveRequests(process: Process, connection: Connection, handler: HttpHandler, options: HttpServerOptions): Syscall<void> {
  const reader = new MessageReader(process, connection, keepAliveMs);
  for (;;) {
    let head: HeadText;
    try {
      head = yield* reader.head();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      break;
    }
    if (!head) break;
    const request = yield* readRequest(reader, head, connection);
    const answer = request ? yield* handler(request, process) : { status: 400, body: '400 Bad Request', headers: [['Connection', 'close']] as const };
    if (answer.stream && request?.method !== 'HEAD') {
      yield* sendStream(process, connection, answer, answer.stream, options);
      break;
    }
    const keep = request !== undefined && !/ HTTP\/1\.0$/.test(head.first) && header(head, 'connection')?.toLowerCase() !== 'close';
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? new Uint8Array(0));
    const sent = request?.method === 'HEAD' ? 0 : body.length;
    yield* send(connection, Buffer.concat([Buffer.from(headText(process, answer, body.length, keep, options)), sent > 0 ? body : Buffer.alloc(0)]));
    if (request && options.log) yield* options.log(process, request, answer, sent);
    if (!keep) break;
  }
  connection.end();
}

type HeadText = { readonly first: string; readonly headers: readonly (readonly [string, string])[] } | undefined;

/** A reader that falls so far behind is cut off. */
const unsentBytesMax = 4 * 1024 ** 2;

/** Sends a body chunk by chunk as it arises, until it ends or the client has gone. */
function* sendStream(process: Process, connection: Connection, answer: HttpAnswer, start: HttpStream, options: HttpServerOptions): Syscall<void> {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let ended = false;
  let wakeUp = () => {};
  const stop = start({
    data(chunk) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      wakeUp();
    },
    end() {
      ended = true;
      wakeUp();
    },
  });
  try {
    yield* send(connection, headText(process, answer, undefined, false, options));
    while (waitingBytes <= unsentBytesMax) {
      const chunk = waiting.shift();
      if (chunk) {
        waitingBytes -= chunk.length;
        yield* send(connection, Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
      } else if (ended) {
        return yield* send(connection, '0\r\n\r\n');
      } else if (connection.read() === null) {
        return;
      } else {
        yield (wake) => {
          wakeUp = wake;
          return connection.onReadable(wake);
        };
      }
    }
  } finally {
    stop();
  }
}

/** @param length of the body; undefined if it comes in chunks */
function headText(process: Process, answer: HttpAnswer, length: number | undefined, keep: boolean, options: HttpServerOptions): string {
  const lines = [
    `HTTP/1.1 ${answer.status} ${reasonOf(answer.status)}`,
    ...(options.server ? [`Server: ${options.server}`] : []),
    ...(answer.headers ?? []).map(([name, value]) => `${name}: ${value}`),
    `Date: ${formatDate('%a, %d %b %Y %T GMT', process.system.now())}`,
    length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    ...(length !== 0 || answer.type ? [`Content-Type: ${answer.type ?? 'text/plain; charset=utf-8'}`] : []),
    ...(keep ? [] : ['Connection: close']),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Where the pieces of a body go that is held whole. More than so many bytes throw SystemError EFBIG. */
export function gathered(maxBytes: number): { readonly take: TakePiece; readonly pieces: readonly Uint8Array[] } {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // biome-ignore lint/correctness/useYield: who takes a piece may wait, this one does not.
  const take: TakePiece = function* (piece) {
    length += piece.length;
    if (length > maxBytes) throw new SystemError('EFBIG');
    pieces.push(piece);
  };
  return { take, pieces };
}

function* readRequest(reader: MessageReader, head: NonNullable<HeadText>, connection: Connection): Syscall<HttpRequest | undefined> {
  const match = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(head.first);
  if (!match) return undefined;
  const [method, target] = [match[1] as string, match[2] as string];
  const length = Number(header(head, 'content-length') ?? 0);
  if (!(length >= 0 && length <= bodyBytesMax)) return undefined;
  const chunked = header(head, 'transfer-encoding')?.toLowerCase() === 'chunked';
  const { take, pieces } = gathered(bodyBytesMax);
  if (chunked) yield* reader.chunked(take);
  else yield* reader.body(length, take);
  const body = Buffer.concat(pieces);
  const mark = target.indexOf('?');
  let path = '/';
  try {
    path = decodeURIComponent(mark < 0 ? target : target.slice(0, mark));
  } catch {
    return undefined;
  }
  return {
    method,
    target,
    path,
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    first: head.first,
    headers: head.headers,
    body,
    connection,
  };
}

/** Sleeps until one of the signals arrives; returns it. */
export function* untilSignal(process: Process, signals: readonly Signal[]): Syscall<Signal> {
  let caught: Signal | undefined;
  for (const signal of signals)
    process.onSignal(signal, () => {
      caught ??= signal;
    });
  while (caught === undefined) {
    try {
      yield* process.sleep(Number.POSITIVE_INFINITY);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }
  return caught;
}

/** How a Go program without signal handling ends as PID 1: its runtime exits with 2. */
export function* untilGoEnds(process: Process): Syscall<number> {
  yield* untilSignal(process, ['TERM', 'INT']);
  return 2;
}

/** An address and a port as Go's net package writes them. */
export const hostPort = (address: string, port: number) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

/** `--name=value`, `--name value`, `-name value` of an argument list. */
export function flagValue(args: readonly string[], ...names: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    const match = /^--?([\w.-]+)(?:=(.*))?$/s.exec(arg);
    if (match && names.includes(match[1] as string)) return match[2] ?? args[index + 1];
  }
  return undefined;
}
