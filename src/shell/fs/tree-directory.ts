import type { Caller } from '../kernel/open-file.ts';
import { SystemError } from '../kernel/types.ts';
import type { Node, NodeAttributes } from './node.ts';
import { DirectoryNode } from './node.ts';
import type { Storage } from './storage.ts';

/**
 * A directory with entries of its own, over one of an image that it shows through.
 *
 * Directories of the image are wrapped when first walked into, so a container costs nothing for what it never looks at.
 */
export class TreeDirectory extends DirectoryNode {
  /** Null hides an entry of the lower directory. */
  #own: Map<string, Node | null> | undefined;
  /** Directories put into it. */
  #directories = 0;
  /** Something was put into it or removed since it was laid over a lower one. */
  #merged = false;

  constructor(
    attributes: NodeAttributes,
    inode: number,
    storage: Storage | undefined,
    readonly lower?: TreeDirectory | undefined,
  ) {
    super(attributes, inode, storage);
  }

  /** A copy-on-write view of an image's directory. */
  static over(lower: TreeDirectory, storage: Storage): TreeDirectory {
    return new TreeDirectory(lower, lower.inode, storage, lower);
  }

  get(name: string): Node | undefined {
    const own = this.#own?.get(name);
    if (own) return own;
    if (own === null || !this.lower) return undefined;
    const below = this.lower.get(name);
    if (!(below instanceof TreeDirectory) || !this.storage) return below;
    const wrapped = TreeDirectory.over(below, this.storage);
    this.#entries().set(name, wrapped);
    return wrapped;
  }

  names(_caller?: Caller): string[] {
    if (!this.lower) return [...(this.#own?.keys() ?? [])].sort();
    const names = new Set(this.lower.names());
    for (const [name, node] of this.#own ?? []) {
      if (node) names.add(name);
      else names.delete(name);
    }
    return [...names].sort();
  }

  /** Its own `.` and the `..` of each directory in it; 1 for one that is merged of two layers, as overlayfs has it. */
  override get nlink(): number {
    return this.lower ? (this.#merged ? 1 : this.lower.nlink) : 2 + this.#directories;
  }

  get isEmpty(): boolean {
    return this.lower ? this.names().length === 0 : (this.#own?.size ?? 0) === 0;
  }

  put(name: string, node: Node): void {
    if (Buffer.byteLength(name) > 255) throw new SystemError('ENAMETOOLONG');
    this.#changing(name, node);
    this.#entries().set(name, node);
  }

  remove(name: string): void {
    this.#changing(name, undefined);
    if (this.lower?.get(name)) this.#entries().set(name, null);
    else this.#own?.delete(name);
  }

  #changing(name: string, next: Node | undefined): void {
    this.#merged = true;
    if (this.#own?.get(name)?.type === 'directory') this.#directories -= 1;
    if (next?.type === 'directory') this.#directories += 1;
  }

  #entries(): Map<string, Node | null> {
    this.#own ??= new Map();
    return this.#own;
  }
}
