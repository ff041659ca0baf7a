/** What the kube-apiserver container serves: the API of the very cluster that it is part of, to clients inside. */
import type { Process, Syscall } from '../../shell/kernel/types.ts';
import type { HttpAnswer, HttpHandler, HttpRequest, HttpStream } from './http-server.ts';

/** The API, as handed to the nodes that run a control plane: `System.service<ApiServerService>('api-server')`. */
export interface ApiServerService {
  /** What it shows of itself to TLS clients, DER, its own first; empty where the cluster has no keys. */
  readonly certificates: readonly Uint8Array[];
  /** Answers as it would outside. Never rejects. */
  answer(request: ApiServerRequest): Promise<ApiServerAnswer>;
}

export interface ApiServerRequest {
  readonly method: string;
  /** Path and query, as asked for. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly remoteAddress: string;
}

export interface ApiServerAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly type?: string | undefined;
  readonly body?: Uint8Array | string | undefined;
  /** A watch or a followed log, in place of `body`. */
  readonly stream?: HttpStream | undefined;
}

/** Hands requests to the cluster's API. */
export function apiHandler(service: ApiServerService): HttpHandler {
  return function* ({ method, target, headers, body, connection }: HttpRequest, process: Process): Syscall<HttpAnswer> {
    return yield* process.await(service.answer({ method, target, headers, body, remoteAddress: connection.remoteAddress }));
  };
}
