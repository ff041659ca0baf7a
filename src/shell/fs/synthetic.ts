import { AlwaysReadyFile } from '../kernel/always-ready-file.ts';
import type { Caller, OpenFile } from '../kernel/open-file.ts';
import type { FileStat } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Node } from './node.ts';
import { DirectoryNode, FileNode, LinkNode } from './node.ts';

/** A directory whose entries are made up when somebody looks: /proc. */
export class SyntheticDirectory extends DirectoryNode {
  constructor(
    inode: number,
    readonly list: (caller: Caller) => string[],
    readonly find: (name: string, caller: Caller) => Node | undefined,
  ) {
    super({ mode: 0o555, uid: 0, gid: 0, mtimeMs: 0 }, inode, undefined);
  }

  get(name: string, caller: Caller): Node | undefined {
    return this.find(name, caller);
  }
  names(caller: Caller): string[] {
    return this.list(caller);
  }
  override get size(): number {
    return 0;
  }
  put(): void {
    throw new SystemError('ENOENT');
  }
  remove(): void {
    throw new SystemError('EPERM');
  }
}

/** A read-only file with the text of this moment. */
export function textNode(text: string, inode: number, mode = 0o444): FileNode {
  const node = new FileNode({ mode, uid: 0, gid: 0, mtimeMs: 0 }, inode, undefined);
  node.fill(Buffer.from(text));
  return node;
}

/** An open file with the text of when it was opened; what is written is taken as one value each time. */
export class TextFile extends AlwaysReadyFile implements OpenFile {
  references = 0;
  readonly canRead = true;
  readonly canWrite = true;
  readonly #text: Buffer;
  #offset = 0;

  constructor(
    readonly name: string,
    text: () => string,
    readonly take: (data: Uint8Array) => void,
    readonly facts: FileStat,
  ) {
    super();
    this.#text = Buffer.from(text());
  }

  read(max: number): Uint8Array | null {
    if (this.#offset >= this.#text.length) return null;
    const data = this.#text.subarray(this.#offset, this.#offset + max);
    this.#offset += data.length;
    return data;
  }
  write(data: Uint8Array): number {
    this.take(data);
    return data.length;
  }
  seek(offset: number, from: 'start' | 'current' | 'end'): number {
    const base = from === 'start' ? 0 : from === 'current' ? this.#offset : this.#text.length;
    if (base + offset < 0) throw new SystemError('EINVAL');
    this.#offset = base + offset;
    return this.#offset;
  }
  stat(): FileStat {
    return this.facts;
  }
  release(): void {}
}

export function linkNode(target: string, inode: number): LinkNode {
  return new LinkNode(target, { mode: 0o777, uid: 0, gid: 0, mtimeMs: 0 }, inode, undefined);
}
