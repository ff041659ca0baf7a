/**
 * The simulated kernel's interface: what programs (applets, shells, image programs) may do.
 *
 * Processes are generators. A system call that cannot finish yields a `Block`: a function that registers a
 * wake-up and returns how to call it off. The kernel resumes the process after the wake-up; the call then tries again.
 */
export type Block = (wake: () => void) => () => void;

/** A computation that may block; composed with `yield*`. */
export type Syscall<T> = Generator<Block, T, void>;

/** A program's main function: returns the exit code. `process.argv[0]` is the name it was called by. */
export type Program = (process: Process) => Syscall<number>;

export type Signal =
  | 'HUP'
  | 'INT'
  | 'QUIT'
  | 'ILL'
  | 'ABRT'
  | 'FPE'
  | 'KILL'
  | 'USR1'
  | 'SEGV'
  | 'USR2'
  | 'PIPE'
  | 'ALRM'
  | 'TERM'
  | 'TRAP'
  | 'BUS'
  | 'STKFLT'
  | 'CHLD'
  | 'CONT'
  | 'STOP'
  | 'TSTP'
  | 'TTIN'
  | 'TTOU'
  | 'URG'
  | 'XCPU'
  | 'XFSZ'
  | 'VTALRM'
  | 'PROF'
  | 'WINCH'
  | 'POLL'
  | 'PWR'
  | 'SYS';

/** A failed system call. `code` is errno's name; programs print their own message with `describe`. */
export class SystemError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly path?: string,
  ) {
    super(path ? `${path}: ${errorTexts[code]}` : errorTexts[code]);
    this.name = 'SystemError';
  }
}

export const errorTexts = {
  EPERM: 'Operation not permitted',
  E2BIG: 'Argument list too long',
  ENOENT: 'No such file or directory',
  ESRCH: 'No such process',
  EINTR: 'Interrupted system call',
  EIO: 'I/O error',
  ENOEXEC: 'Exec format error',
  EBADF: 'Bad file descriptor',
  ECHILD: 'No child process',
  EAGAIN: 'Resource temporarily unavailable',
  ENOMEM: 'Out of memory',
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EXDEV: 'Cross-device link',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  EMFILE: 'Too many open files',
  ENOTTY: 'Not a tty',
  EFBIG: 'File too large',
  ENOSPC: 'No space left on device',
  ESPIPE: 'Illegal seek',
  EROFS: 'Read-only file system',
  EPIPE: 'Broken pipe',
  ENAMETOOLONG: 'Filename too long',
  ENOTEMPTY: 'Directory not empty',
  ELOOP: 'Too many levels of symbolic links',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Address not available',
  ENETUNREACH: 'Network is unreachable',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENOTCONN: 'Socket not connected',
} as const;

export type ErrorCode = keyof typeof errorTexts;

export interface FileStat {
  readonly type: 'file' | 'directory' | 'symlink' | 'pipe' | 'character';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  /** Simulated milliseconds since the Unix epoch. */
  readonly mtimeMs: number;
  readonly inode: number;
  readonly device: number;
}

export interface OpenFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  readonly create?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  readonly directory?: boolean;
  readonly mode?: number;
}

export interface WaitOptions {
  /** Returns undefined at once if nothing has happened to any child. */
  readonly nohang?: boolean;
  /** A signal with a handler ends the wait with EINTR. */
  readonly interruptible?: boolean;
}

/** How a child is started. Descriptors not named are not inherited, except 0, 1, 2 by default. */
export interface SpawnOptions {
  /** argv[0] is looked up as a path by `spawn` unless `path` is given; see `Process.spawn`. */
  readonly argv: readonly string[];
  /** The file to run, where argv[0] is only what the program is told it is called. */
  readonly path?: string;
  readonly env?: ReadonlyMap<string, string>;
  readonly cwd?: string;
  /** Child's descriptor number to the parent's. Default: 0, 1, 2 as they are. */
  readonly fds?: ReadonlyMap<number, number>;
  /** Join this process group; 0 makes a new one. */
  readonly processGroup?: number;
  /** Signals that the parent ignores but the child does not (a shell with job control, of TSTP). */
  readonly defaultSignals?: readonly Signal[];
  /** Runs this instead of looking argv[0] up: subshells, built-ins. */
  readonly program?: Program;
  /** It is a thread of its parent: no list of processes has it, it ends with its parent, and nobody need wait for it. */
  readonly thread?: boolean;
}

export type ExitStatus = { readonly code: number; readonly signal?: undefined } | { readonly code?: undefined; readonly signal: Signal };

/** What a parent hears of a child: how it ended, or by what signal it was stopped. */
export type ChildChange =
  | { readonly pid: number; readonly status: ExitStatus; readonly stopped?: undefined }
  | { readonly pid: number; readonly status?: undefined; readonly stopped: Signal };

/** Whom a process runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** A process as its own program sees it: state and system calls. Blocking calls are generators, others return at once or throw SystemError. */
export interface Process {
  readonly pid: number;
  readonly ppid: number;
  readonly processGroup: number;
  /** The process that the host started, of which this one descends: a terminal belongs to it. */
  readonly session: number;
  argv: readonly string[];
  /** Never changed in place, since processes share it; put another one in its place. */
  env: ReadonlyMap<string, string>;
  cwd: string;
  umask: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** What it may beyond what its user may: see `holds`. */
  readonly capabilities: bigint;
  /** The container-wide view: file system, host name, clock, network, process table. */
  readonly system: System;

  // Descriptors
  /** Returns at once; `opened` waits for the other end of a named pipe, as open(2) does. */
  open(path: string, flags: OpenFlags): number;
  /** Waits until who else is needed has opened it too. On EINTR (thrown) the descriptor is closed. */
  opened(fd: number): Syscall<number>;
  close(fd: number): void;
  dup(fd: number, to?: number): number;
  pipe(): readonly [read: number, write: number];
  /** At most `max` bytes, never more than 64 KiB; null at the end. EINTR when a handled signal arrives meanwhile. */
  read(fd: number, max?: number): Syscall<Uint8Array | null>;
  /** All of it; raises PIPE (and throws EPIPE if that is ignored) when nobody reads any more. */
  write(fd: number, data: Uint8Array | string): Syscall<void>;
  /** True if a `read` would not block now. */
  readable(fd: number): boolean;
  seek(fd: number, offset: number, from: 'start' | 'current' | 'end'): number;
  isTty(fd: number): boolean;
  stat(fd: number): FileStat;
  /** Open descriptor numbers, ascending. */
  descriptors(): readonly number[];
  /** The terminal behind a descriptor: size, echo, foreground group (stty, tcsetpgrp). Undefined if it is none. */
  terminal(fd: number): Terminal | undefined;

  // Processes
  /** Starts a child: a path is run as it is (ENOENT, EACCES, ENOEXEC); a bare name is searched on PATH by the caller. */
  spawn(options: SpawnOptions): number;
  /** Replaces this process's program; does not return. Descriptors from 10 on are closed (where shells keep their own). */
  exec(argv: readonly string[], env?: ReadonlyMap<string, string>, path?: string): Syscall<never>;
  /** Waits for a child (any if absent). Throws ECHILD. */
  wait(pid?: number, options?: WaitOptions): Syscall<{ readonly pid: number; readonly status: ExitStatus } | undefined>;
  /** As `wait`, and tells of children that a signal has stopped, each stop once (waitpid's WUNTRACED). */
  waitChange(pid?: number, options?: WaitOptions): Syscall<ChildChange | undefined>;
  kill(pid: number, signal: Signal | 0): void;
  /** What happens on a signal. A handler runs between two steps of this process; KILL and STOP cannot be handled. */
  onSignal(signal: Signal, action: 'default' | 'ignore' | (() => void)): void;
  setProcessGroup(pid: number, group: number): void;
  /** Becomes another user with these groups, for good unless that is root. Throws EPERM without SETUID or SETGID for what changes. */
  become(identity: Identity): void;
  /** Simulated time. `EINTR` (thrown) when a handled signal arrives. */
  sleep(ms: number): Syscall<void>;
  /** Gives others a turn; loops call it so that the kernel may take the processor away. Counts one step. */
  step(): Syscall<void>;
  /** Waits for a promise of the world outside the kernel (an injected service). */
  await<T>(promise: Promise<T>): Syscall<T>;
  exit(code: number): never;
  /** Counts work done without a system call, in steps of about 5 microseconds of simulated processor time. */
  charge(steps: number): void;
}

/** Settings of a terminal that its programs may change. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Echoes what is typed (ECHO). */
  echo: boolean;
  /** Collects and edits a line before anybody reads it (ICANON); otherwise each byte is handed over as it comes. */
  canonical: boolean;
  /** ^C, ^\ and ^Z send signals (ISIG). */
  signals: boolean;
  /** A typed carriage return arrives as a newline (ICRNL). */
  mapReturn: boolean;
  /** A written newline leaves as carriage return and newline (OPOST). */
  postProcess: boolean;
  /** The process group that ^C goes to and that may read. */
  foregroundGroup: number;
  /** The process that the terminal was given to; its descendants share it. */
  readonly session: number;
  /** A new window size: the foreground group gets WINCH. */
  resize(columns: number, rows: number): void;
}

/** What all processes of one container share. */
export interface System {
  readonly hostname: string;
  readonly fs: Filesystem;
  readonly network: NetworkStack;
  /** Simulated milliseconds since the Unix epoch. */
  now(): number;
  /** Sets the clock of the whole node. Throws EPERM without SYS_TIME. */
  setClock(ms: number): void;
  /** Throws EPERM without SYS_ADMIN, EINVAL for more than 64 bytes. */
  setHostname(name: string): void;
  /** Milliseconds since the simulated node booted. */
  uptimeMs(): number;
  random(): number;
  processes(): readonly ProcessInfo[];
  /** `uname -r` and so on. */
  readonly uname: { readonly system: string; readonly release: string; readonly version: string; readonly machine: string };
  /** Name services that image programs use (coredns asks for `dns`); undefined if the cluster gives none. */
  service<T>(name: string): T | undefined;
}

export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  readonly processGroup: number;
  readonly uid: number;
  readonly argv: readonly string[];
  /** The file it runs, without folders: unlike argv, a program does not change it. */
  readonly comm: string;
  readonly state: 'R' | 'S' | 'Z' | 'T';
  /** Simulated time of start, ms since the epoch. */
  readonly startedAt: number;
  readonly cpuMs: number;
  /** What it takes of the node's memory. */
  readonly memoryBytes: number;
}

/** Path operations of one container's mount table. Paths are absolute or relative to `cwd`. All are synchronous and throw SystemError. */
export interface Filesystem {
  stat(path: string, cwd?: string): FileStat;
  lstat(path: string, cwd?: string): FileStat;
  exists(path: string, cwd?: string): boolean;
  readdir(path: string, cwd?: string): readonly string[];
  readFile(path: string, cwd?: string): Uint8Array;
  readText(path: string, cwd?: string): string;
  writeFile(path: string, data: Uint8Array | string, options?: { readonly mode?: number; readonly append?: boolean; readonly cwd?: string }): void;
  mkdir(path: string, options?: { readonly mode?: number; readonly recursive?: boolean; readonly cwd?: string }): void;
  unlink(path: string, cwd?: string): void;
  rmdir(path: string, cwd?: string): void;
  rename(from: string, to: string, cwd?: string): void;
  link(target: string, path: string, cwd?: string): void;
  symlink(target: string, path: string, cwd?: string): void;
  mkfifo(path: string, mode: number, cwd?: string): void;
  readlink(path: string, cwd?: string): string;
  chmod(path: string, mode: number, cwd?: string): void;
  chown(path: string, uid: number, gid: number, cwd?: string): void;
  /** Sets the time; `now` may be set by whoever may write, any other only by the owner. */
  utimes(path: string, time: number | 'now', cwd?: string): void;
  truncate(path: string, size: number, cwd?: string): void;
  /** Whether one may read (4), write (2) or execute and search (1): access(2), false where nothing is. */
  access(path: string, bits: number, cwd?: string): boolean;
  realpath(path: string, cwd?: string): string;
  /** The program behind an executable file, if it is one of the image's own; a script is plain text and gives undefined. */
  programAt(path: string, cwd?: string): Program | undefined;
  mounts(): readonly {
    readonly source: string;
    readonly target: string;
    readonly type: string;
    readonly options: string;
    readonly sizeBytes: number;
    readonly usedBytes: number;
    /** Files, directories and links: how many there may be, and are. */
    readonly filesMax: number;
    readonly files: number;
  }[];
}

/** A byte stream between two ends, whatever carries it. */
export interface Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Queues bytes; false once more than the buffer's limit waits unread: then wait for `onDrain`. Throws EPIPE, ECONNRESET. */
  write(data: Uint8Array): boolean;
  /** No more bytes from this side. */
  end(): void;
  /**
   * Ends both directions at once, as close(2) does: what was written still arrives, then the end. The other side sees a reset
   * instead if it left bytes unread here, or as soon as it sends more.
   */
  destroy(): void;
  /** Bytes that have arrived, undefined if none yet, null at the end. Throws ECONNRESET once. */
  read(max?: number): Uint8Array | undefined | null;
  /** Calls back when there is something to read (or the end, or a reset). Returns how to call it off. */
  onReadable(callback: () => void): () => void;
  onDrain(callback: () => void): () => void;
}

export interface Listener {
  readonly port: number;
  /** The next waiting connection, undefined if none. */
  accept(): Connection | undefined;
  onConnection(callback: () => void): () => void;
  close(): void;
}

export interface DatagramSocket {
  readonly port: number;
  send(data: Uint8Array, address: string, port: number): void;
  receive(): { readonly data: Uint8Array; readonly address: string; readonly port: number } | undefined;
  onReadable(callback: () => void): () => void;
  close(): void;
}

/** The network as one pod sees it. Shared by all containers of the pod. */
export interface NetworkStack {
  /** The pod's own addresses, loopback left out. */
  readonly addresses: readonly string[];
  /** Throws EADDRINUSE, EACCES for a port that takes a capability. `address` `0.0.0.0` and `::` mean all. */
  listen(address: string, port: number): Listener;
  /** Resolves with a connection or rejects with SystemError (ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH). Numeric addresses only. */
  connect(address: string, port: number): Promise<Connection>;
  bindDatagram(address: string, port: number): DatagramSocket;
  /** Whether an echo request would be answered, after what round trip in ms. Throws EPERM for who may not send one. */
  ping(address: string): { readonly reachable: boolean; readonly roundTripMs: number };
}
