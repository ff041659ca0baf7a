import type { Caller } from '../kernel/open-file.ts';
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

export function linkNode(target: string, inode: number): LinkNode {
  return new LinkNode(target, { mode: 0o777, uid: 0, gid: 0, mtimeMs: 0 }, inode, undefined);
}
