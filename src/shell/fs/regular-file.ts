import { AlwaysReadyFile } from '../kernel/always-ready-file.ts';
import type { OpenFile } from '../kernel/open-file.ts';
import type { FileStat, OpenFlags } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { DirectoryNode, FileNode } from './node.ts';

/** An open regular file: the offset is shared by all descriptors that were duplicated from it. */
export class RegularFile extends AlwaysReadyFile implements OpenFile {
  references = 0;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly #append: boolean;
  #offset = 0;

  constructor(
    readonly node: FileNode,
    flags: OpenFlags,
    readonly name: string,
    readonly now: () => number,
  ) {
    super();
    this.canRead = flags.read ?? !flags.write;
    this.canWrite = flags.write === true || flags.append === true;
    this.#append = flags.append === true;
    node.opens += 1;
  }

  read(max: number): Uint8Array | null {
    if (this.#offset >= this.node.size) return null;
    const data = this.node.read(this.#offset, max);
    this.#offset += data.length;
    return data;
  }

  write(data: Uint8Array): number {
    const at = this.#append ? this.node.size : this.#offset;
    const written = this.node.write(data, at);
    this.#offset = at + written;
    this.node.mtimeMs = this.now();
    return written;
  }

  seek(offset: number, from: 'start' | 'current' | 'end'): number {
    const base = from === 'start' ? 0 : from === 'current' ? this.#offset : this.node.size;
    if (base + offset < 0) throw new SystemError('EINVAL');
    this.#offset = base + offset;
    return this.#offset;
  }

  stat(): FileStat {
    return this.node.stat();
  }

  release(): void {
    this.node.opens -= 1;
    freeUnused(this.node);
  }
}

/** Gives a file's room back once no name and no descriptor leads to it. */
export function freeUnused(node: FileNode): void {
  if (node.links === 0 && node.opens === 0 && node.storage && node.size > 0) node.truncate(0);
}

/** An open directory: can be asked what it is, not read as bytes. */
export class OpenDirectory implements OpenFile {
  references = 0;
  readonly canRead = true;
  readonly canWrite = false;

  constructor(
    readonly node: DirectoryNode,
    readonly name: string,
  ) {}

  read(): null {
    throw new SystemError('EISDIR');
  }
  write(): number {
    throw new SystemError('EBADF');
  }
  readable(): boolean {
    return true;
  }
  onReadable(wake: () => void): () => void {
    wake();
    return () => {};
  }
  onWritable(): () => void {
    return () => {};
  }
  seek(): number {
    return 0;
  }
  stat(): FileStat {
    return this.node.stat();
  }
  release(): void {}
}
