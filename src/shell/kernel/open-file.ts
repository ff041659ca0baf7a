import type { Hardware } from './hardware.ts';
import type { KernelParameters } from './kernel-parameters.ts';
import type { UserNamespace } from './namespaces.ts';
import type { Privileges } from './privileges.ts';
import type { FileStat, Filesystem, OpenFlags, Program, Terminal } from './types.ts';

/**
 * An open file description: what descriptors of any number of processes share (offset included).
 *
 * Calls never block: they say that they would, and `onReadable` and `onWritable` tell when to try again.
 */
export interface OpenFile {
  /** Descriptors that name it. The kernel counts; at zero it calls `release`. */
  references: number;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  /** Bytes, null at the end, undefined if none have come yet. */
  read(max: number): Uint8Array | null | undefined;
  /** How many bytes were taken; fewer than given means: wait for `onWritable`. Throws SystemError. */
  write(data: Uint8Array): number;
  /** True if `read` would give something (or the end) now. */
  readable(): boolean;
  onReadable(wake: () => void): () => void;
  onWritable(wake: () => void): () => void;
  seek(offset: number, from: 'start' | 'current' | 'end'): number;
  stat(): FileStat;
  readonly terminal?: Terminal | undefined;
  /** False for an end of a named pipe whose other end nobody has opened yet; open(2) waits for that, by `onReadable`. */
  readonly met?: boolean;
  /** The path shown in /proc/PID/fd. */
  readonly name: string;
  release(): void;
}

/** On whose behalf a path is looked up. */
export interface Caller {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly umask: number;
  readonly cwd: string;
  /** What it may beyond what its user may: see `holds`. */
  readonly capabilities: bigint;
}

/** What /proc and /dev ask of the process table. */
export interface ProcessTable {
  pids(): readonly number[];
  process(pid: number): ProcessDetails | undefined;
  now(): number;
  /** What clocks in the container show, ms since the epoch: `now` unless somebody has set the node's clock. */
  wallClock(): number;
  uptimeMs(): number;
  readonly uname: { readonly system: string; readonly release: string; readonly version: string; readonly machine: string };
  readonly hostname: string;
  readonly parameters: KernelParameters;
  /** The machine it runs on. */
  readonly hardware: Hardware;
  randomBytes(length: number): Uint8Array;
}

export interface ProcessDetails {
  readonly pid: number;
  readonly ppid: number;
  readonly processGroup: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly capabilities: bigint;
  readonly argv: readonly string[];
  readonly comm: string;
  /** The file that it runs, absolute; empty for what no file holds. */
  readonly exe: string;
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly state: 'R' | 'S' | 'Z' | 'T';
  readonly startedAt: number;
  readonly cpuMs: number;
  /** How many it is made of, itself included. */
  readonly threads: number;
  readonly memoryBytes: number;
  /** What is added to its score when the node is out of memory. */
  readonly oomScoreAdj: number;
  /** Whose files it sees, and whose privileges it has: another container's, where they share their processes. */
  readonly container: {
    readonly fs: ContainerFilesystem;
    readonly privileges: Privileges;
    /** The users of its pod, if they are not the node's. */
    readonly userNamespace: UserNamespace | undefined;
    /** By type. */
    namespaces(): Readonly<Record<string, number>>;
  };
  descriptors(): readonly number[];
  file(fd: number): OpenFile | undefined;
}

/** A container's mount table as the kernel uses it; src/shell/fs implements it. */
export interface ContainerFilesystem {
  /** Called once, before anything else, with the table behind /proc. */
  attach(table: ProcessTable): void;
  /** Path operations with the rights of `caller`. */
  view(caller: Caller): Filesystem;
  /** Opens a path. Throws SystemError. */
  open(path: string, flags: OpenFlags, caller: Caller): OpenFile;
  /** Whether `caller` may run the file, then what it is. Throws ENOENT, EACCES, ENOTDIR, ELOOP. */
  executable(path: string, caller: Caller): { readonly program?: Program | undefined; readonly text?: string };
}
