import type { Env } from '../env/index.ts';
import type { Connection } from '../shell/kernel/types.ts';
import { messageOf } from './kubelet-error.ts';

export interface HttpRequest {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const maxAnswerBytes = 10 * 1024;

/** `http://10.244.1.7:80/ready` */
export function requestUrl({ scheme, host, port, path }: HttpRequest): string {
  return `${scheme.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}${path.startsWith('/') ? path : `/${path}`}`;
}

/** One GET over a connection that is already there. Rejects in the words of Go's HTTP client. */
export async function httpGet(env: Pick<Env, 'loop'>, connect: () => Promise<Connection>, request: HttpRequest): Promise<HttpAnswer> {
  const url = requestUrl(request);
  if (request.scheme === 'HTTPS') throw new Error('paperkube does not simulate HTTPS probes');
  const target = `${request.host}:${request.port}`;
  let connection: Connection | undefined;
  try {
    return await withTimeout(
      env,
      request.timeoutMs,
      new Error(`Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`),
      async () => {
        try {
          connection = await connect();
        } catch (error) {
          throw new Error(`Get "${url}": dial tcp ${target}: ${dialErrorText(error)}`);
        }
        connection.write(encodeRequest(request));
        return await readAnswer(connection, url);
      },
    );
  } finally {
    connection?.destroy();
  }
}

function encodeRequest({ host, port, path, headers }: HttpRequest): Uint8Array {
  const given = new Map(headers.map(({ name, value }) => [name.toLowerCase(), `${name}: ${value}`]));
  const hostLine = given.get('host') ?? `Host: ${host}:${port}`;
  given.delete('host');
  if (!given.has('user-agent')) given.set('user-agent', 'User-Agent: kube-probe/1.33');
  if (!given.has('accept')) given.set('accept', 'Accept: */*');
  return new TextEncoder().encode(
    `GET ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1\r\n${[hostLine, ...given.values(), 'Connection: close'].join('\r\n')}\r\n\r\n`,
  );
}

/** Reads until the other side closes, or the announced length has come. */
function readAnswer(connection: Connection, url: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const decoder = new TextDecoder('latin1');
    const stop = connection.onReadable(() => pump());
    const finish = (settle: () => void) => {
      stop();
      settle();
    };
    const pump = () => {
      try {
        for (;;) {
          const chunk = connection.read();
          if (chunk === undefined) return;
          if (chunk !== null) text += decoder.decode(chunk);
          const answer = parseAnswer(text, chunk === null);
          if (answer) return finish(() => resolve(answer));
          if (chunk === null) return finish(() => reject(new Error(`Get "${url}": EOF`)));
        }
      } catch (error) {
        finish(() => reject(new Error(`Get "${url}": ${dialErrorText(error)}`)));
      }
    };
    pump();
  });
}

function parseAnswer(text: string, ended: boolean): HttpAnswer | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text);
  if (!status) throw new Error('malformed HTTP response');
  const body = text.slice(head + 4);
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head));
  const complete = ended || body.length >= maxAnswerBytes || (length !== null && body.length >= Number(length[1]));
  return complete ? { status: Number(status[1]), body: body.slice(0, maxAnswerBytes) } : undefined;
}

/** `connect: connection refused`: a system error in Go's words. */
export function dialErrorText(error: unknown): string {
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

/** Rejects with `error` once `ms` have passed; what `work` does later is ignored. */
export async function withTimeout<T>(env: Pick<Env, 'loop'>, ms: number, error: Error, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = env.loop.after(ms, 'probe timeout', () => reject(error));
    work().then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (reason) => {
        timer.cancel();
        reject(reason);
      },
    );
  });
}
