import type { Env } from '../env/index.ts';
import type { ContainerMount, Volume } from '../shell/fs/index.ts';
import { ContainerFs, createVolume } from '../shell/fs/index.ts';
import type { Connection, ContainerSystem, Hardware, Kernel, NetworkStack, OutOfMemoryVictim, ProcessHandle, StartOptions } from '../shell/kernel/index.ts';
import { KernelParameters, MemoryAccount, parseSignal, podNetworkParameters, processBytes, SystemError } from '../shell/kernel/index.ts';
import type { UserNamespace } from '../shell/kernel/namespaces.ts';
import { usersPerNamespace } from '../shell/kernel/namespaces.ts';
import { privilegesOf } from './capabilities.ts';
import { Container } from './container.ts';
import { LogBuffer } from './container-log.ts';
import { StreamSession } from './exec-session.ts';
import { homeOf, identityOf } from './identity.ts';
import { ImageStore } from './image-store.ts';
import { imageMountError, imageVolume } from './image-volumes.ts';
import type { ImageDefinition } from './images/definition.ts';
import { PodGroups } from './pod-groups.ts';
import { Sandbox } from './sandbox.ts';
import { requireProfiles } from './security-profiles.ts';
import { memoryTooLow, startFailure, workingDirectoryFailure } from './start-failure.ts';
import type {
  ContainerConfig,
  ContainerLog,
  ContainerResources,
  ContainerStats,
  ContainerStatus,
  ExecOptions,
  ExecResult,
  ExecSession,
  ImageMount,
  ImageRecord,
  NetworkPlugin,
  NodeStats,
  PodSandboxStats,
  ProcessorAndMemory,
  RegistryCredential,
  Runtime,
  RuntimeEvent,
  SandboxConfig,
  SandboxStatus,
  VolumeMount,
} from './types.ts';
import { ExecError, StartError, SubPathError } from './types.ts';
import { asSimulated, memoryStorages } from './volumes.ts';

export interface SimulatedRuntimeOptions {
  readonly env: Env;
  readonly kernel: Kernel;
  readonly network: NetworkPlugin;
  /** The node's processors and memory; one that all such runtimes of the kernel share if absent. */
  readonly hardware?: Hardware;
  /** The images there are: see `createCatalogue`. */
  readonly catalogue: readonly ImageDefinition[];
  /** On the node from the start, as references. The pause image is always there. */
  readonly preloaded?: readonly string[];
  /** Reads a file of the node, for profiles that containers name; there is none if absent. */
  readonly hostFile?: (path: string) => Uint8Array | undefined;
  /** What programs ask for with `System.service`, such as `dns`. */
  readonly services?: Readonly<Record<string, unknown>>;
}

export const pauseReference = 'registry.k8s.io/pause:3.10';
/** Probes read no more of a command's output. */
const maxExecBytes = 1024 * 1024;
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a RuntimeClass may name; the node's status lists them. */
export const runtimeHandlers: readonly string[] = ['', 'runc'];

/** Containers of one node, over the simulated kernel. */
export class SimulatedRuntime implements Runtime {
  readonly name = 'containerd';
  readonly version = '2.1.1';
  readonly images: ImageStore;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #containers = new Map<string, Container>();
  readonly #groups: PodGroups;
  readonly #outOfMemory = new Set<(victim: OutOfMemoryVictim) => void>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();

  constructor(readonly options: SimulatedRuntimeOptions) {
    this.images = new ImageStore(options.env, options.catalogue, [pauseReference, ...(options.preloaded ?? [])]);
    this.#groups = new PodGroups(this.#hardware.processors);
    this.#hardware.memory.onOutOfMemory = (victim) => {
      options.env.loop.defer('system out of memory', () => {
        for (const listener of [...this.#outOfMemory]) listener(victim);
      });
    };
  }

  get #hardware(): Hardware {
    return this.options.hardware ?? this.options.kernel.defaultHardware;
  }

  pullImage(reference: string, credentials: readonly RegistryCredential[] = []): Promise<ImageRecord> {
    return this.images.pull(reference, credentials);
  }
  imageStatus(reference: string): ImageRecord | undefined {
    return this.images.status(reference);
  }
  listImages(): readonly ImageRecord[] {
    return this.images.list();
  }
  removeImage(id: string): void {
    this.images.remove(id);
  }

  // Sandboxes

  async runPodSandbox(config: SandboxConfig): Promise<string> {
    const { env, network, kernel } = this.options;
    const id = env.ids.containerId();
    const { podName, podNamespace, hostNetwork, portMappings, runtimeHandler = '' } = config;
    if (!runtimeHandlers.includes(runtimeHandler))
      throw new Error(`failed to get sandbox runtime: no runtime for ${JSON.stringify(runtimeHandler)} is configured`);
    const place = hostNetwork
      ? { ips: network.host.addresses, stack: network.host }
      : await network.attach({ id, podName, podNamespace, hostNetwork, portMappings });
    const parameters = new KernelParameters(this.#hardware, { ...(hostNetwork ? {} : podNetworkParameters), ...config.sysctls });
    const sandbox = new Sandbox(id, config, place.ips, place.stack, env.clock.now(), this.#groups.add(config.qosClass), parameters, this.#usersFor(config));
    const image = this.images.status(pauseReference) as ImageRecord;
    const layer = this.images.layer(image.id);
    if (layer) {
      const fs = new ContainerFs({ layer, readOnlyRoot: true });
      const memory = new MemoryAccount({ node: this.#hardware.memory, limitBytes: undefined, files: [], oomScoreAdj: pauseOomScoreAdj, onExceeded: () => {} });
      const system = kernel.createContainerSystem({
        hostname: config.hostname,
        fs,
        network: place.stack,
        hardware: this.#hardware,
        parentGroup: sandbox.group,
        memory,
        parameters,
        userNamespace: sandbox.users,
      });
      sandbox.pause = { system, process: system.start({ argv: ['/pause'], uid: 65_535, gid: 65_535, onExit: () => this.#pauseEnded(id) }) };
    }
    this.#sandboxes.set(id, sandbox);
    return id;
  }

  /** The first range of users that no other pod has; the first of all is the node's own. */
  #usersFor({ ownUsers }: SandboxConfig): UserNamespace | undefined {
    if (!ownUsers) return undefined;
    const taken = new Set([...this.#sandboxes.values()].map(({ users }) => users?.hostBase));
    let hostBase = usersPerNamespace;
    while (taken.has(hostBase)) hostBase += usersPerNamespace;
    return { hostBase };
  }

  /** A container that sees the pause process may end it, and the sandbox with it. */
  #pauseEnded(id: string): void {
    if (this.#sandboxes.get(id)?.state === 'ready') this.options.env.loop.defer('runtime sandbox ended', () => this.stopPodSandbox(id));
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return;
    const inside = [...this.#containers.values()].filter((one) => one.sandbox === sandbox && one.state === 'running');
    await Promise.all(inside.map((one) => this.stopContainer(one.id, 0)));
    if (sandbox.state === 'notready') return;
    this.#endSandbox(sandbox);
    this.#emit({ type: 'sandbox-stopped', sandboxId: id, podUid: sandbox.config.podUid });
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.stopPodSandbox(id);
    for (const container of [...this.#containers.values()]) if (container.sandbox.id === id) await this.removeContainer(container.id);
    this.#sandboxes.delete(id);
  }

  sandboxStatus(id: string): SandboxStatus | undefined {
    return this.#sandboxes.get(id)?.status();
  }
  listPodSandboxes(): readonly SandboxStatus[] {
    return [...this.#sandboxes.values()].map((one) => one.status());
  }

  #endSandbox(sandbox: Sandbox): void {
    sandbox.state = 'notready';
    sandbox.pause?.system.close();
    sandbox.pause = undefined;
    this.#groups.remove(sandbox.group);
    if (!sandbox.config.hostNetwork) this.options.network.detach(sandbox.id);
  }

  // Containers

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox?.state !== 'ready') throw new StartError(`failed to find sandbox id "${sandboxId}": not found`, 128);
    const image = this.images.status(config.imageId);
    const layer = image && this.images.layer(image.id);
    if (!image || !layer) throw new StartError(`failed to resolve image "${config.imageReference}": not found`, 128);
    const { env } = this.options;
    const id = env.ids.containerId();
    const target = config.targetContainerId === undefined ? undefined : this.#containers.get(config.targetContainerId);
    if (config.targetContainerId !== undefined && target?.state !== 'running') {
      const why = target ? `container "${target.id}" is not running - in state CONTAINER_${target.state.toUpperCase()}` : 'not found';
      throw new StartError(`failed to generate container ${JSON.stringify(id)} spec: invalid target container: ${why}`, 128);
    }
    if (config.security) requireProfiles(config.security, this.options.hostFile ?? (() => undefined));
    const message = createVolume({ type: 'ext4', source: '/dev/vda1' });
    message.writeFile('message', '', { mode: 0o666, now: env.clock.now() });
    const fs = this.#filesystem(sandbox, config, layer, message);
    const user = identityOf(config, image, fs);
    const variables = { ...variablesOf(sandbox, config, image), HOME: homeOf(fs, user.uid) };
    for (const { name, value } of config.env) if (name === 'HOME') variables.HOME = value;
    let container: Container | undefined;
    const system = this.#system(sandbox, config, fs, () => container);
    container = new Container(id, sandbox, config, image, env.clock.now(), new LogBuffer(env, this.#hardware.room), system, fs, message, variables, user);
    if (container.argv.length === 0) {
      system.close();
      throw new StartError(`failed to generate container ${JSON.stringify(id)} spec: failed to generate spec: no command specified`, 128);
    }
    this.#containers.set(id, container);
    return id;
  }

  #filesystem(
    sandbox: Sandbox,
    config: ContainerConfig,
    layer: ConstructorParameters<typeof ContainerFs>[0]['layer'],
    message: ReturnType<typeof createVolume>,
  ): ContainerFs {
    const own = new Set(config.mounts.map((mount) => mount.containerPath));
    const etc = ['hosts', 'hostname', 'resolv.conf'].filter((name) => !own.has(`/etc/${name}`));
    return new ContainerFs({
      layer,
      room: this.#hardware.room,
      readOnlyRoot: config.readOnlyRootFilesystem,
      writableParameters: config.security?.privileged,
      now: this.options.env.clock.now(),
      mounts: [
        ...etc.map((name) => ({ target: `/etc/${name}`, volume: sandbox.files, subPath: name })),
        ...(config.terminationMessagePath ? [{ target: config.terminationMessagePath, volume: message, subPath: 'message' }] : []),
        ...config.mounts.map((mount, index) => ('imageId' in mount ? this.#mountImage(sandbox, mount) : mountVolume(mount, index))),
      ],
    });
  }

  #mountImage(sandbox: Sandbox, { containerPath, imageId, subPath, readOnly }: ImageMount): ContainerMount {
    const image = this.images.status(imageId);
    const layer = image && this.images.layer(image.id);
    if (!image || !layer) throw imageMountError(`failed to resolve image ${JSON.stringify(imageId)}: not found`);
    return { target: containerPath, volume: imageVolume(image, layer, { sandboxId: sandbox.id, subPath }), subPath, readOnly };
  }

  #system(sandbox: Sandbox, config: ContainerConfig, fs: ContainerFs, container: () => Container | undefined): ContainerSystem {
    const { kernel, services } = this.options;
    const target = config.targetContainerId === undefined ? undefined : this.#containers.get(config.targetContainerId);
    const memory = new MemoryAccount({
      node: this.#hardware.memory,
      limitBytes: config.resources.memoryLimitBytes,
      files: [fs.deviceStorage, ...memoryStorages(config.mounts.flatMap((mount) => ('volume' in mount ? asSimulated(mount.volume) : [])))],
      oomScoreAdj: config.oomScoreAdj ?? 0,
      onExceeded: () => container()?.outOfMemory(),
    });
    const system = kernel.createContainerSystem({
      hostname: sandbox.config.hostname,
      fs,
      network: sandbox.stack,
      services: services ?? {},
      hardware: this.#hardware,
      parentGroup: sandbox.group,
      memory,
      limits: processorLimits(config.resources),
      privileges: config.security && privilegesOf(config.security),
      parameters: sandbox.parameters,
      userNamespace: sandbox.users,
      shareProcessesWith: target?.system ?? (sandbox.config.sharedProcesses ? sandbox.pause?.system : undefined),
    });
    fs.mountCgroup(system);
    this.#groups.weigh(sandbox.group);
    return system;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#need(id);
    const { env } = this.options;
    const { argv } = container;
    try {
      const process = this.#run(container, {
        ...this.#identity(container),
        argv,
        stdin: container.stdin?.file,
        stdout: container.stdout,
        stderr: container.stderr,
        tty: container.tty,
        onExit: (exit) => {
          for (const exec of container.execs) exec.kill('KILL');
          container.finished(exit, env.clock.now());
          this.#closeSystem(container);
          this.#emitContainer('container-exited', container);
        },
      });
      container.started(process, env.clock.now());
      if (container.system.memory?.wasExceeded) container.outOfMemory();
    } catch (error) {
      const failure = error instanceof StartError ? error : startFailure(error, argv[0] ?? '', 'create');
      // As containerd reports it: the epoch stands for never.
      container.startedAt = 0;
      container.message = failure.message;
      container.conclude(failure.exitCode, 'StartError', env.clock.now());
      this.#closeSystem(container);
      throw failure;
    }
    this.#emitContainer('container-started', container);
  }

  #identity(container: Container): Pick<StartOptions, 'env' | 'cwd' | 'uid' | 'gid' | 'groups'> {
    return { env: container.env, cwd: container.cwd, ...container.user };
  }

  #run(container: Container, options: StartOptions): ProcessHandle {
    const { limitBytes = Number.POSITIVE_INFINITY } = container.system.memory ?? {};
    if (limitBytes < processBytes) throw memoryTooLow();
    const host = container.fs.host;
    // runc makes a working directory that is not there.
    try {
      if (!host.exists(container.cwd)) host.mkdir(container.cwd, { recursive: true, mode: 0o755 });
      else if (host.stat(container.cwd).type !== 'directory') throw new SystemError('ENOTDIR');
    } catch (error) {
      throw error instanceof SystemError ? workingDirectoryFailure(container.cwd, error) : error;
    }
    try {
      return container.system.start(options);
    } catch (error) {
      const [path = ''] = options.argv;
      const isDirectory = path.includes('/') && host.exists(path, container.cwd) && host.stat(path, container.cwd).type === 'directory';
      throw error instanceof SystemError && error.code === 'EACCES' && isDirectory ? new SystemError('EISDIR', path) : error;
    }
  }

  async stopContainer(id: string, graceMs: number): Promise<void> {
    const container = this.#containers.get(id);
    if (!container || container.state === 'exited') return;
    const { process } = container;
    if (!process) {
      container.conclude(137, 'Error', this.options.env.clock.now());
      return;
    }
    if (graceMs > 0) {
      process.kill(parseSignal(container.image.config.stopSignal ?? 'TERM') ?? 'TERM');
      const timer = this.options.env.loop.after(graceMs, 'container grace period', () => process.kill('KILL'));
      await container.ended;
      timer.cancel();
      return;
    }
    process.kill('KILL');
    await container.ended;
  }

  updateContainerResources(id: string, resources: ContainerResources): void {
    const container = this.#running(id);
    container.system.limitProcessors(processorLimits(resources));
    this.#groups.weigh(container.sandbox.group);
    container.system.memory?.limit(resources.memoryLimitBytes);
  }

  async removeContainer(id: string): Promise<void> {
    await this.stopContainer(id, 0);
    const container = this.#containers.get(id);
    if (container) {
      this.#closeSystem(container);
      container.fs.release();
      container.log.release();
      container.sandbox.spentMs += container.system.cpuUsedMs;
    }
    this.#containers.delete(id);
  }

  containerStatus(id: string): ContainerStatus | undefined {
    return this.#containers.get(id)?.status();
  }
  containerStats(id: string): ContainerStats | undefined {
    const container = this.#containers.get(id);
    if (!container) return undefined;
    const { system, fs, log } = container;
    return { ...usageOf(system), memoryLimitBytes: system.memory?.limitBytes, writableBytes: fs.storage.usedBytes, logBytes: log.bytes };
  }
  podSandboxStats(id: string): PodSandboxStats | undefined {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return undefined;
    const systems = [...this.#containers.values()].filter((one) => one.sandbox === sandbox).map((one) => one.system);
    if (sandbox.pause) systems.push(sandbox.pause.system);
    const total = { cpuMs: sandbox.spentMs, memoryBytes: 0, sharedBytes: 0, processes: 0 };
    for (const system of systems) {
      const { cpuMs, memoryBytes, sharedBytes } = usageOf(system);
      total.cpuMs += cpuMs;
      total.memoryBytes += memoryBytes;
      total.sharedBytes += sharedBytes;
      total.processes += system.namespace.visible().filter((one) => one.container === system).length;
    }
    return total;
  }
  nodeStats(): NodeStats {
    const { processors, memory, processes } = this.#hardware;
    return {
      cpuMs: processors.usedMs,
      memoryBytes: memory.usedBytes,
      sharedBytes: memory.sharedBytes,
      processes,
      processors: processors.count,
      memoryCapacityBytes: memory.capacityBytes,
      bootedAt: this.options.kernel.bootedAt,
    };
  }
  listContainers(): readonly ContainerStatus[] {
    return [...this.#containers.values()].map((one) => one.status());
  }
  containerLog(id: string): ContainerLog | undefined {
    return this.#containers.get(id)?.log;
  }

  // Streams

  execSync(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    return new Promise((resolve, reject) => {
      const session = new StreamSession({ stdin: false, tty: false });
      const output: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
      let bytes = 0;
      session.onOutput((stream, data) => {
        bytes += data.length;
        if (bytes <= maxExecBytes) output[stream].push(data);
        return true;
      });
      let process: ProcessHandle;
      let timedOut = false;
      try {
        process = this.#startExec(this.#running(id), command, session);
      } catch (error) {
        reject(error);
        return;
      }
      const timer =
        timeoutMs > 0
          ? this.options.env.loop.after(timeoutMs, 'exec timeout', () => {
              timedOut = true;
              process.kill('KILL');
            })
          : undefined;
      session.exited.then(({ exitCode }) => {
        timer?.cancel();
        resolve({ exitCode, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr), timedOut });
      });
    });
  }

  async exec(id: string, options: ExecOptions): Promise<ExecSession> {
    const container = this.#running(id);
    const session = new StreamSession(options);
    this.#startExec(container, options.command, session);
    return session;
  }

  #startExec(container: Container, command: readonly string[], session: StreamSession): ProcessHandle {
    try {
      const identity = this.#identity(container);
      const process = this.#run(container, {
        ...identity,
        env: session.tty ? { ...container.env, TERM: 'xterm' } : container.env,
        argv: command,
        stdin: session.input?.file,
        stdout: session.stdout,
        stderr: session.stderr,
        tty: session.tty,
        onExit: (exit) => {
          container.execs.delete(process);
          session.finish(exit);
        },
      });
      container.execs.add(process);
      return process;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const execId = this.options.env.ids.containerId();
      throw new ExecError(`failed to start exec ${JSON.stringify(execId)}: ${startFailure(error, command[0] ?? '', 'exec').message}`);
    }
  }

  attach(id: string, options: { readonly stdin: boolean; readonly tty: boolean }): ExecSession {
    return this.#need(id).attach(options.stdin);
  }

  async dial(sandboxId: string, port: number): Promise<Connection> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox?.state !== 'ready') throw new SystemError('EHOSTUNREACH');
    // Upstream dials localhost inside the pod's network namespace.
    return await sandbox.stack.connect('127.0.0.1', port);
  }

  get host(): NetworkStack {
    return this.options.network.host;
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onSystemOutOfMemory(listener: (victim: OutOfMemoryVictim) => void): () => void {
    this.#outOfMemory.add(listener);
    return () => this.#outOfMemory.delete(listener);
  }

  shutdown(): void {
    for (const container of this.#containers.values()) {
      container.lost = true;
      container.system.killAll();
    }
    for (const sandbox of this.#sandboxes.values()) if (sandbox.state === 'ready') this.#endSandbox(sandbox);
  }

  /** Nothing runs in it any more: its processor time and its memory are free. */
  #closeSystem(container: Container): void {
    container.system.close();
    this.#groups.weigh(container.sandbox.group);
  }

  #need(id: string): Container {
    const container = this.#containers.get(id);
    if (!container) throw new ExecError(`failed to find container "${id}" in store: not found`);
    return container;
  }

  #running(id: string): Container {
    const container = this.#need(id);
    if (container.state !== 'running') throw new ExecError(`container is in CONTAINER_${container.state.toUpperCase()} state`);
    return container;
  }

  #emitContainer(type: 'container-started' | 'container-exited', container: Container): void {
    this.#emit({ type, sandboxId: container.sandbox.id, podUid: container.sandbox.config.podUid, containerId: container.id });
  }

  #emit(event: RuntimeEvent): void {
    this.options.env.loop.defer(`runtime ${event.type}`, () => {
      for (const listener of [...this.#listeners]) listener(event);
    });
  }
}

/** As upstream's kubelet starts pause (pkg/kubelet/qos, containerd's sandbox). */
const pauseOomScoreAdj = -998;

function usageOf(system: ContainerSystem): ProcessorAndMemory {
  const { memory, cpuUsedMs } = system;
  return { cpuMs: cpuUsedMs, memoryBytes: memory?.usedBytes ?? 0, sharedBytes: memory?.sharedBytes ?? 0 };
}

function processorLimits({ cpuLimitMilli, cpuRequestMilli }: ContainerResources) {
  return { cpuMilli: cpuLimitMilli, cpuRequestMilli };
}

function mountVolume({ containerPath, volume, subPath, readOnly }: VolumeMount, index: number): ContainerMount {
  const handle = asSimulated(volume);
  const path = [handle.path, subPath].filter(Boolean).join('/');
  if (subPath) checkSubPath(handle.volume, path, index);
  return { target: containerPath, volume: handle.volume, readOnly, ...(path ? { subPath: path } : {}) };
}

/** Makes what is missing of a subPath. Throws SubPathError if it leads out of its volume, or nowhere. */
function checkSubPath(volume: Volume, path: string, mount: number): void {
  try {
    volume.at(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new SubPathError(mount, error.code === 'ENOENT');
  }
}

function variablesOf(sandbox: Sandbox, config: ContainerConfig, image: ImageRecord): Record<string, string> {
  const own = Object.fromEntries(config.env.map(({ name, value }) => [name, value]));
  return { PATH: defaultPath, HOSTNAME: sandbox.config.hostname, ...(config.tty ? { TERM: 'xterm' } : {}), ...image.config.env, ...own };
}
