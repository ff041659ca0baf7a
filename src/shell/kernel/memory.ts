import type { MemoryGauge } from './held-memory.ts';
import type { Holder, HostRoom } from './host-room.ts';

/** What a process takes besides what it holds: its stack, its tables, the pages that it has written of its own program. */
export const processBytes = 256 * 1024;

/** What a process really takes of the memory of the program that simulates it. */
const realProcessBytes = 16 * 1024;

/**
 * What one container may hold before it counts for what all of them may: a shell and what it runs. A cluster may have thousands of
 * containers, and those that do little are not to pay for each other.
 */
const modestBytes = 128 * 1024;

/** What programs and libraries take of a process's address space, whether it is in memory or not. */
const programBytes = 4 * 1024 * 1024;

/** The size of a process's address space. */
export function virtualBytes({ memoryBytes }: { readonly memoryBytes: number }): number {
  return programBytes + memoryBytes;
}

/** Files that are memory: a storage of src/shell/fs. */
export interface MemoryFiles {
  readonly usedBytes: number;
  /** Calls back with each change, in bytes. Returns how to call it off. */
  onChange(callback: (bytes: number) => void): () => void;
}

/** Whom the kernel has killed because the whole node was out of memory. */
export interface OutOfMemoryVictim {
  /** The name of its program. */
  readonly name: string;
  /** As the node counts processes. */
  readonly pid: number;
}

/** What the kernel must know of a process to choose among them. */
export interface MemoryUser {
  readonly pid: number;
  readonly hostPid: number;
  readonly argv: readonly string[];
}

/**
 * The memory of one node: what all its containers take, each memory file system counted once. When it is full, the kernel kills
 * the process with the highest score, and with it its container (mm/oom_kill.c: badness, and memory.oom.group of cgroup v2).
 */
export class NodeMemory {
  readonly #accounts = new Set<MemoryAccount>();
  readonly #files = new Map<MemoryFiles, { users: number; readonly forget: () => void }>();
  #processes = 0;
  #shared = 0;
  #choosing = false;
  /** Told of each kill. */
  onOutOfMemory: (victim: OutOfMemoryVictim) => void = () => {};

  constructor(
    readonly capacityBytes: number,
    readonly room: HostRoom,
  ) {}

  /** Bytes taken now. */
  get usedBytes(): number {
    return this.#processes + this.#shared;
  }

  /** Of these, what memory file systems hold. */
  get sharedBytes(): number {
    return this.#shared;
  }

  join(account: MemoryAccount): void {
    this.#accounts.add(account);
    for (const files of account.files) this.#attach(files);
  }

  leave(account: MemoryAccount): void {
    if (!this.#accounts.delete(account)) return;
    for (const files of account.files) this.#detach(files);
  }

  /** Processes take so many bytes more, or fewer if negative. */
  grow(bytes: number): void {
    this.#processes += bytes;
    if (bytes > 0) this.#check();
  }

  /** A process's score in thousandths of the node's memory, before the kernel adds its container's adjustment. */
  score(bytes: number): number {
    return (bytes * 1000) / this.capacityBytes;
  }

  #attach(files: MemoryFiles): void {
    const known = this.#files.get(files);
    if (known) {
      known.users += 1;
      return;
    }
    const forget = files.onChange((bytes) => {
      this.#shared += bytes;
      if (bytes > 0) this.#check();
    });
    this.#files.set(files, { users: 1, forget });
    this.#shared += files.usedBytes;
  }

  #detach(files: MemoryFiles): void {
    const known = this.#files.get(files);
    if (!known) return;
    known.users -= 1;
    if (known.users > 0) return;
    known.forget();
    this.#files.delete(files);
    this.#shared -= files.usedBytes;
  }

  /** Kills one container at a time: what it held is free before the next is chosen. */
  #check(): void {
    while (this.usedBytes > this.capacityBytes && !this.#choosing) {
      this.#choosing = true;
      try {
        if (![...this.#accounts].some((one) => one.isEnding) && this.#killWorst()) continue;
        return; // A victim still has to end, or nobody is left to kill.
      } finally {
        this.#choosing = false;
      }
    }
  }

  #killWorst(): boolean {
    let worst: { readonly account: MemoryAccount; readonly user: MemoryUser; readonly points: number } | undefined;
    for (const account of this.#accounts) {
      for (const [user, bytes] of account.users) {
        const points = this.score(bytes) + account.oomScoreAdj;
        if (!worst || points > worst.points) worst = { account, user, points };
      }
    }
    if (!worst) return false;
    const { account, user } = worst;
    const victim = { name: programName(user.argv), pid: user.hostPid };
    account.exceeded();
    this.onOutOfMemory(victim);
    return true;
  }
}

function beyondModest(bytes: number): number {
  return Math.max(0, bytes - modestBytes);
}

/** The name of a program as the kernel keeps it: without folders, at most 15 letters. */
export function programName(argv: readonly string[]): string {
  return (argv[0] ?? '').split('/').at(-1)?.slice(0, 15) ?? '';
}

export interface MemoryAccountOptions {
  readonly node: NodeMemory;
  readonly limitBytes: number | undefined;
  /** Memory file systems that count for the container. */
  readonly files: readonly MemoryFiles[];
  /** -1000 to 1000: added to the score of each process when the node is out of memory. */
  readonly oomScoreAdj: number;
  /** The limit is passed, or the node is full and this container the victim: it is to be killed. */
  readonly onExceeded: () => void;
}

/**
 * One container's memory: its processes, what they hold, and the files of its memory file systems. Whatever passes the limit
 * kills the whole container, as upstream does with cgroup v2 (memory.oom.group).
 */
export class MemoryAccount implements MemoryGauge, Holder {
  readonly files: readonly MemoryFiles[];
  readonly oomScoreAdj: number;
  #limitBytes: number | undefined;
  /** By process: what it takes in all, and what of it is really held. */
  readonly #users = new Map<number, { readonly user: MemoryUser; bytes: number; held: number }>();
  readonly #forget: readonly (() => void)[];
  #processes = 0;
  #held = 0;
  #shared = 0;
  #peak = 0;
  #over = false;
  #closed = false;

  constructor(readonly options: MemoryAccountOptions) {
    this.#limitBytes = options.limitBytes;
    this.files = [...new Set(options.files)];
    this.oomScoreAdj = options.oomScoreAdj;
    this.#shared = this.files.reduce((sum, one) => sum + one.usedBytes, 0);
    this.#forget = this.files.map((one) =>
      one.onChange((bytes) => {
        this.#shared += bytes;
        if (bytes > 0) this.#check();
      }),
    );
    options.node.join(this);
    options.node.room.join(this);
  }

  get limitBytes(): number | undefined {
    return this.#limitBytes;
  }

  /** Sets another limit. What is already beyond it ends the container. */
  limit(bytes: number | undefined): void {
    this.#limitBytes = bytes;
    this.#check();
  }

  /** Bytes taken now. */
  get usedBytes(): number {
    return this.#processes + this.#shared;
  }

  /** Of these, what memory file systems hold. */
  get sharedBytes(): number {
    return this.#shared;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** The most that was taken at once. */
  get peakBytes(): number {
    this.#peak = Math.max(this.#peak, this.usedBytes);
    return this.#peak;
  }

  /** It has been told to end, and has not ended yet. */
  get isEnding(): boolean {
    return this.#over && this.#users.size > 0;
  }

  /** Whether it was killed for want of memory. */
  get wasExceeded(): boolean {
    return this.#over;
  }

  get users(): readonly (readonly [MemoryUser, number])[] {
    return [...this.#users.values()].map(({ user, bytes }) => [user, bytes] as const);
  }

  /** What one process takes. */
  bytesOf(pid: number): number {
    return this.#users.get(pid)?.bytes ?? 0;
  }

  /** A process has begun. */
  started(user: MemoryUser): void {
    const known = { user, bytes: processBytes, held: 0 };
    this.#users.set(user.pid, known);
    this.#add(processBytes);
    this.#hold(known, realProcessBytes);
  }

  /** What a process took is free again. */
  ended(pid: number): void {
    const known = this.#users.get(pid);
    if (!known) return;
    this.#users.delete(pid);
    this.#add(-known.bytes);
    this.#hold(known, -known.held);
  }

  take(pid: number, bytes: number): void {
    this.#change(pid, processBytes + Math.max(0, bytes) - this.bytesOf(pid));
  }

  grow(pid: number, bytes: number): void {
    const known = this.#users.get(pid);
    if (!known) return; // It has ended, and all that it held is free already.
    this.#change(pid, bytes);
    this.#hold(known, Math.max(realProcessBytes - known.held, bytes));
  }

  /** The process runs another program, which begins with nothing. */
  replaced(pid: number): void {
    this.take(pid, 0);
    const known = this.#users.get(pid);
    if (known) this.#hold(known, realProcessBytes - known.held);
  }

  exceeded(): void {
    if (this.#over || this.#closed) return;
    this.#over = true;
    this.options.onExceeded();
  }

  /** The container has ended. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const forget of this.#forget) forget();
    for (const pid of [...this.#users.keys()]) this.ended(pid);
    this.#shared = 0;
    this.options.node.leave(this);
    this.options.node.room.leave(this);
  }

  #change(pid: number, bytes: number): void {
    const known = this.#users.get(pid);
    if (!known) return;
    const growth = Math.max(processBytes, known.bytes + bytes) - known.bytes;
    known.bytes += growth;
    this.#add(growth);
  }

  #hold(user: { held: number }, bytes: number): void {
    const before = beyondModest(this.#held);
    user.held += bytes;
    this.#held += bytes;
    this.options.node.room.hold(beyondModest(this.#held) - before);
  }

  #add(bytes: number): void {
    this.#processes += bytes;
    if (bytes > 0) this.#check();
    this.options.node.grow(bytes);
  }

  #check(): void {
    const used = this.usedBytes;
    if (used > this.#peak) this.#peak = used;
    if (this.#limitBytes !== undefined && used > this.#limitBytes) this.exceeded();
  }
}
