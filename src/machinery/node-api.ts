import type { StreamReader } from './handler.ts';

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

/** What the API server asks of a node's kubelet (upstream: the kubelet's own HTTPS server). Rejects with StatusError. */
export interface NodeApi {
  /**
   * The log of one container. Resolves with a function that starts the flow, once the kubelet has found the container;
   * that function returns how to end it from the reader's side.
   */
  containerLogs(
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    options: PodLogOptions,
  ): Promise<(reader: StreamReader) => () => void>;
}

/** Finds a node's kubelet; undefined while the node cannot be reached. */
export type NodeDialer = (nodeName: string) => NodeApi | undefined;
