import type { PluginChoice } from '../../src/admission/plugins/choice.ts';
import type { AuthorizationMode, RequestHeaders, RequestLimits } from '../../src/apiserver/index.ts';
import type { ComponentName } from '../../src/cluster/components.ts';
import type { ClockMode, LogLevel } from '../../src/env/index.ts';
import type { FeatureGates } from '../../src/registry/feature-gates.ts';
import type { KubeconfigOptions } from '../kubeconfig.ts';
import type { ConfiguredImage } from './config-images.ts';
import type { NodePlan } from './nodes.ts';

/** Everything a start needs to know, after flags, environment and configuration file were put together. */
export interface StartOptions {
  /** The cluster's name; context, cluster and user are `paperkube-NAME`. */
  readonly name: string;
  readonly host: string;
  /** Absent: 6443 or the next free one (see `listenOn`). 0: any free one. */
  readonly port: number | undefined;
  /** Plain HTTP instead of HTTPS. */
  readonly http: boolean;
  readonly clock: ClockMode;
  /** Simulated time to begin with, ms since the epoch; the machine's own time if absent. */
  readonly clockStart: number | undefined;
  readonly seed: number;
  readonly nodes: readonly NodePlan[];
  /** What runs; all if absent. */
  readonly components?: readonly ComponentName[];
  readonly admission?: PluginChoice;
  readonly featureGates?: FeatureGates;
  /** Images of the user's, besides the built-in ones. */
  readonly images?: readonly ConfiguredImage[];
  /** Port of the DNS server for tools outside; 0 any free one, absent: none. */
  readonly dnsPort: number | undefined;
  readonly logLevel: LogLevel | 'silent';
  /** Upstream's numbers if absent. */
  readonly requestLimits?: RequestLimits;
  /** As if no flag was given, if absent. */
  readonly access?: AccessOptions;
}

/** Who may come in, who may do what, and what is written down of it: kube-apiserver's flags of the same names. */
export interface AccessOptions {
  readonly authorizationModes?: readonly AuthorizationMode[] | undefined;
  readonly tokenAuthFile?: string | undefined;
  /** A file of authorities whose client certificates are good, besides the cluster's own. */
  readonly clientCa?: string | undefined;
  readonly requestHeaders?: { readonly clientCaFile: string; readonly headers: RequestHeaders } | undefined;
  readonly anonymousAuth?: boolean | undefined;
  /** `-` is standard output. */
  readonly auditLogPath?: string | undefined;
  readonly auditPolicyFile?: string | undefined;
}

/** A cluster that serves. Implemented by server/start-server.ts. */
export interface RunningServer {
  readonly name: string;
  /** URL of the Kubernetes API: `https://127.0.0.1:6443`. */
  readonly server: string;
  readonly port: number;
  /** What the kubeconfig is made of, for merging. */
  readonly kubeconfig: KubeconfigOptions;
  /** The same as a file's text. */
  readonly kubeconfigText: string;
  /** `https://127.0.0.1:6443/_paperkube/v1` */
  readonly controlUrl: string;
  readonly controlToken: string;
  readonly dnsPort: number | undefined;
  /** Real milliseconds from the start of the process until it was ready. */
  readonly readyMs: number;
  readonly nodes: readonly string[];
  readonly version: string;
  readonly kubernetesVersion: string;
  /** What the user should know, such as a port that was taken. */
  readonly warnings: readonly string[];
  /** Resolves when somebody asked by way of the control API that the process should end. */
  readonly shutdownRequested: Promise<void>;
  stop(): Promise<void>;
}

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The world of the commands, so that a test can put its own in place. */
export interface CliDeps {
  startServer(options: StartOptions): Promise<RunningServer>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly version: string;
  readonly kubernetesVersion: string;
  /** Calls back at each signal; returns how to call it off. */
  onSignal(callback: (signal: StopSignal) => void): () => void;
  /** Calls back when the process ends, however it ends; returns how to call it off. */
  onExit(callback: () => void): () => void;
  /** Ends the process at once: a second signal does not wait. */
  exit(code: number): void;
}
