import { holds } from './capabilities.ts';
import type { ContainerSystem } from './container-system.ts';
import { DescriptorTable } from './descriptors.ts';
import { loadProgram } from './loader.ts';
import { processBytes } from './memory.ts';
import type { OpenFile, ProcessDetails } from './open-file.ts';
import { createPipe } from './pipe.ts';
import { capabilitiesOf } from './privileges.ts';
import { stepMs } from './processor.ts';
import { ProcessorTurn } from './processor-turn.ts';
import type { Runnable } from './scheduler.ts';
import { turnSteps } from './scheduler.ts';
import { defaultAction, stopsTerminalJob } from './signals.ts';
import { SystemView } from './system-view.ts';
import type {
  Block,
  ChildChange,
  ExitStatus,
  FileStat,
  Identity,
  OpenFlags,
  Process,
  Program,
  Signal,
  SpawnOptions,
  Syscall,
  System,
  Terminal,
  WaitOptions,
} from './types.ts';
import { SystemError } from './types.ts';
import { WaitList } from './wait-list.ts';

/** A read or a write moves so many bytes at a stretch. */
const portionBytes = 65_536;

/** Starting a process costs half a millisecond of processor time. */
const spawnSteps = 100;

const encoder = new TextEncoder();

/** Unwinds a program that called `exit` or was killed inside its own system call. Not an error: programs must not catch it. */
export class ProcessExit extends Error {
  constructor(readonly status: ExitStatus) {
    super('process exit');
    this.name = 'ProcessExit';
  }
}

export interface ProcessOptions {
  readonly pid: number;
  readonly container: ContainerSystem;
  readonly parent: KernelProcess | undefined;
  readonly processGroup: number;
  readonly argv: readonly string[];
  /** Default: the last part of argv[0]. */
  readonly comm?: string;
  /** Default: none. */
  readonly exe?: string | undefined;
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly umask: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly program: Program;
  readonly isThread?: boolean | undefined;
}

const yieldTurn: Block = (wake) => {
  wake();
  return nothing;
};
const never: Block = () => nothing;
const noVariables: ReadonlyMap<string, string> = new Map();
/** What a process runs that has ended. */
const gone: Program = () => {
  throw new Error('a process that has ended runs nothing');
};
function nothing(): void {}
const absolute = (path: string, cwd: string): string => (path.startsWith('/') ? path : `${cwd}/${path}`);
const noChildren: ReadonlySet<KernelProcess> = new Set();

/** A process: its program's generator, its descriptors, its signals. Implements the system calls. */
export class KernelProcess implements Process, ProcessDetails, Runnable {
  readonly pid: number;
  processGroup: number;
  readonly session: number;
  argv: readonly string[];
  comm: string;
  /** The file that it runs, absolute; empty for what no file holds. */
  exe: string;
  env: ReadonlyMap<string, string>;
  cwd: string;
  umask: number;
  uid: number;
  gid: number;
  groups: readonly number[];
  readonly startedAt: number;
  readonly container: ContainerSystem;
  /** A part of its parent that is not seen in lists of processes. */
  readonly isThread: boolean;
  /** Its number outside all containers. */
  readonly hostPid: number;
  /** Undefined for those that the host started, and once the parent has died with no other to take over. */
  parent: KernelProcess | undefined;
  /** Made with the first child: most processes never have one, and thousands may sleep at once. */
  #children: Set<KernelProcess> | undefined;
  readonly files = new DescriptorTable();
  /** Set once it has ended; until it is waited for, it is a zombie. */
  status: ExitStatus | undefined;
  /** Tells the host; only for processes that the host started. */
  onExit: ((status: ExitStatus) => void) | undefined;

  #program: Program;
  /** Made at the first turn, when the descriptors are in place. */
  #generator: Syscall<number> | undefined;
  #replacement: Syscall<number> | undefined;
  #running = false;
  #queued = false;
  #stopped = false;
  /** The signal that stopped it, until the parent has been told. */
  #stopNews: Signal | undefined;
  /** Signals that came while it was stopped. */
  #held: Signal[] | undefined;
  /** Became runnable while it was stopped. */
  #runnableOnContinue = false;
  #blocked = false;
  #blockNumber = 0;
  #callOff: () => void = nothing;
  /** How it must end, decided while its own program was running. */
  #doom: ExitStatus | undefined;
  /** Undefined while all are as they are by default. */
  #actions: Map<Signal, 'ignore' | (() => void)> | undefined;
  #pending: Signal[] | undefined;
  /** Handlers run so far: a system call that sees it change was interrupted. */
  #interrupts = 0;
  /** The environment that its last child was given, and the room that it takes. */
  #measured: { readonly env: ReadonlyMap<string, string>; readonly bytes: number } | undefined;
  #childEnded: WaitList | undefined;
  #system: SystemView | undefined;
  #steps = 0;
  #turnSteps = 0;
  readonly #turn: ProcessorTurn;

  constructor(options: ProcessOptions) {
    const { parent, container } = options;
    this.pid = options.pid;
    this.container = container;
    this.parent = parent;
    this.processGroup = options.processGroup;
    this.session = parent?.session ?? options.pid;
    this.argv = options.argv;
    this.comm = options.comm ?? commOf(options.argv[0]);
    this.exe = options.exe ?? '';
    this.env = options.env;
    this.cwd = options.cwd;
    this.umask = options.umask;
    this.uid = options.uid;
    this.gid = options.gid;
    this.groups = options.groups;
    this.startedAt = container.now();
    this.isThread = options.isThread ?? false;
    this.hostPid = container.hardware.nextPid();
    this.#actions = parent ? parent.#ignoredSignals() : undefined;
    this.#turn = new ProcessorTurn(container, this.startedAt);
    this.#program = options.program;
  }

  get children(): ReadonlySet<KernelProcess> {
    return this.#children ?? noChildren;
  }

  /** Takes a child over; it is the caller who sets the child's parent. */
  adopt(child: KernelProcess): void {
    this.#children ??= new Set();
    this.#children.add(child);
  }

  disown(child: KernelProcess): void {
    this.#children?.delete(child);
  }

  get ppid(): number {
    let { parent } = this;
    while (parent?.isThread) parent = parent.parent;
    return parent?.pid ?? 0;
  }

  /** How many it is made of, itself included. */
  get threads(): number {
    let count = 1;
    for (const child of this.children) if (child.isThread && !child.status) count += child.threads;
    return count;
  }

  get system(): System {
    this.#system ??= new SystemView(this.container, this);
    return this.#system;
  }

  get capabilities(): bigint {
    return capabilitiesOf(this.container.privileges, this.uid);
  }

  get state(): 'R' | 'S' | 'Z' | 'T' {
    if (this.status) return 'Z';
    if (this.#stopped) return 'T';
    return this.#blocked ? 'S' : 'R';
  }

  get cpuMs(): number {
    return this.#steps * stepMs + this.#turn.slowMs;
  }

  get oomScoreAdj(): number {
    return this.container.memory?.oomScoreAdj ?? 0;
  }

  get memoryBytes(): number {
    return this.container.memory?.bytesOf(this.pid) ?? processBytes;
  }

  // Descriptors

  open(path: string, flags: OpenFlags): number {
    this.charge(1);
    return this.files.add(this.container.fs.open(path, flags, this));
  }

  *opened(fd: number): Syscall<number> {
    const file = this.files.get(fd);
    while (file.met === false) {
      const before = this.#interrupts;
      yield (wake) => file.onReadable(wake);
      if (this.#interrupts === before) continue;
      this.files.close(fd);
      throw new SystemError('EINTR');
    }
    return fd;
  }

  close(fd: number): void {
    this.files.close(fd);
  }

  dup(fd: number, to?: number): number {
    const file = this.files.get(fd);
    if (to === undefined) return this.files.add(file);
    if (to !== fd) this.files.set(to, file);
    return to;
  }

  pipe(): readonly [read: number, write: number] {
    const { reader, writer } = createPipe();
    return [this.files.add(reader), this.files.add(writer)];
  }

  *read(fd: number, max = portionBytes): Syscall<Uint8Array | null> {
    const wanted = Math.min(max, portionBytes);
    const file = this.files.get(fd);
    if (!file.canRead) throw new SystemError('EBADF');
    this.charge(1);
    yield* this.step();
    if (file.terminal) yield* this.#untilForeground(file.terminal);
    for (;;) {
      const data = file.read(wanted);
      if (data !== undefined) {
        if (data) this.charge(data.length >> 12);
        return data;
      }
      const before = this.#interrupts;
      yield (wake) => file.onReadable(wake);
      if (this.#interrupts !== before) throw new SystemError('EINTR');
      if (file.terminal) yield* this.#untilForeground(file.terminal);
    }
  }

  /** Who reads a terminal from the background is stopped by TTIN; EIO if that has no effect. */
  *#untilForeground(terminal: Terminal): Syscall<void> {
    while (terminal.session === this.session && terminal.foregroundGroup !== this.processGroup) {
      const { namespace } = this.container;
      const isStoppable = namespace.init !== this && !namespace.isOrphaned(this.processGroup);
      if (this.signalAction('TTIN') === 'ignore' || !isStoppable) throw new SystemError('EIO');
      const before = this.#interrupts;
      namespace.signalGroup(this.processGroup, 'TTIN');
      yield yieldTurn;
      if (this.#interrupts !== before) throw new SystemError('EINTR');
    }
  }

  *write(fd: number, data: Uint8Array | string): Syscall<void> {
    const file = this.files.get(fd);
    if (!file.canWrite) throw new SystemError('EBADF');
    let bytes = typeof data === 'string' ? encoder.encode(data) : data;
    this.charge(1);
    yield* this.step();
    while (bytes.length > 0) {
      const portion = bytes.subarray(0, portionBytes);
      this.charge(portion.length >> 12);
      const taken = this.#writeSome(file, portion);
      bytes = bytes.subarray(taken);
      if (taken < portion.length) yield (wake) => file.onWritable(wake);
      else if (bytes.length > 0) yield* this.step();
    }
  }

  readable(fd: number): boolean {
    return this.files.get(fd).readable();
  }

  seek(fd: number, offset: number, from: 'start' | 'current' | 'end'): number {
    return this.files.get(fd).seek(offset, from);
  }

  isTty(fd: number): boolean {
    return this.files.peek(fd)?.terminal !== undefined;
  }

  stat(fd: number): FileStat {
    return this.files.get(fd).stat();
  }

  descriptors(): readonly number[] {
    return this.files.numbers();
  }

  file(fd: number): OpenFile | undefined {
    return this.files.peek(fd);
  }

  terminal(fd: number): Terminal | undefined {
    return this.files.peek(fd)?.terminal;
  }

  // Processes

  spawn(options: SpawnOptions): number {
    this.charge(spawnSteps);
    this.#checkArguments(options.argv, options.env ?? this.env);
    const cwd = options.cwd ?? this.cwd;
    const loaded = options.program
      ? { program: options.program, argv: options.argv }
      : loadProgram(this.container.fs, options.path ?? options.argv[0] ?? '', options.argv, { ...this.#caller(), cwd });
    const exe = 'file' in loaded ? absolute(loaded.file, cwd) : this.exe;
    const child = this.container.createProcess({
      parent: this,
      processGroup: options.processGroup === undefined ? this.processGroup : options.processGroup,
      argv: loaded.argv,
      comm: options.program ? this.comm : commOf(options.path ?? options.argv[0]),
      exe,
      env: options.env ?? this.env,
      cwd,
      umask: this.umask,
      uid: this.uid,
      gid: this.gid,
      groups: this.groups,
      program: loaded.program,
      isThread: options.thread,
    });
    if (this.#doom) throw new ProcessExit(this.#doom); // There was no memory for one more, and the container is being killed.
    for (const signal of options.defaultSignals ?? []) child.onSignal(signal, 'default');
    const fds = options.fds ?? standardDescriptors;
    for (const [to, from] of fds) {
      const file = this.files.peek(from);
      if (file) child.files.set(to, file);
    }
    child.wakeUp();
    return child.pid;
  }

  /** Throws E2BIG. Children mostly get the environment that the one before has got. */
  #checkArguments(argv: readonly string[], env: ReadonlyMap<string, string>): void {
    if (env !== this.#measured?.env) {
      const bytes = argumentBytes(Array.from(env, ([name, value]) => name.length + 1 + value.length));
      this.#measured = { env, bytes };
    }
    if (argumentBytes(argv.map((text) => text.length)) + this.#measured.bytes > argumentsBytesMax) throw new SystemError('E2BIG');
  }

  *exec(argv: readonly string[], env?: ReadonlyMap<string, string>, path?: string): Syscall<never> {
    this.charge(spawnSteps);
    this.#checkArguments(argv, env ?? this.env);
    const loaded = loadProgram(this.container.fs, path ?? argv[0] ?? '', argv, this);
    this.argv = loaded.argv;
    this.exe = absolute(loaded.file, this.cwd);
    this.comm = commOf(path ?? argv[0]);
    if (env) this.env = env;
    this.files.closeFrom(10);
    this.container.memory?.replaced(this.pid);
    this.#actions = this.#ignoredSignals();
    // The old program is never resumed, so what it meant to undo at its end stays as it is.
    this.#replacement = loaded.program(this);
    for (;;) yield never;
  }

  wait(pid?: number, options?: WaitOptions): Syscall<{ readonly pid: number; readonly status: ExitStatus } | undefined> {
    return this.#await(() => this.#reapedChild(pid), options);
  }

  waitChange(pid?: number, options?: WaitOptions): Syscall<ChildChange | undefined> {
    return this.#await(() => this.#reapedChild(pid) ?? this.#stoppedChild(pid), options);
  }

  *#await<Change>(look: () => Change | undefined, options: WaitOptions = {}): Syscall<Change | undefined> {
    this.charge(1);
    for (;;) {
      const change = look();
      if (change || options.nohang) return change;
      const before = this.#interrupts;
      yield (wake) => {
        this.#childEnded ??= new WaitList();
        return this.#childEnded.add(wake);
      };
      if (options.interruptible && this.#interrupts !== before) throw new SystemError('EINTR');
    }
  }

  kill(pid: number, signal: Signal | 0): void {
    this.charge(1);
    this.container.namespace.kill(this, pid, signal);
    if (this.#doom && this.#running) throw new ProcessExit(this.#doom);
  }

  onSignal(signal: Signal, action: 'default' | 'ignore' | (() => void)): void {
    if (signal === 'KILL' || signal === 'STOP') throw new SystemError('EINVAL');
    if (action === 'default') {
      this.#actions?.delete(signal);
      return;
    }
    this.#actions ??= new Map();
    this.#actions.set(signal, action);
  }

  /** What happens on a signal: shells must not trap what was ignored when they started. */
  signalAction(signal: Signal): 'default' | 'ignore' | 'handled' {
    const action = this.#actions?.get(signal);
    return action === undefined ? 'default' : action === 'ignore' ? 'ignore' : 'handled';
  }

  setProcessGroup(pid: number, group: number): void {
    const target = pid === 0 ? this : this.container.namespace.get(pid);
    if (!target || (target !== this && target.parent !== this)) throw new SystemError('ESRCH');
    target.processGroup = group === 0 ? target.pid : group;
  }

  become({ uid, gid, groups }: Identity): void {
    const isMember = gid === this.gid || this.groups.includes(gid);
    const changesGroups = groups.length !== this.groups.length || groups.some((one) => !this.groups.includes(one));
    if ((changesGroups || !isMember) && !holds(this, 'SETGID')) throw new SystemError('EPERM');
    if (uid !== this.uid && !holds(this, 'SETUID')) throw new SystemError('EPERM');
    this.uid = uid;
    this.gid = gid;
    this.groups = groups;
  }

  *sleep(ms: number): Syscall<void> {
    this.charge(1);
    if (ms <= 0) return yield* this.step();
    const before = this.#interrupts;
    const { loop } = this.container.kernel;
    const until = this.container.now() + ms;
    for (;;) {
      // Timers are never set further ahead than a day, so that `sleep infinity` needs no time beyond the clock's reach.
      const next = Math.min(until, this.container.now() + 86_400_000);
      yield (wake) => {
        const timer = loop.at(next, 'process sleep', wake);
        return () => timer.cancel();
      };
      if (this.#interrupts !== before) throw new SystemError('EINTR');
      if (this.container.now() >= until) return;
    }
  }

  *step(): Syscall<void> {
    this.#steps += 1;
    this.#turnSteps += 1;
    // A step may take longer than it counts for, as one that joins large texts: what holds up the API stops sooner.
    if (this.#turnSteps >= turnSteps || this.#stopped || this.container.kernel.loop.isSliceOver()) yield yieldTurn;
  }

  charge(steps: number): void {
    this.#steps += steps;
    this.#turnSteps += steps;
  }

  *await<T>(promise: Promise<T>): Syscall<T> {
    this.charge(1);
    let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
    const settled = promise.then(
      (value) => {
        outcome = { value };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
    while (!outcome) {
      yield (wake) => {
        void settled.then(wake);
        return nothing;
      };
    }
    const done = outcome as { readonly value: T } | { readonly error: unknown };
    if ('error' in done) throw done.error;
    return done.value;
  }

  exit(code: number): never {
    this.#doom ??= { code: code & 0xff };
    throw new ProcessExit(this.#doom);
  }

  // The kernel's side

  /** Makes it runnable unless it is already. */
  wakeUp(): void {
    if (this.status || this.#queued) return;
    this.#blocked = false;
    this.#blockNumber += 1;
    const callOff = this.#callOff;
    this.#callOff = nothing;
    callOff();
    if (this.#stopped) {
      this.#runnableOnContinue = true;
      return;
    }
    this.#queued = true;
    this.container.kernel.scheduler.enqueue(this);
  }

  run(): number {
    this.#queued = false;
    if (this.status) return 0;
    if (this.#stopped) {
      this.#turn.leave(this.container.now());
      this.#runnableOnContinue = true;
      return 0;
    }
    const waitUntil = this.#turn.readyAt(this.container.now(), this.#steps);
    if (waitUntil !== undefined) {
      this.#blockOn((wake) => {
        const timer = this.container.kernel.loop.at(waitUntil, 'process quantum', wake);
        return () => timer.cancel();
      }, false);
      return 0;
    }
    const before = this.#steps;
    this.#turnSteps = 0;
    this.#resume();
    const taken = this.#steps - before;
    this.container.budget.charge(taken);
    this.container.useProcessor(taken * stepMs);
    if (this.status || this.#blocked) this.#turn.leave(this.container.now());
    return taken;
  }

  /** Takes a signal; `host` if it comes from outside the container, which PID 1 cannot refuse KILL from. */
  deliver(signal: Signal, from: 'inside' | 'host'): void {
    if (this.status) return;
    const isInit = this.container.namespace.init === this;
    if (signal === 'CONT') this.#continue();
    if (signal === 'KILL') {
      if (!isInit || from === 'host') this.#die({ signal });
      return;
    }
    const action = this.#actions?.get(signal);
    if (action === 'ignore') return;
    if (this.#stopped && signal !== 'CONT' && signal !== 'CHLD') {
      this.#held ??= [];
      if (!this.#held.includes(signal)) this.#held.push(signal);
      return;
    }
    if (typeof action === 'function') {
      this.#handle(signal, action);
      return;
    }
    if (isInit) return; // PID 1 has no default actions.
    const byDefault = defaultAction(signal);
    if (byDefault === 'terminate') this.#die({ signal });
    if (byDefault === 'stop') this.#stop(signal);
  }

  /** A child has ended, or was stopped. */
  childEnded(): void {
    this.#childEnded?.wakeAll();
    this.deliver('CHLD', 'inside');
  }

  /** Whoever still knows the process keeps its status, but not what its program held. */
  #forgetProgram(): void {
    this.#program = gone;
    this.#generator = undefined;
    this.#replacement = undefined;
    this.#actions = undefined;
    this.#pending = undefined;
    this.env = noVariables;
  }

  get reapsItself(): boolean {
    return this.#actions?.get('CHLD') === 'ignore';
  }

  /** Ends it at once. Clean-up blocks of its program run, but may not block. */
  terminate(status: ExitStatus): void {
    if (this.status) return;
    this.status = status;
    this.#blocked = false;
    this.#blockNumber += 1;
    this.#callOff();
    this.#callOff = nothing;
    try {
      this.#generator?.return(0);
    } catch {
      // A clean-up that fails changes nothing: the process is gone.
    }
    this.#forgetProgram();
    this.#turn.leave(this.container.now());
    this.files.closeFrom(0);
    this.#system?.closeSockets();
    this.container.namespace.ended(this);
  }

  #resume(): void {
    this.#runHandlers();
    this.#running = true;
    let outcome: IteratorResult<Block, number> | undefined;
    let failure: unknown;
    try {
      this.#generator ??= this.#program(this);
      outcome = this.#generator.next();
    } catch (error) {
      failure = error;
    }
    this.#running = false;
    if (this.#doom) this.terminate(this.#doom);
    else if (!outcome) this.terminate(this.#statusOfFailure(failure));
    else if (outcome.done) this.terminate({ code: outcome.value & 0xff });
    else if (this.#replacement) {
      this.#generator = this.#replacement;
      this.#replacement = undefined;
      this.wakeUp();
    } else this.#blockOn(outcome.value);
  }

  /** @param interruptible false while it waits for the processor: a signal is handled once it runs again */
  #blockOn(block: Block, interruptible = true): void {
    this.#blocked = true;
    this.#blockNumber += 1;
    const number = this.#blockNumber;
    const callOff = block(() => {
      if (this.#blockNumber === number) this.wakeUp();
    });
    if (this.#blockNumber === number) this.#callOff = callOff;
    else callOff(); // Woken before it slept.
    if (interruptible && this.#pending && this.#pending.length > 0) this.wakeUp();
  }

  #statusOfFailure(failure: unknown): ExitStatus {
    if (failure instanceof ProcessExit) return failure.status;
    const name = this.argv[0] ?? '?';
    if (failure instanceof RangeError) return { signal: 'SEGV' }; // The program has used up its stack.
    if (failure instanceof SystemError) {
      this.#lastWords(`${name}: ${failure.message}\n`);
      return { code: 1 };
    }
    this.container.kernel.log.error('a simulated program failed', {
      program: name,
      error: failure instanceof Error ? failure.stack : String(failure),
    });
    return { signal: 'ABRT' };
  }

  #lastWords(text: string): void {
    try {
      this.files.peek(2)?.write(encoder.encode(text));
    } catch {
      // Nobody listens.
    }
  }

  #writeSome(file: OpenFile, bytes: Uint8Array): number {
    try {
      return file.write(bytes);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== 'EPIPE') throw error;
      this.deliver('PIPE', 'inside');
      if (this.#doom) throw new ProcessExit(this.#doom);
      throw error;
    }
  }

  /** The child that ended first of those that nobody has waited for, which then is no more. */
  #reapedChild(pid: number | undefined): { readonly pid: number; readonly status: ExitStatus } | undefined {
    const child = this.#endedChild(pid);
    if (!child?.status) return undefined;
    this.container.namespace.reap(child);
    return { pid: child.pid, status: child.status };
  }

  #endedChild(pid: number | undefined): KernelProcess | undefined {
    let known = false;
    let first: KernelProcess | undefined;
    for (const child of this.children) {
      if (pid !== undefined && child.pid !== pid) continue;
      known = true;
      if (child.status && (!first || child.endNumber < first.endNumber)) first = child;
    }
    if (!known) throw new SystemError('ECHILD');
    return first;
  }

  /** Order of death, set by the namespace: who ended first is waited for first. */
  endNumber = 0;

  #handle(signal: Signal, action: () => void): void {
    if (this.#running) {
      this.#interrupts += 1;
      action();
      return;
    }
    this.#pending ??= [];
    if (!this.#pending.includes(signal)) this.#pending.push(signal);
    this.wakeUp();
  }

  #runHandlers(): void {
    while (this.#pending && this.#pending.length > 0) {
      const signal = this.#pending.shift() as Signal;
      const action = this.#actions?.get(signal);
      if (typeof action !== 'function') continue;
      this.#interrupts += 1;
      action();
    }
  }

  #die(status: ExitStatus): void {
    if (this.#running) this.#doom ??= status;
    else this.terminate(status);
  }

  #continue(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#stopNews = undefined;
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#runnableOnContinue) {
      this.#runnableOnContinue = false;
      this.wakeUp();
    }
    for (const signal of held) this.deliver(signal, 'inside');
  }

  /** A terminal's stop signals leave alone those that nobody could continue: the group has no parent in its session. */
  #stop(signal: Signal): void {
    if (stopsTerminalJob(signal) && this.container.namespace.isOrphaned(this.processGroup)) return;
    this.#stopped = true;
    this.#stopNews = signal;
    this.parent?.childEnded();
  }

  #stoppedChild(pid: number | undefined): ChildChange | undefined {
    for (const child of this.children) {
      if ((pid !== undefined && child.pid !== pid) || !child.#stopNews) continue;
      const stopped = child.#stopNews;
      child.#stopNews = undefined;
      return { pid: child.pid, stopped };
    }
    return undefined;
  }

  #ignoredSignals(): Map<Signal, 'ignore' | (() => void)> | undefined {
    let ignored: Map<Signal, 'ignore' | (() => void)> | undefined;
    for (const [signal, action] of this.#actions ?? []) {
      if (action !== 'ignore') continue;
      ignored ??= new Map();
      ignored.set(signal, action);
    }
    return ignored;
  }

  #caller() {
    const { pid, uid, gid, groups, umask, cwd, capabilities } = this;
    return { pid, uid, gid, groups, umask, cwd, capabilities };
  }
}

/** What execve takes (fs/exec.c): each text with its zero byte, and all of them with their pointers: a quarter of a stack of 8 MiB. */
const argumentBytesMax = 128 * 1024;
const argumentsBytesMax = 2 * 1024 ** 2;

/** What texts of these lengths take of it together. Throws E2BIG. */
function argumentBytes(lengths: Iterable<number>): number {
  let sum = 0;
  for (const length of lengths) {
    if (length >= argumentBytesMax) throw new SystemError('E2BIG');
    sum += length + 9;
  }
  if (sum > argumentsBytesMax) throw new SystemError('E2BIG');
  return sum;
}

/** What the kernel calls a process: the last part of the file that it runs. */
export function commOf(path = ''): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, 15);
}

const standardDescriptors: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 1],
  [2, 2],
]);
