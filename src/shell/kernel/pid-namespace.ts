import { holds } from './capabilities.ts';
import type { KernelProcess } from './process.ts';
import type { Signal } from './types.ts';
import { SystemError } from './types.ts';

/** A table of processes with its own numbers. The first one is PID 1: orphans become its children, and all die with it. */
export class PidNamespace {
  init: KernelProcess | undefined;
  readonly #processes = new Map<number, KernelProcess>();
  #lastPid = 0;
  #ended = 0;

  /** @param maxProcesses how many may exist at once, zombies included (the pids limit) */
  constructor(readonly maxProcesses: number) {}

  get size(): number {
    return this.#processes.size;
  }

  /** A number for a new process. Throws EAGAIN at the limit. */
  allocatePid(): number {
    if (this.#processes.size >= this.maxProcesses) throw new SystemError('EAGAIN');
    do {
      this.#lastPid = this.#lastPid >= 4_194_303 ? 300 : this.#lastPid + 1;
    } while (this.#processes.has(this.#lastPid));
    return this.#lastPid;
  }

  add(process: KernelProcess): void {
    this.init ??= process;
    this.#processes.set(process.pid, process);
    process.parent?.adopt(process);
    process.container.hardware.processes += 1;
    process.container.memory?.started(process);
  }

  get(pid: number): KernelProcess | undefined {
    return this.#processes.get(pid);
  }

  /** Those that users see, by process number. */
  visible(): readonly KernelProcess[] {
    return this.list().filter((process) => !process.isThread);
  }

  /** By process number. */
  list(): readonly KernelProcess[] {
    return [...this.#processes.values()].sort((a, b) => a.pid - b.pid);
  }

  /** kill(2): a process, 0 for the sender's group, -1 for all others, or minus a group. Throws ESRCH, EPERM. */
  kill(sender: KernelProcess, pid: number, signal: Signal | 0): void {
    const targets = this.#targets(sender, pid);
    if (targets.length === 0) throw new SystemError('ESRCH');
    const allowed = targets.filter((target) => sender.uid === target.uid || holds(sender, 'KILL'));
    if (allowed.length === 0) throw new SystemError('EPERM');
    if (signal === 0) return;
    for (const target of allowed) target.deliver(signal, 'inside');
  }

  /** Signals a whole group from outside: the terminal. */
  signalGroup(group: number, signal: Signal): void {
    for (const process of this.list()) if (process.processGroup === group) process.deliver(signal, 'inside');
  }

  /** Whether no member of the group has a parent that is outside of it but of the same session: nobody could continue it. */
  isOrphaned(group: number): boolean {
    for (const { processGroup, parent, session, status } of this.#processes.values()) {
      if (processGroup === group && !status && parent && !parent.status && parent.processGroup !== group && parent.session === session) return false;
    }
    return true;
  }

  /** Called by a process as it ends, after its files are closed. */
  ended(process: KernelProcess): void {
    this.#ended += 1;
    process.endNumber = this.#ended;
    process.container.memory?.ended(process.pid);
    if (process === this.init) this.#killWhere(() => true);
    else if (process === process.container.main) this.#killWhere((other) => other.container === process.container);
    for (const child of process.children) if (child.isThread && !child.status) child.deliver('KILL', 'host');
    this.#orphan(process);
    const { parent } = process;
    if (!parent || parent.status || process.isThread) {
      this.reap(process);
      process.onExit?.(process.status ?? { code: 0 });
      return;
    }
    process.onExit?.(process.status ?? { code: 0 });
    if (parent.reapsItself) this.reap(process);
    parent.childEnded();
  }

  /** Forgets a process that has ended and been waited for. */
  reap(process: KernelProcess): void {
    if (this.#processes.delete(process.pid)) process.container.hardware.processes -= 1;
    process.parent?.disown(process);
  }

  #orphan(process: KernelProcess): void {
    if (process.children.size === 0) return;
    const groups = new Set([...process.children].filter((child) => child.state === 'T').map((child) => child.processGroup));
    const heir = this.init && !this.init.status && this.init !== process ? this.init : undefined;
    for (const child of [...process.children]) {
      process.disown(child);
      child.parent = heir;
      heir?.adopt(child);
      if (!child.status) continue;
      if (!heir || heir.reapsItself) this.reap(child);
      else heir.childEnded();
    }
    for (const group of groups) this.#releaseStopped(group);
  }

  /** A stopped group that nobody can continue any more is told so and continued. */
  #releaseStopped(group: number): void {
    if (!this.isOrphaned(group)) return;
    this.signalGroup(group, 'HUP');
    this.signalGroup(group, 'CONT');
  }

  #killWhere(condition: (process: KernelProcess) => boolean): void {
    for (const process of this.list()) if (!process.status && condition(process)) process.deliver('KILL', 'host');
  }

  #targets(sender: KernelProcess, pid: number): KernelProcess[] {
    if (pid > 0) {
      const target = this.#processes.get(pid);
      return target ? [target] : [];
    }
    if (pid === -1) return this.list().filter((process) => process !== sender && process !== this.init);
    const group = pid === 0 ? sender.processGroup : -pid;
    return this.list().filter((process) => process.processGroup === group);
  }
}
