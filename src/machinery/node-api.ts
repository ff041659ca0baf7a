import type { ResponseBody, StreamReader } from './handler.ts';

/** Query of GET pods/NAME/log (core/v1 PodLogOptions), after validation and defaulting. */
export interface PodLogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceSeconds?: number | undefined;
  /** RFC 3339. */
  readonly sinceTime?: string | undefined;
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
}

/** A pod as the API server names it to a kubelet. */
export interface PodKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A command to run in a container. */
export interface ExecRequest {
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** The streams of a container's own process. */
export type AttachRequest = Omit<ExecRequest, 'command'>;

/** Live streams of a process in a container. */
export interface ContainerSession {
  /** Takes all of it. False once the buffer is full: wait for `onStdinDrain`. */
  writeStdin(data: Uint8Array): boolean;
  /** Calls back once there is room again. Returns how to call it off. */
  onStdinDrain(callback: () => void): () => void;
  endStdin(): void;
  resize(columns: number, rows: number): void;
  /** `stderr` is never used with a tty. The listener returns false to pause until `resumeOutput`. */
  onOutput(listener: (stream: 'stdout' | 'stderr', data: Uint8Array) => boolean): void;
  resumeOutput(): void;
  /** With the process's end, after all output. */
  readonly exited: Promise<{ readonly exitCode: number }>;
  /** The client has gone. The process goes on, unless it minds the end of its input or, on a terminal of its own, the hang-up. */
  detach(): void;
}

/** A byte stream to a port of a pod; see `Connection` of the simulated kernel, which is one. */
export interface ByteConnection {
  /** Takes all of it; false once the buffer is full: wait for `onDrain`. Throws after a reset. */
  write(data: Uint8Array): boolean;
  /** No more bytes from this side. */
  end(): void;
  /** Ends both directions at once. */
  destroy(): void;
  /** Bytes that have arrived, undefined if none yet, null at the end. Throws once after a reset. */
  read(max?: number): Uint8Array | undefined | null;
  onReadable(callback: () => void): () => void;
  onDrain(callback: () => void): () => void;
}

/** A request to the kubelet's own HTTPS server, as the API server's proxy hands it on: `/stats/summary`. */
export interface KubeletRequest {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface KubeletAnswer {
  readonly status: number;
  readonly body: ResponseBody;
}

/**
 * What the API server asks of a node's kubelet (upstream: the kubelet's own HTTPS server). Rejects with StatusError; its code and
 * message are those of the kubelet's plain text answer.
 */
export interface NodeApi {
  /**
   * The log of one container. Resolves with a function that starts the flow, once the kubelet has found the container;
   * that function returns how to end it from the reader's side.
   */
  containerLogs(
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    options: PodLogOptions,
  ): Promise<(reader: StreamReader) => () => void>;
  /** Finds the container. The function starts the command, once the client's streams are there; it rejects with a 500 StatusError. */
  exec(pod: PodKey, request: ExecRequest): Promise<() => Promise<ContainerSession>>;
  /** As `exec`, for the process that runs already. */
  attach(pod: PodKey, request: AttachRequest): Promise<() => Promise<ContainerSession>>;
  /** Finds the pod. The function connects to one of its ports; it rejects with an Error in the runtime's words. */
  portForward(pod: PodKey): Promise<(port: number) => Promise<ByteConnection>>;
  /** Answers what is asked of its server by path. Rejects with a 501 StatusError for what is not simulated; other failures are answers. */
  serve(request: KubeletRequest): Promise<KubeletAnswer>;
}

/** Why a node's kubelet does not answer: it does not run, or its machine is down or unknown. In the words of the network. */
export type DialFailure = 'connection refused' | 'no route to host';

/** Finds a node's kubelet. */
export type NodeDialer = (nodeName: string) => NodeApi | DialFailure;
