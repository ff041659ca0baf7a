import { Fifo } from '../kernel/fifo.ts';
import type { Caller, OpenFile } from '../kernel/open-file.ts';
import type { FileStat, Program } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { Contents } from './contents.ts';
import type { MountEntry } from './mount.ts';
import type { Storage } from './storage.ts';

export interface NodeAttributes {
  mode: number;
  uid: number;
  gid: number;
  /** Simulated ms since the epoch. */
  mtimeMs: number;
}

/** Anything that a directory can name. Nodes of an image have no storage: they never change. */
export abstract class Node {
  abstract readonly type: FileStat['type'];
  mode: number;
  uid: number;
  gid: number;
  mtimeMs: number;
  links = 1;

  constructor(
    attributes: NodeAttributes,
    readonly inode: number,
    readonly storage: Storage | undefined,
  ) {
    this.mode = attributes.mode;
    this.uid = attributes.uid;
    this.gid = attributes.gid;
    this.mtimeMs = attributes.mtimeMs;
  }

  get size(): number {
    return 0;
  }

  /** What `stat` shows: names that lead to it. */
  get nlink(): number {
    return this.links;
  }

  stat(): FileStat {
    return {
      type: this.type,
      mode: this.mode,
      uid: this.uid,
      gid: this.gid,
      size: this.size,
      nlink: this.nlink,
      mtimeMs: this.mtimeMs,
      inode: this.inode,
      device: this.storage?.device ?? 1,
    };
  }
}

/** A regular file. Contents of an image's file are shared and must not be written. */
export class FileNode extends Node {
  readonly type = 'file';
  /** Open files that hold it after it has been unlinked. */
  opens = 0;
  readonly #contents = new Contents();

  constructor(
    attributes: NodeAttributes,
    inode: number,
    storage: Storage | undefined,
    /** What runs when it is executed; undefined for data and scripts. */
    readonly program?: Program | undefined,
  ) {
    super(attributes, inode, storage);
  }

  override get size(): number {
    return this.#contents.size;
  }

  /** The contents, shared: callers must not change them, nor keep them over a write. A large file is copied: rather `read` a part. */
  contents(): Uint8Array {
    return this.#contents.all();
  }

  /** A copy of at most `length` bytes from `offset` on. */
  read(offset: number, length: number): Uint8Array {
    return this.#contents.read(offset, length);
  }

  /** Sets contents without counting them: an image's file. */
  fill(data: Uint8Array): void {
    this.#contents.fill(data);
  }

  /** Returns how many bytes were written: fewer when the room ends. Throws ENOSPC when there is none. */
  write(data: Uint8Array, offset: number): number {
    const end = offset + data.length;
    const growth = Math.max(0, end - this.size);
    const room = this.storage?.room(growth) ?? 0;
    const length = data.length - (growth - room);
    if (length <= 0 && data.length > 0) throw new SystemError('ENOSPC');
    this.#resize(Math.max(this.size, offset + length));
    this.#contents.write(length === data.length ? data : data.subarray(0, length), offset);
    return length;
  }

  /** Cuts or extends with zeros. Throws ENOSPC. */
  truncate(size: number): void {
    const growth = size - this.size;
    if (growth > 0 && (this.storage?.room(growth) ?? 0) < growth) throw new SystemError('ENOSPC');
    this.#resize(size);
  }

  #resize(size: number): void {
    if (size !== this.size) this.storage?.resize(size - this.size);
    this.#contents.resize(size);
  }
}

/** A named pipe. */
export class FifoNode extends Node {
  readonly type = 'pipe';
  readonly fifo = new Fifo();
}

export class LinkNode extends Node {
  readonly type = 'symlink';

  constructor(
    readonly target: string,
    attributes: NodeAttributes,
    inode: number,
    storage: Storage | undefined,
  ) {
    super(attributes, inode, storage);
  }

  override get size(): number {
    return Buffer.byteLength(this.target);
  }
}

/** `/proc/PID/root`: following it leads to the top of the mount table that `follow` gives, not to a path. */
export class RootLink extends LinkNode {
  constructor(
    attributes: NodeAttributes,
    inode: number,
    readonly follow: (caller: Caller) => RootTable,
  ) {
    super('/', attributes, inode, undefined);
  }
}

/** A container's mounts, the root's beside the others by their canonical paths. */
export interface RootTable {
  readonly root: MountEntry;
  readonly mounts: ReadonlyMap<string, MountEntry>;
}

/** A device, or a link to an open file (/proc/1/fd/1): opening it asks for the file behind. */
export class SpecialNode extends Node {
  readonly type: FileStat['type'];

  constructor(
    type: FileStat['type'],
    mode: number,
    inode: number,
    readonly open: (caller: Caller, write: boolean) => OpenFile,
    /** What `readlink` shows, for links to open files. */
    readonly target?: string,
  ) {
    super({ mode, uid: 0, gid: 0, mtimeMs: 0 }, inode, undefined);
    this.type = type;
  }
}

/** A directory, whatever its entries come from. */
export abstract class DirectoryNode extends Node {
  readonly type = 'directory';
  abstract get(name: string, caller: Caller): Node | undefined;
  /** Sorted by name. */
  abstract names(caller: Caller): string[];
  /** Adds or replaces an entry. Throws SystemError where nothing can be added. */
  abstract put(name: string, node: Node): void;
  abstract remove(name: string): void;

  override get nlink(): number {
    return 2;
  }

  override get size(): number {
    return 4096;
  }
}
