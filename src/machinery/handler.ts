/**
 * The seam between the API server and whoever asks: bytes from a socket, or a component in this process.
 * No socket and no serialisation in here, so that a component's call costs little more than a function call.
 */

import type { ByteConnection, ContainerSession } from './node-api.ts';
import type { Status } from './status-error.ts';

/** Who asks (authentication.k8s.io/v1 UserInfo). */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What TLS knows of the certificate that a client has shown. */
export interface ClientCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Until when it holds, in ms since the epoch. */
  readonly validUntilMs?: number;
  /** Of the whole certificate, in lower case hexadecimal. */
  readonly sha256?: string;
  /** What the subject says of the user's uid (1.3.6.1.4.1.57683.2), once for each time it does. */
  readonly uids?: readonly string[];
  /** No authority of clients has signed it, or its time is over, or it is for something else. */
  readonly untrusted?: boolean;
  /** An authority of front proxies has signed it: its owner may say for whom it asks. */
  readonly isFrontProxy?: boolean;
}

export interface ApiRequest {
  /** Upper case. */
  readonly method: string;
  /** Without query; still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Both as they stand in the request line; absent if there was none. */
  readonly target?: string | undefined;
  /** Names in lower case; values of repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Each value of a header that may come several times, where the request came over a wire (see `headerValues`). */
  readonly headerLines?: ((name: string) => readonly string[]) | undefined;
  /** Absent: not authenticated yet; the API server's authenticators look at headers and `clientCertificate`. */
  readonly user?: UserInfo | undefined;
  /** The verified client certificate's subject, where TLS has one; `untrusted` if there is one that could not be verified. */
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly body?: RequestBody | undefined;
  /** Aborted when the client has gone. */
  readonly signal?: AbortSignal | undefined;
  readonly remoteAddress?: string | undefined;
}

/**
 * Every value of a header that may come several times, in order. A request that came over no wire has them joined by `, `.
 * @param name in lower case
 */
export function headerValues(request: Pick<ApiRequest, 'headers' | 'headerLines'>, name: string): readonly string[] {
  if (request.headerLines) return request.headerLines(name);
  return request.headers[name]?.split(', ') ?? [];
}

/** A body as bytes off the wire, or as an object from inside the process (which the API server may keep and freeze). */
export type RequestBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly contentType: string }
  | { readonly kind: 'object'; readonly object: unknown; readonly contentType?: string };

export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. Content-Type follows from the body. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: ResponseBody;
  /** Told how many bytes the body had on the wire, for answers that are sent whole. */
  readonly sent?: ((bytes: number) => void) | undefined;
}

export type ResponseBody =
  | { readonly kind: 'none' }
  | ObjectBody
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array | string }
  | WatchBody
  | StreamBody
  | UpgradeBody;

/**
 * One API object, list or Status. Callers inside take `object()`, the wire takes `json()`, which is in the media type of the body
 * whatever its name says; each is made only if asked for.
 */
export interface ObjectBody {
  readonly kind: 'object';
  object(): unknown;
  json(): string | Uint8Array;
  /** The bytes of `json()` piece by piece: what may be large has it, so that it need not be in memory as a whole. */
  pieces?(): BytePieces;
  /** `application/json` unless said otherwise. */
  readonly contentType?: string;
}

/** Bytes in order; each iteration gives the same ones. */
export interface BytePieces extends Iterable<Uint8Array> {
  /** Of all pieces together. */
  readonly byteLength: number;
}

/** A watch: nothing flows before `start`. */
export interface WatchBody {
  readonly kind: 'watch';
  readonly contentType: string;
  /** Returns the function that ends the watch from the reader's side. */
  start(reader: WatchReader): () => void;
}

export interface WatchReader {
  event(event: ServedEvent): void;
  /** The server has ended the watch (timeout, compaction, shutdown); nothing follows. */
  end(): void;
}

export interface ServedEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object(): unknown;
  /**
   * `{"type":…,"object":…}` and a newline; or, of a body that is protobuf, four bytes of length and a WatchEvent. Encoded once and
   * shared by all readers of the same form.
   */
  frame(): Uint8Array;
}

/** Bytes that come as they arise: a followed log. */
export interface StreamBody {
  readonly kind: 'stream';
  readonly contentType: string;
  /** Returns the function that ends it from the reader's side. */
  start(reader: StreamReader): () => void;
}

export interface StreamReader {
  /** Chunks in order. */
  data(chunk: Uint8Array): void;
  end(error?: Error): void;
  /** True while the reader does not keep up; those who can wait then should, until `onRoom` calls back once. */
  full?(): boolean;
  onRoom?(callback: () => void): void;
}

/** A conversation over another protocol than HTTP, for a request that asked to be upgraded. Nothing happens before it is begun. */
export interface UpgradeBody {
  readonly kind: 'upgrade';
  readonly upgrade: RemoteCommandUpgrade | PortForwardUpgrade;
}

/** The streams of a process, and a Status at its end: exec and attach. */
export interface RemoteCommandUpgrade {
  readonly type: 'remote-command';
  /** Which streams the client asked for. */
  readonly streams: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean; readonly tty: boolean };
  /** Rejects with StatusError: then that is the Status. */
  start(): Promise<RemoteCommand>;
}

export interface RemoteCommand {
  readonly session: ContainerSession;
  /** Success, or how the command failed; after all output. Never rejects. */
  readonly ended: Promise<Status>;
}

/** Connections to the ports of a pod. */
export interface PortForwardUpgrade {
  readonly type: 'port-forward';
  /** What the query names; only clients over WebSocket channels do. */
  readonly ports: readonly number[];
  /** Rejects with an Error whose message is for the client. */
  connect(port: number): Promise<ByteConnection>;
}

/** What answers API requests. Never rejects: failures are Status answers. */
export type Handler = (request: ApiRequest) => Promise<ApiResponse>;
