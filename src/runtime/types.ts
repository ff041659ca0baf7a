/**
 * The container runtime of one node, shaped as upstream's CRI (k8s.io/cri-api): sandboxes, images, containers, logs, exec.
 * The kubelet knows nothing else of containers, so a runtime over real processes could take this one's place.
 */
import type { OutOfMemoryVictim } from '../shell/kernel/memory.ts';
import type { Connection, NetworkStack } from '../shell/kernel/types.ts';

export interface Runtime {
  readonly name: string;
  readonly version: string;

  // Images
  /** Pulls as a real node does: time passes by size and rate; one pull at a time unless the kubelet asks for more. Rejects with PullError. */
  pullImage(reference: string, credentials?: readonly RegistryCredential[]): Promise<ImageRecord>;
  /** The image if this node has it. */
  imageStatus(reference: string): ImageRecord | undefined;
  listImages(): readonly ImageRecord[];
  removeImage(id: string): void;

  // Sandboxes (one per pod: the pause container)
  /** Rejects if there is no address left, or no such runtime handler. */
  runPodSandbox(config: SandboxConfig): Promise<string>;
  /** Kills what runs in it and gives its address back. Safe to call twice. */
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  sandboxStatus(id: string): SandboxStatus | undefined;
  listPodSandboxes(): readonly SandboxStatus[];

  // Containers
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  /** Rejects with StartError (command not found: exit code 127 or 128 as containerd words it). */
  startContainer(id: string): Promise<void>;
  /** TERM (or the image's stop signal), then KILL after `graceMs` of simulated time. Resolves when it has ended. */
  stopContainer(id: string, graceMs: number): Promise<void>;
  /** Sets other limits for a running container (CRI UpdateContainerResources). Throws ExecError if it does not run. */
  updateContainerResources(id: string, resources: ContainerResources): void;
  removeContainer(id: string): Promise<void>;
  containerStatus(id: string): ContainerStatus | undefined;
  listContainers(): readonly ContainerStatus[];
  /** What a container holds of its node; undefined if there is no such container. */
  containerStats(id: string): ContainerStats | undefined;
  /** What a pod has used since its sandbox was made, containers that have gone since included; undefined if there is no such sandbox. */
  podSandboxStats(id: string): PodSandboxStats | undefined;
  /** What everything on the node has used together. */
  nodeStats(): NodeStats;
  /** The container's log as the kubelet stores it (rotated at 10 MiB). Kept until the container is removed. */
  containerLog(id: string): ContainerLog | undefined;

  // Streams
  /** Runs a command to its end: probes and hooks. Rejects with ExecError when it cannot be started; `timeoutMs` ends it with `timedOut`. */
  execSync(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  /** Starts a command with live streams: kubectl exec. */
  exec(id: string, options: ExecOptions): Promise<ExecSession>;
  /** The streams of the container's own process: kubectl attach. */
  attach(id: string, options: { readonly stdin: boolean; readonly tty: boolean }): ExecSession;
  /** Connects to a port inside the pod's network: port-forward. Rejects with SystemError. */
  dial(sandboxId: string, port: number): Promise<Connection>;
  /** The node's own network, where probes and hooks come from. */
  readonly host: NetworkStack;

  /** Tells of sandboxes and containers that changed state. Runs on the Loop. */
  onEvent(listener: (event: RuntimeEvent) => void): () => void;
  /** Tells of each process that was killed because the whole node was out of memory. Returns how to call it off. */
  onSystemOutOfMemory(listener: (victim: OutOfMemoryVictim) => void): () => void;
  /** The machine goes down: everything in it ends without grace, and nobody sees how. Containers may be started again afterwards. */
  shutdown(): void;
}

export interface RegistryCredential {
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

export interface ImageRecord {
  /** `sha256:…`, 64 hexadecimal digits: what status.containerStatuses[].imageID ends in. */
  readonly id: string;
  /** `docker.io/library/busybox:latest` */
  readonly repoTags: readonly string[];
  /** `docker.io/library/busybox@sha256:…` */
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** The runtime needs it itself: it is never removed to gain room. */
  readonly pinned?: boolean;
  /** What the container runs if the pod names no command; used for USER checks too. */
  readonly config: ImageConfig;
}

export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** `uid` or `uid:gid`; root if absent. */
  readonly user?: string;
  readonly exposedPorts?: readonly number[];
  readonly stopSignal?: string;
}

/** Why a pull failed, in containerd's words; the kubelet adds its own in front. */
export class PullError extends Error {
  constructor(
    readonly kind: 'not-found' | 'unauthorized' | 'invalid-reference' | 'unavailable',
    message: string,
  ) {
    super(message);
    this.name = 'PullError';
  }
}

/** A container that could not be created or started, in the runtime's words. `exitCode` as the kubelet reports it (127, 128). */
export class StartError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'StartError';
  }
}

/** A mount's subPath could not be used: a link on it leads out of the volume, or `missing`, nowhere. */
export class SubPathError extends Error {
  constructor(
    /** Which of the container's mounts. */
    readonly mount: number,
    readonly missing: boolean,
  ) {
    super(missing ? 'failed to create subPath directory' : 'failed to prepare subPath');
    this.name = 'SubPathError';
  }
}

/** A command that could not be started in a running container, in the runtime's words. */
export class ExecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExecError';
  }
}

export interface SandboxConfig {
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  readonly attempt: number;
  readonly hostname: string;
  /** Kernel parameters of the pod's containers, by dotted name. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Whether the containers see each other's processes, with the pause container's as the first. */
  readonly sharedProcesses?: boolean;
  /** Whether its users are others than the node's (hostUsers: false). */
  readonly ownUsers?: boolean;
  /** The pod's own names in /etc/hosts; the hostname if absent. */
  readonly hostsNames?: readonly string[];
  readonly hostNetwork: boolean;
  readonly dns: { readonly servers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] };
  /** Lines of /etc/hosts after the defaults (hostAliases). */
  readonly hosts?: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Whose control group it is in: pods that ask for nothing share what the others leave. */
  readonly qosClass?: 'Guaranteed' | 'Burstable' | 'BestEffort';
  /** Of a RuntimeClass; the runtime's own if absent or empty. */
  readonly runtimeHandler?: string;
  /** Ports of the node that lead to the pod's. */
  readonly portMappings?: readonly PortMapping[];
}

export interface PortMapping {
  /** `0.0.0.0` for all addresses of the node. */
  readonly ip: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly containerPort: number;
}

export interface SandboxStatus {
  readonly id: string;
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  readonly attempt: number;
  readonly state: 'ready' | 'notready';
  /** Empty with hostNetwork. */
  readonly ips: readonly string[];
  readonly createdAt: number;
}

/** What a container may use at most, as much as there is where nothing is said, and what it asks for. */
export interface ContainerResources {
  /** Its weight where processors are scarce. */
  readonly cpuRequestMilli?: number | undefined;
  readonly cpuLimitMilli?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
}

export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  /** An image that the node has. */
  readonly imageId: string;
  /** As the pod names it, for status. */
  readonly imageReference: string;
  /** Replace the image's entrypoint and command, after `$(VAR)` expansion. */
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly workingDir?: string | undefined;
  readonly mounts: readonly Mount[];
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly user?: ContainerUserConfig | undefined;
  readonly readOnlyRootFilesystem: boolean;
  /** The usual one if absent. */
  readonly security?: SecurityConfig | undefined;
  readonly resources: ContainerResources;
  /** -1000 to 1000: how much sooner than others it is killed when the node is out of memory; 0 if absent. */
  readonly oomScoreAdj?: number | undefined;
  readonly terminationMessagePath: string;
  /** A container that failed without a message has the end of its log as one. */
  readonly terminationMessageFromLog?: boolean | undefined;
  /** Joins the process table of this container's (ephemeral containers with a target). */
  readonly targetContainerId?: string | undefined;
}

/** Whom the pod wants a container to run as; what it leaves open is the image's to say. */
export interface ContainerUserConfig {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly groups?: readonly number[] | undefined;
  /** Strict: the groups that the image's /etc/group lists the user in do not count. Merge if absent. */
  readonly groupsPolicy?: 'Merge' | 'Strict' | undefined;
}

/** Whom a container runs as. */
export interface ContainerIdentity {
  readonly uid: number;
  readonly gid: number;
  /** Ascending, its own among them. */
  readonly groups: readonly number[];
}

export interface SecurityConfig {
  readonly privileged: boolean;
  /** Names without CAP_, or `ALL`. */
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: boolean;
  /** A file of the node with a filter of system calls. */
  readonly seccompFile?: string | undefined;
  /** The runtime's own profile if absent, that of the name or none. */
  readonly appArmor?: { readonly profile: string } | 'unconfined' | undefined;
}

interface MountPlace {
  readonly containerPath: string;
  readonly subPath?: string | undefined;
  readonly readOnly: boolean;
}

/** A volume in a container's file system. */
export interface VolumeMount extends MountPlace {
  readonly volume: VolumeHandle;
}

/** The files of an image that the node has, always read-only; the subPath is a directory of it. */
export interface ImageMount extends MountPlace {
  readonly imageId: string;
  readonly readOnly: true;
}

export type Mount = VolumeMount | ImageMount;

/** A volume's files: made by `Volumes`, mounted into any number of containers of a node. Opaque to the kubelet. */
export interface VolumeHandle {
  readonly type: 'tmpfs' | 'host';
}

/** Files that the kubelet lays into a volume (config maps, secrets, tokens). */
export interface VolumeFile {
  /** Relative path inside the volume. */
  readonly path: string;
  readonly data: Uint8Array | string;
  readonly mode: number;
  /** Default 0. */
  readonly uid?: number | undefined;
}

export interface EmptyVolumeOptions {
  readonly sizeLimitBytes?: number;
  readonly mode?: number;
  readonly gid?: number | undefined;
  readonly inMemory?: boolean;
  readonly onDisk?: boolean;
}

/** Makes volumes of a node. */
export interface Volumes {
  /** An empty directory; with `sizeLimitBytes`, writes beyond fail with ENOSPC (256 MiB if absent, 1 GiB at most); with `inMemory` its files count as memory of the containers that mount it; with `onDisk` it is shown as one of the node's disk. */
  createTmpfs(options?: EmptyVolumeOptions): VolumeHandle;
  /** The pod has gone, and with it what `createTmpfs` made for it. */
  remove(volume: VolumeHandle): void;
  /** Replaces all files at once (upstream's atomic writer: `..data` and its links). */
  writeFiles(volume: VolumeHandle, files: readonly VolumeFile[], options?: { readonly gid?: number }): void;
  /** A path of the node's simulated host; `type` as hostPath's. Throws an Error with the mount's message. */
  hostPath(path: string, type: string): VolumeHandle;
  /** The files of a directory of the host, by name; undefined if there is no such directory. */
  hostFiles(path: string): readonly { readonly name: string; readonly data: Uint8Array }[] | undefined;
  /** Bytes held. */
  usedBytes(volume: VolumeHandle): number;
}

export interface ContainerStatus {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited';
  readonly imageId: string;
  readonly imageReference: string;
  /** Images besides its own whose files it mounts; none if absent. */
  readonly mountedImageIds?: readonly string[] | undefined;
  /** Absent where the runtime does not say. */
  readonly user?: ContainerIdentity | undefined;
  /** Simulated ms since the epoch; absent before. */
  readonly createdAt: number;
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
  readonly exitCode?: number | undefined;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`. */
  readonly reason?: string | undefined;
  /** What the process left at the termination message path, or StartError's text. */
  readonly message?: string | undefined;
}

/** As far as they are modelled (docs/resources.md). */
export interface ProcessorAndMemory {
  /** Processor time used so far, in ms. */
  readonly cpuMs: number;
  /** 0 for what does not run. */
  readonly memoryBytes: number;
  /** Of these, what files in memory take. */
  readonly sharedBytes: number;
}

export interface PodSandboxStats extends ProcessorAndMemory {
  /** Those that run, the pause process among them. */
  readonly processes: number;
}

export interface NodeStats extends PodSandboxStats {
  readonly processors: number;
  readonly memoryCapacityBytes: number;
  /** Simulated ms since the epoch. */
  readonly bootedAt: number;
}

export interface ContainerStats extends ProcessorAndMemory {
  readonly memoryLimitBytes?: number | undefined;
  /** Its own changes to its image. */
  readonly writableBytes: number;
  readonly logBytes: number;
}

export interface LogLine {
  /** Simulated ms since the epoch. */
  readonly time: number;
  readonly stream: 'stdout' | 'stderr';
  /** With its newline, unless the container has not written one. */
  readonly data: Uint8Array;
}

export interface ContainerLog {
  /** Lines kept, oldest first. */
  lines(): readonly LogLine[];
  /** How many lines there have been, and how many of them came before the first one that is kept. */
  readonly count: number;
  readonly first: number;
  /** The line that so many came before; undefined for one that is not kept. */
  line(index: number): LogLine | undefined;
  /** Calls back after each line from now on; `end` when the container has ended. */
  follow(reader: { more(): void; end(): void }): () => void;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly timedOut: boolean;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Live streams of a process. */
export interface ExecSession {
  /** False once the buffer is full: wait for `onStdinDrain`. */
  writeStdin(data: Uint8Array): boolean;
  onStdinDrain(callback: () => void): () => void;
  endStdin(): void;
  resize(columns: number, rows: number): void;
  /** `stderr` is never used with a tty. Return false to pause until `resumeOutput`. */
  onOutput(listener: (stream: 'stdout' | 'stderr', data: Uint8Array) => boolean): void;
  resumeOutput(): void;
  /** With the process's end, after all output. */
  readonly exited: Promise<{ readonly exitCode: number }>;
  /** The client has gone: an exec's process goes on, but its input ends, a terminal of its own hangs up, and nobody listens any more. */
  detach(): void;
}

export type RuntimeEvent =
  | { readonly type: 'container-started' | 'container-exited'; readonly sandboxId: string; readonly podUid: string; readonly containerId: string }
  | { readonly type: 'sandbox-stopped'; readonly sandboxId: string; readonly podUid: string };

/** Gives a sandbox its place in the network (upstream: CNI). The network layer implements it. */
export interface NetworkPlugin {
  /** Reserves an address and returns the pod's stack. Rejects when the node has no address left. */
  attach(sandbox: {
    readonly id: string;
    readonly podNamespace: string;
    readonly podName: string;
    readonly hostNetwork: boolean;
    readonly portMappings?: readonly PortMapping[] | undefined;
  }): Promise<{ readonly ips: readonly string[]; readonly stack: NetworkStack }>;
  detach(sandboxId: string): void;
  /** The node's own stack: where host ports, probes and hostNetwork pods live. */
  readonly host: NetworkStack;
}
