import type { IncomingMessage } from 'node:http';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { requestTimeoutMs, timedOut } from '../src/apiserver/index.ts';
import type { ApiRequest, RequestBody } from '../src/machinery/index.ts';
import { splitTarget, tooLarge } from '../src/machinery/index.ts';
import type { ClientTrustees } from './client-trust.ts';
import { Deadlines } from './deadlines.ts';

/** The largest body that kube-apiserver reads (1.33: --max-request-bytes of etcd and of requests). */
export const maxBodyBytes = 3 * 1024 * 1024;

/** What came over the wire, as the API server takes it. */
export class WireRequest implements ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly target: string | undefined;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly clientCertificate: ApiRequest['clientCertificate'];

  /** `abortSignal` is called only if the handler asks for the signal. */
  constructor(
    private readonly message: IncomingMessage,
    readonly body: RequestBody | undefined,
    private readonly abortSignal: () => AbortSignal,
  ) {
    const { path, query } = splitTarget(message.url ?? '/');
    this.method = message.method ?? 'GET';
    this.path = path;
    this.query = query;
    this.target = message.url;
    this.headers = message.headers as Readonly<Record<string, string | undefined>>;
    this.clientCertificate = clientCertificateOf(message);
  }

  get remoteAddress(): string | undefined {
    return this.message.socket.remoteAddress;
  }

  get signal(): AbortSignal {
    return this.abortSignal();
  }

  headerLines(name: string): readonly string[] {
    return this.message.headersDistinct[name] ?? [];
  }
}

/** The part of a subject that holds a user's uid. */
const uidType = '1.3.6.1.4.1.57683.2';

type Subject = NonNullable<ApiRequest['clientCertificate']>;
const subjects = new WeakMap<object, Subject | null>();

/** The subject of a certificate, and whether TLS has verified it against the client CA; looked at once per connection. */
function clientCertificateOf({ socket }: IncomingMessage): Subject | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  let subject = subjects.get(socket);
  if (subject === undefined) {
    subject = subjectOf(socket.getPeerCertificate());
    if (subject) subject = { ...subject, ...standingOf(socket) };
    subjects.set(socket, subject);
  }
  return subject ?? undefined;
}

const trusteesOf = new WeakMap<object, ClientTrustees>();

/** From now on, the clients of this connection may be front proxies too. */
export function judgeBy(trustees: ClientTrustees, socket: TLSSocket): void {
  trusteesOf.set(socket, trustees);
}

function standingOf(socket: TLSSocket): Pick<Subject, 'untrusted' | 'isFrontProxy'> {
  if (!socket.authorized) return { untrusted: true };
  const standing = trusteesOf.get(socket)?.standingOf(socket.getPeerCertificate(true));
  return standing ? { untrusted: !standing.isUser, isFrontProxy: standing.isFrontProxy } : {};
}

function subjectOf(certificate: PeerCertificate): Subject | null {
  if (!certificate?.subject) return null;
  const { CN, O, [uidType]: uid } = certificate.subject as Readonly<Record<string, string | string[] | undefined>>;
  return {
    commonName: [CN ?? ''].flat().at(-1) ?? '', // Of several, Go's parser keeps the last one.
    organizations: O === undefined ? [] : [O].flat(),
    ...(uid === undefined ? {} : { uids: [uid].flat() }),
    validUntilMs: Date.parse(certificate.valid_to),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

const deadlines = new Deadlines();

/**
 * Reads a body to its end; there is none where methods have none. Rejects with the Status of 413 as soon as it is too large (what follows is not kept), and with that of 504
 * when it has not come whole within `timeoutMs` of real time: a client that trickles holds nothing for longer than a request may take.
 */
export function readBody(message: IncomingMessage, timeoutMs = requestTimeoutMs): Promise<RequestBody | undefined> | undefined {
  const { method } = message;
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > maxBodyBytes) return Promise.reject(tooLarge(`limit is ${maxBodyBytes}`));
  return new Promise((resolve, reject) => {
    const arrived = deadlines.add(timeoutMs, () => reject(timedOut()));
    message.on('close', arrived);
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) {
        chunks.length = 0;
        reject(tooLarge(`limit is ${maxBodyBytes}`));
      } else {
        chunks.push(chunk);
      }
    });
    message.on('error', reject);
    message.on('end', () => {
      const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      const contentType = message.headers['content-type'];
      // A body that is declared and empty is a broken one of its kind.
      if (bytes.length === 0 && contentType === undefined) resolve(undefined);
      else resolve({ kind: 'bytes', bytes, contentType: contentType ?? '' });
    });
  });
}
