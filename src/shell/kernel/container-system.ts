import { ControlGroup, cpuShares } from './control-group.ts';
import { NullFile } from './device-file.ts';
import { FifoQueue } from './fifo-queue.ts';
import type { Hardware } from './hardware.ts';
import type { Kernel } from './kernel.ts';
import { KernelParameters } from './kernel-parameters.ts';
import type { LoadedProgram } from './loader.ts';
import { defaultPath, loadProgram, searchPath } from './loader.ts';
import type { MemoryAccount } from './memory.ts';
import type { UserNamespace } from './namespaces.ts';
import type { Caller, ContainerFilesystem, OpenFile, ProcessTable } from './open-file.ts';
import { PidNamespace } from './pid-namespace.ts';
import type { Privileges } from './privileges.ts';
import { capabilitiesOf, usualPrivileges } from './privileges.ts';
import type { ProcessOptions } from './process.ts';
import { commOf, KernelProcess } from './process.ts';
import { ProcessorBudget, stepsPerPeriod } from './processor.ts';
import { kernelRelease } from './release.ts';
import type { Runnable } from './scheduler.ts';
import { exitCodeOf } from './signals.ts';
import type { Tty } from './tty.ts';
import type { ExitStatus, NetworkStack, Program, Signal, System } from './types.ts';
import { SystemError } from './types.ts';

export interface ContainerSystemOptions {
  readonly hostname: string;
  readonly fs: ContainerFilesystem;
  readonly network: NetworkStack;
  readonly uname?: System['uname'];
  /** What `System.service` gives, by name. */
  readonly services?: Readonly<Record<string, unknown>>;
  readonly limits?: {
    /** Processes at once; a fork beyond fails with EAGAIN. Default 4096. */
    readonly maxProcesses?: number | undefined;
    /** Thousandths of a processor, at most. Default: as many as there are. */
    readonly cpuMilli?: number | undefined;
    /** Thousandths of a processor that it asks for: its weight where there are too few. */
    readonly cpuRequestMilli?: number | undefined;
  };
  /** Whose processors it uses. Default: a machine that all such containers of the kernel share. */
  readonly hardware?: Hardware | undefined;
  /** The control group that its own is made in: its pod's. Default: the top one. */
  readonly parentGroup?: ControlGroup | undefined;
  /** Where its memory is counted; not at all if absent. Programs find it as the service `memory`. */
  readonly memory?: MemoryAccount | undefined;
  /** Default: containerd's usual ones. */
  readonly privileges?: Privileges | undefined;
  /** Those of its pod. Default: the kernel's own. */
  readonly parameters?: KernelParameters | undefined;
  /** The users of its pod, if they are not the node's. */
  readonly userNamespace?: UserNamespace | undefined;
  /** Joins this container's process table instead of making a new one. */
  readonly shareProcessesWith?: ContainerSystem | undefined;
}

export interface StartOptions {
  readonly argv: readonly string[];
  /** The file to run; by default argv[0], searched on PATH if it has no slash. */
  readonly path?: string;
  readonly env?: ReadonlyMap<string, string> | Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
  readonly umask?: number;
  /** Default: nothing to read. */
  readonly stdin?: OpenFile | undefined;
  readonly stdout?: OpenFile | undefined;
  readonly stderr?: OpenFile | undefined;
  /** Stands for all three, and sends ^C to this process's group. */
  readonly tty?: Tty | undefined;
  /** Runs this instead of looking argv[0] up. */
  readonly program?: Program;
  /** Called when it has ended: all its output has been delivered, and with PID 1 all others are dead. */
  readonly onExit?: (exit: ProcessExitInfo) => void;
}

export interface ProcessExitInfo {
  readonly status: ExitStatus;
  /** 128 + n after signal n. */
  readonly exitCode: number;
}

/** A process that the host started, as the host sees it. */
export interface ProcessHandle {
  readonly pid: number;
  /** Undefined while it runs. */
  readonly exit: ProcessExitInfo | undefined;
  readonly cpuMs: number;
  /** Signals from outside: KILL cannot be refused, others have no effect on a PID 1 that does not handle them. */
  kill(signal: Signal): void;
}

const defaultUname: System['uname'] = { system: 'Linux', release: kernelRelease, version: '#1 SMP PREEMPT_DYNAMIC', machine: 'x86_64' };

/** Processes too short to share a processor fairly use at most so many together, in one container. */
const burstProcessors = 4;

/** One container: a process table, a file system, a network, a host name. */
export class ContainerSystem implements ProcessTable {
  /** Differs from upstream: other containers of the pod keep theirs when a program changes it. */
  hostname: string;
  readonly fs: ContainerFilesystem;
  readonly network: NetworkStack;
  readonly uname: System['uname'];
  readonly namespace: PidNamespace;
  readonly budget: ProcessorBudget;
  readonly hardware: Hardware;
  readonly controlGroup: ControlGroup;
  readonly memory: MemoryAccount | undefined;
  readonly privileges: Privileges;
  readonly parameters: KernelParameters;
  readonly userNamespace: UserNamespace | undefined;
  /** Its processes that wait for their turn. */
  readonly runnable = new FifoQueue<Runnable>();
  /** Processor time that its processes have used, in ms. */
  cpuUsedMs = 0;
  /** The container's own process: PID 1 unless the process table is shared. */
  main: KernelProcess | undefined;
  readonly #services: Readonly<Record<string, unknown>>;

  constructor(
    readonly kernel: Kernel,
    options: ContainerSystemOptions,
  ) {
    this.hostname = options.hostname;
    this.fs = options.fs;
    this.network = options.network;
    this.uname = options.uname ?? defaultUname;
    this.privileges = options.privileges ?? usualPrivileges;
    this.hardware = options.hardware ?? kernel.defaultHardware;
    this.parameters = options.parameters ?? new KernelParameters(this.hardware, {});
    this.userNamespace = options.userNamespace;
    this.memory = options.memory;
    this.#services = { ...options.services, ...(options.memory ? { memory: options.memory } : {}) };
    this.budget = new ProcessorBudget(0);
    this.controlGroup = new ControlGroup(options.parentGroup ?? this.hardware.processors.root);
    this.limitProcessors(options.limits ?? {});
    this.namespace = options.shareProcessesWith?.namespace ?? new PidNamespace(options.limits?.maxProcesses ?? 4096);
    this.fs.attach(this);
  }

  /** Changes how much processor time the container gets, from its next period on; in thousandths of a processor. */
  limitProcessors({ cpuMilli, cpuRequestMilli }: NonNullable<ContainerSystemOptions['limits']>): void {
    const { processors } = this.hardware;
    const limit = (cpuMilli ?? Number.POSITIVE_INFINITY) / 1000;
    this.budget.stepsPerPeriod = Math.max(20, Math.min(limit, burstProcessors) * stepsPerPeriod);
    this.controlGroup.limit = limit;
    this.controlGroup.shares = cpuShares(cpuRequestMilli);
    processors.changed();
  }

  useProcessor(ms: number): void {
    this.cpuUsedMs += ms;
    this.hardware.processors.usedMs += ms;
  }

  /** It will run nothing any more. */
  close(): void {
    this.killAll();
    this.memory?.close();
    this.controlGroup.remove();
    this.hardware.processors.changed();
  }

  /**
   * Starts a process: the first is the container's own, later ones are what `exec` runs.
   * Throws SystemError: ENOENT, EACCES, ENOEXEC for the program, EAGAIN at the process limit. `cwd` is taken as it is.
   */
  start(options: StartOptions): ProcessHandle {
    const caller = this.#callerOf(options);
    const env = new Map(options.env instanceof Map ? options.env : Object.entries(options.env ?? {}));
    const { program, argv, file } = this.#load(options, env, caller);
    const exe = file === undefined || file.startsWith('/') ? file : `${caller.cwd}/${file}`;
    const process = this.createProcess({
      ...caller,
      parent: undefined,
      processGroup: 0,
      argv,
      exe,
      comm: commOf(options.path ?? options.argv[0]),
      env,
      program,
    });
    this.main ??= process;
    this.#connect(process, options);
    let exit: ProcessExitInfo | undefined;
    process.onExit = (status) => {
      exit = { status, exitCode: exitCodeOf(status) };
      options.onExit?.(exit);
    };
    process.wakeUp();
    return {
      pid: process.pid,
      get exit() {
        return exit;
      },
      get cpuMs() {
        return process.cpuMs;
      },
      kill: (signal) => process.deliver(signal, 'host'),
    };
  }

  /** Ends every process of this container at once. */
  killAll(): void {
    for (const process of this.namespace.list()) if (process.container === this && !process.status) process.deliver('KILL', 'host');
  }

  /** Adds a process to the table; group 0 means one of its own. Throws EAGAIN. */
  createProcess(options: Omit<ProcessOptions, 'pid' | 'container'>): KernelProcess {
    const pid = this.namespace.allocatePid();
    const process = new KernelProcess({ ...options, pid, container: this, processGroup: options.processGroup || pid });
    this.namespace.add(process);
    return process;
  }

  service<T>(name: string): T | undefined {
    return this.#services[name] as T | undefined;
  }

  now(): number {
    return this.kernel.clock.now();
  }

  wallClock(): number {
    return this.now() + this.hardware.clockOffsetMs;
  }

  /** The number of the namespace of each type that its processes are in. */
  namespaces(): Readonly<Record<string, number>> {
    const { namespaceNumbers: numbers } = this.kernel;
    const pid = numbers.of('pid', this.namespace);
    return {
      cgroup: numbers.of('cgroup', this.controlGroup),
      ipc: numbers.of('ipc', this.parameters),
      mnt: numbers.of('mnt', this.fs),
      net: numbers.of('net', this.network),
      pid,
      pid_for_children: pid,
      time: numbers.of('time'),
      time_for_children: numbers.of('time'),
      user: numbers.of('user', this.userNamespace),
      uts: numbers.of('uts', this.parameters),
    };
  }

  uptimeMs(): number {
    return this.kernel.clock.now() - this.kernel.bootedAt;
  }

  pids(): readonly number[] {
    return this.namespace.visible().map((process) => process.pid);
  }

  process(pid: number): KernelProcess | undefined {
    return this.namespace.get(pid);
  }

  randomBytes(length: number): Uint8Array {
    return this.kernel.random.bytes(length);
  }

  #callerOf(options: StartOptions): Caller {
    const { uid = 0 } = options;
    return {
      pid: 0,
      uid,
      gid: options.gid ?? 0,
      groups: options.groups ?? [],
      umask: options.umask ?? 0o022,
      cwd: options.cwd ?? '/',
      capabilities: capabilitiesOf(this.privileges, uid),
    };
  }

  #load(options: StartOptions, env: ReadonlyMap<string, string>, caller: Caller): Omit<LoadedProgram, 'file'> & Partial<LoadedProgram> {
    if (options.program) return { program: options.program, argv: options.argv };
    const name = options.path ?? options.argv[0] ?? '';
    const path = searchPath(this.fs, name, env.get('PATH') ?? defaultPath, caller);
    if (path === undefined) throw new SystemError('ENOENT', name);
    return loadProgram(this.fs, path, options.argv, caller);
  }

  #connect(process: KernelProcess, options: StartOptions): void {
    const { tty } = options;
    if (tty) {
      tty.signalGroup = (group, signal) => this.namespace.signalGroup(group, signal);
      tty.session = process.pid;
      tty.foregroundGroup = process.processGroup;
    }
    const files = [tty ?? options.stdin, tty ?? options.stdout, tty ?? options.stderr];
    files.forEach((file, fd) => {
      process.files.set(fd, file ?? new NullFile());
    });
  }
}
