import type { Env } from '../env/index.ts';
import type { Connection } from '../shell/kernel/types.ts';
import { TlsClientConnection } from '../shell/wire/tls.ts';
import { messageOf } from './kubelet-error.ts';

interface HttpAddress {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  /** With its query, if any. */
  readonly path: string;
}

export interface HttpRequest extends HttpAddress {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** For all of it, redirects too. */
  readonly timeoutMs: number;
  /** `kube-probe/1.33`, unless the headers name another. */
  readonly userAgent: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** At most 10 KiB. */
  readonly body: string;
  /** Where a redirect leads. */
  readonly location: string | undefined;
}

export type Dial = (host: string, port: number) => Promise<Connection>;

const maxAnswerBytes = 10 * 1024;
/** What Go's client reads of an answer's head at most. */
const maxHeadBytes = 10 * 1024 ** 2;
const maxRedirects = 10;
const redirects = [301, 302, 303, 307, 308];

/** `http://10.244.1.7:80/ready` */
function requestUrl({ scheme, host, port, path }: HttpAddress): string {
  return `${scheme.toLowerCase()}://${joinHostPort(host, port)}${path.startsWith('/') ? path : `/${path}`}`;
}

/** As Go's net.JoinHostPort. */
export function joinHostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * One GET as the kubelet's probes and hooks send it: follows redirects that stay on the same host, ten at most, and shows the
 * answer that leads elsewhere as it is (pkg/probe/http RedirectChecker). Certificates are not verified. Rejects in the words of Go's
 * HTTP client.
 */
export async function httpGet(env: Pick<Env, 'loop'>, dial: Dial, request: HttpRequest): Promise<HttpAnswer> {
  let current: HttpAddress = request;
  const follow = async (own: Dial): Promise<HttpAnswer> => {
    for (let followed = 0; ; ) {
      const connection = await connect(own, current);
      connection.write(encodeRequest({ ...request, ...current }));
      const answer = await readAnswer(connection, requestUrl(current));
      connection.destroy();
      const next = redirects.includes(answer.status) && answer.location !== undefined ? target(answer.location, current) : undefined;
      if (!next || next.host !== request.host) return answer;
      followed += 1;
      if (followed >= maxRedirects) throw new Error(`Get "${answer.location}": stopped after ${maxRedirects} redirects`);
      current = next;
    }
  };
  const late = () => new Error(`Get "${requestUrl(current)}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`);
  return await withConnections(env, request.timeoutMs, late, dial, follow);
}

async function connect(dial: Dial, to: HttpAddress): Promise<Connection> {
  try {
    const connection = await dial(to.host, to.port);
    return to.scheme === 'HTTPS' ? new TlsClientConnection(connection) : connection;
  } catch (error) {
    throw new Error(`Get "${requestUrl(to)}": ${dialFailure(to.host, to.port, error)}`);
  }
}

/** Where a Location leads; undefined if it is no such address. */
function target(location: string, from: HttpAddress): HttpAddress | undefined {
  if (!URL.canParse(location, requestUrl(from))) return undefined;
  const { protocol, hostname, port, pathname, search } = new URL(location, requestUrl(from));
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  const secure = protocol === 'https:';
  return { scheme: secure ? 'HTTPS' : 'HTTP', host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (secure ? 443 : 80)), path: pathname + search };
}

/** Headers as Go writes them: those of one name all, an empty Accept not at all (pkg/probe/http newProbeRequest). */
function encodeRequest({ host, port, path, headers, userAgent }: HttpRequest): Uint8Array {
  const named = (name: string) => headers.filter((one) => one.name.toLowerCase() === name);
  const lines = [`GET ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1`, `Host: ${named('host')[0]?.value || joinHostPort(host, port)}`];
  if (named('user-agent').length === 0) lines.push(`User-Agent: ${userAgent}`);
  if (named('accept').length === 0) lines.push('Accept: */*');
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (lower !== 'host' && !(lower === 'accept' && value === '')) lines.push(`${name}: ${value}`);
  }
  return new TextEncoder().encode(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
}

/** Reads until the other side closes, or the announced length has come. */
function readAnswer(connection: Connection, url: string): Promise<HttpAnswer> {
  let text = '';
  const decoder = new TextDecoder('latin1');
  return readUntil(
    connection,
    (chunk) => {
      if (chunk !== null) text += decoder.decode(chunk);
      return parseAnswer(text, chunk === null);
    },
    (error) => new Error(`Get "${url}": ${error === undefined ? 'EOF' : dialErrorText(error)}`),
  );
}

/**
 * Reads until `take` returns something. It gets null with the end; `failed` makes the error of an end that came too early
 * (undefined), or of whatever was thrown.
 */
export function readUntil<T>(connection: Connection, take: (chunk: Uint8Array | null) => T | undefined, failed: (error: unknown) => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      stop();
      settle();
    };
    const pump = () => {
      try {
        for (;;) {
          const chunk = connection.read();
          if (chunk === undefined) return;
          const taken = take(chunk);
          if (taken !== undefined) return finish(() => resolve(taken));
          if (chunk === null) return finish(() => reject(failed(undefined)));
        }
      } catch (error) {
        finish(() => reject(failed(error)));
      }
    };
    const stop = connection.onReadable(pump);
    pump();
  });
}

function parseAnswer(text: string, ended: boolean): HttpAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 && text.length > maxHeadBytes) throw new Error(`net/http: server response headers exceeded ${maxHeadBytes} bytes; aborted`);
  if (end < 0) return undefined;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text);
  if (!status) throw new Error('malformed HTTP response');
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  const complete = ended || body.length >= maxAnswerBytes || (length !== null && body.length >= Number(length[1]));
  const location = /\r\nlocation: *([^\r]*)/i.exec(head)?.[1];
  return complete ? { status: Number(status[1]), body: body.slice(0, maxAnswerBytes), location } : undefined;
}

/** A name that nobody knows. */
export class LookupError extends Error {
  constructor(name: string, server: string | undefined) {
    super(`lookup ${name}${server ? ` on ${server}:53` : ''}: no such host`);
    this.name = 'LookupError';
  }
}

/** Why a connection was not made, as Go's net.Dial says it. */
export function dialFailure(host: string, port: number, error: unknown): string {
  return error instanceof LookupError ? `dial tcp: ${error.message}` : `dial tcp ${joinHostPort(host, port)}: ${dialErrorText(error)}`;
}

/** `connect: connection refused`: a system error in Go's words. */
function dialErrorText(error: unknown): string {
  const code = (error as { code?: unknown })?.code;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connect: connection refused';
    case 'ETIMEDOUT':
      return 'i/o timeout';
    case 'EHOSTUNREACH':
      return 'connect: no route to host';
    case 'ENETUNREACH':
      return 'connect: network is unreachable';
    case 'ECONNRESET':
      return 'read: connection reset by peer';
    default:
      return messageOf(error);
  }
}

/**
 * Does what takes connections, within `ms`. All that it has dialled is closed at the end, also what only connects after it.
 * Rejects with `late()` when the time is over; what `work` does from then on is ignored.
 */
export async function withConnections<T>(env: Pick<Env, 'loop'>, ms: number, late: () => Error, dial: Dial, work: (dial: Dial) => Promise<T>): Promise<T> {
  const open = new Set<Connection>();
  let over = false;
  const own: Dial = async (host, port) => {
    if (over) throw late();
    const connection = await dial(host, port);
    if (over) connection.destroy();
    else open.add(connection);
    return connection;
  };
  try {
    return await new Promise<T>((resolve, reject) => {
      const timer = env.loop.after(ms, 'probe timeout', () => reject(late()));
      work(own)
        .finally(() => timer.cancel())
        .then(resolve, reject);
    });
  } finally {
    over = true;
    for (const connection of open) connection.destroy();
  }
}
