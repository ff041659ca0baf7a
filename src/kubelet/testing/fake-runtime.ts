import type { Env, Timer } from '../../env/index.ts';
import type {
  ContainerConfig,
  ContainerLog,
  ContainerResources,
  ContainerStats,
  ContainerStatus,
  ExecResult,
  ExecSession,
  ImageRecord,
  NodeStats,
  PodSandboxStats,
  Runtime,
  RuntimeEvent,
  SandboxConfig,
  SandboxStatus,
  VolumeFile,
  VolumeHandle,
  Volumes,
} from '../../runtime/types.ts';
import { PullError } from '../../runtime/types.ts';
import type { NetworkStack } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';

/** What a container of an image does, in place of a process. */
export interface FakeProgram {
  /** Absent: runs until it is stopped. */
  readonly exitAfterMs?: number;
  readonly exitCode?: number;
  /** Ends only by KILL, as a shell that is process 1 does. */
  readonly ignoresTerm?: boolean;
}

export interface FakeImage {
  readonly sizeBytes: number;
  readonly pullMs: number;
}

const noUsage: PodSandboxStats = { cpuMs: 0, memoryBytes: 0, sharedBytes: 0, processes: 0 };

interface FakeContainer {
  status: ContainerStatus;
  readonly config: ContainerConfig;
  timer?: Timer | undefined;
  ended: (() => void)[];
}

/** A Runtime without processes: tests say what images exist, what each container does, and what exec answers. */
export class FakeRuntime implements Runtime {
  readonly name = 'containerd';
  readonly version = '2.1.0';
  readonly pulls: string[] = [];
  /** By image reference as pods name it; any other pull fails. */
  readonly catalogue = new Map<string, FakeImage>();
  /** By container name. */
  readonly programs = new Map<string, FakeProgram>();
  /** Answers exec probes and hooks. */
  execAnswer: (containerName: string, command: readonly string[]) => number = () => 0;
  /** Each change of a running container's limits. */
  readonly resourceUpdates: ({ readonly name: string } & ContainerResources)[] = [];
  /** Fails the next sandbox with this text. */
  sandboxError: string | undefined;
  readonly #images = new Map<string, ImageRecord>();
  readonly #sandboxes = new Map<string, SandboxStatus>();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #addresses = 1;

  constructor(readonly env: Env) {}

  async pullImage(reference: string): Promise<ImageRecord> {
    this.pulls.push(reference);
    const image = this.catalogue.get(reference);
    await this.env.loop.sleep(image?.pullMs ?? 1000, 'fake pull');
    const [name, tag = 'latest'] = reference.split(':') as [string, string?];
    const full = `docker.io/library/${name}:${tag}`;
    if (!image) {
      throw new PullError('not-found', `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${full}: not found`);
    }
    const id = `sha256:${reference.length.toString(16).padStart(64, '0')}`;
    const record: ImageRecord = { id, repoTags: [full], repoDigests: [`docker.io/library/${name}@${id}`], sizeBytes: image.sizeBytes, config: {} };
    this.#images.set(reference, record);
    return record;
  }

  imageStatus(reference: string): ImageRecord | undefined {
    return this.#images.get(reference);
  }

  listImages(): readonly ImageRecord[] {
    return [...this.#images.values()];
  }

  removeImage(id: string): void {
    for (const [reference, image] of this.#images) if (image.id === id) this.#images.delete(reference);
  }

  async runPodSandbox(config: SandboxConfig): Promise<string> {
    const error = this.sandboxError;
    this.sandboxError = undefined;
    if (error) throw new Error(error);
    const id = this.env.ids.containerId();
    const ips = config.hostNetwork ? [] : [`10.244.1.${++this.#addresses}`];
    const { podName, podNamespace, podUid, attempt } = config;
    this.#sandboxes.set(id, { id, podName, podNamespace, podUid, attempt, state: 'ready', ips, createdAt: this.env.clock.now() });
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox || sandbox.state === 'notready') return;
    for (const one of this.#containers.values()) if (one.status.sandboxId === id) this.#exit(one, 137);
    this.#sandboxes.set(id, { ...sandbox, state: 'notready' });
    this.#tell({ type: 'sandbox-stopped', sandboxId: id, podUid: sandbox.podUid });
  }

  async removePodSandbox(id: string): Promise<void> {
    this.#sandboxes.delete(id);
  }

  sandboxStatus(id: string): SandboxStatus | undefined {
    return this.#sandboxes.get(id);
  }

  listPodSandboxes(): readonly SandboxStatus[] {
    return [...this.#sandboxes.values()];
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const id = this.env.ids.containerId();
    const { name, attempt, imageId, imageReference } = config;
    const status: ContainerStatus = { id, sandboxId, name, attempt, state: 'created', imageId, imageReference, createdAt: this.env.clock.now() };
    this.#containers.set(id, { status, config, ended: [] });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const one = this.#containers.get(id);
    if (!one) throw new Error(`no container ${id}`);
    one.status = { ...one.status, state: 'running', startedAt: this.env.clock.now() };
    const program = this.programs.get(one.status.name);
    if (program?.exitAfterMs !== undefined) {
      one.timer = this.env.loop.after(program.exitAfterMs, 'fake program', () => this.#exit(one, program.exitCode ?? 0));
    }
    this.#tellAbout(one, 'container-started');
  }

  stopContainer(id: string, graceMs: number): Promise<void> {
    const one = this.#containers.get(id);
    if (one?.status.state !== 'running') return Promise.resolve();
    const program = this.programs.get(one.status.name);
    if (!program?.ignoresTerm) this.env.loop.defer('fake TERM', () => this.#exit(one, 143));
    else this.env.loop.after(graceMs, 'fake KILL', () => this.#exit(one, 137));
    return new Promise((resolve) => one.ended.push(resolve));
  }

  updateContainerResources(id: string, resources: ContainerResources): void {
    const one = this.#containers.get(id);
    if (one?.status.state !== 'running') throw new Error(`container ${id} does not run`);
    this.resourceUpdates.push({ name: one.status.name, ...resources });
  }

  async removeContainer(id: string): Promise<void> {
    this.#containers.delete(id);
  }

  containerStatus(id: string): ContainerStatus | undefined {
    return this.#containers.get(id)?.status;
  }

  /** What a container was created with, for tests to look at. */
  configOf(name: string): ContainerConfig | undefined {
    return [...this.#containers.values()].filter((one) => one.config.name === name).at(-1)?.config;
  }

  listContainers(): readonly ContainerStatus[] {
    return [...this.#containers.values()].map((one) => one.status);
  }

  containerStats(id: string): ContainerStats | undefined {
    return this.#containers.has(id) ? { ...noUsage, writableBytes: 0, logBytes: 0 } : undefined;
  }

  podSandboxStats(): PodSandboxStats {
    return noUsage;
  }

  nodeStats(): NodeStats {
    return { ...noUsage, processors: 4, memoryCapacityBytes: 8 * 1024 ** 3, bootedAt: 0 };
  }

  containerLog(id: string): ContainerLog | undefined {
    const one = this.#containers.get(id);
    if (!one) return undefined;
    const line = (text: string) => ({ time: one.status.startedAt ?? 0, stream: 'stdout' as const, data: new TextEncoder().encode(`${text}\n`) });
    const lines = ['one', 'two', 'three'].map(line);
    return { lines: () => lines, count: lines.length, first: 0, line: (index) => lines[index], follow: () => () => {} };
  }

  async execSync(id: string, command: readonly string[]): Promise<ExecResult> {
    const exitCode = this.execAnswer(this.#containers.get(id)?.status.name ?? '', command);
    return { exitCode, stdout: new Uint8Array(), stderr: new Uint8Array(), timedOut: false };
  }

  async exec(): Promise<ExecSession> {
    throw new Error('the fake runtime has no live streams');
  }

  attach(): ExecSession {
    throw new Error('the fake runtime has no live streams');
  }

  async dial(): Promise<never> {
    throw new SystemError('ECONNREFUSED');
  }

  /** Nobody listens anywhere. */
  readonly host = { connect: () => this.dial() } as unknown as NetworkStack;

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onSystemOutOfMemory(): () => void {
    return () => {};
  }

  shutdown(): void {
    for (const one of this.#containers.values()) this.#exit(one, 137);
  }

  #exit(one: FakeContainer, exitCode: number): void {
    if (one.status.state !== 'running') return;
    one.timer?.cancel();
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    one.status = { ...one.status, state: 'exited', exitCode, reason, finishedAt: this.env.clock.now() };
    for (const resolve of one.ended.splice(0)) resolve();
    this.#tellAbout(one, 'container-exited');
  }

  #tellAbout({ status }: FakeContainer, type: 'container-started' | 'container-exited'): void {
    const podUid = this.#sandboxes.get(status.sandboxId)?.podUid ?? '';
    this.#tell({ type, sandboxId: status.sandboxId, podUid, containerId: status.id });
  }

  #tell(event: RuntimeEvent): void {
    this.env.loop.defer('fake runtime event', () => {
      for (const listener of this.#listeners) listener(event);
    });
  }
}

/** Volumes that only remember what was laid into them. */
export class FakeVolumes implements Volumes {
  readonly files = new Map<VolumeHandle, readonly VolumeFile[]>();
  /** Of the host, by the directory's path. */
  readonly host = new Map<string, { readonly name: string; readonly data: Uint8Array }[]>();

  hostFiles(path: string): { readonly name: string; readonly data: Uint8Array }[] | undefined {
    return this.host.get(path);
  }

  createTmpfs(): VolumeHandle {
    return { type: 'tmpfs' };
  }

  writeFiles(volume: VolumeHandle, files: readonly VolumeFile[]): void {
    this.files.set(volume, files);
  }

  remove(volume: VolumeHandle): void {
    this.files.delete(volume);
  }

  hostPath(): VolumeHandle {
    return { type: 'host' };
  }

  usedBytes(): number {
    return 0;
  }
}
