import type { HostRoom } from '../kernel/host-room.ts';
import { SystemError } from '../kernel/types.ts';
import type { ImageLayer } from './image-layer.ts';
import type { Node, NodeAttributes } from './node.ts';
import { DirectoryNode, FileNode, LinkNode } from './node.ts';
import { freeUnused } from './regular-file.ts';
import { Storage } from './storage.ts';
import { TreeDirectory } from './tree-directory.ts';

export interface VolumeOptions {
  /** Writes beyond fail with ENOSPC. */
  readonly sizeLimitBytes?: number | undefined;
  readonly filesLimit?: number | undefined;
  /** Of the top directory; default 0777, as emptyDir has it, or those of the layer's. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** When it was made, in ms since the epoch. */
  readonly now?: number | undefined;
  /** What `mount` shows: default `tmpfs`. */
  readonly type?: string | undefined;
  readonly source?: string | undefined;
  /** Shows through until written over: an image volume. */
  readonly layer?: ImageLayer | undefined;
  /** What all volumes of the host may keep together. */
  readonly room?: HostRoom | undefined;
}

export interface VolumeFileContent {
  /** Relative to the volume, with `/` between names. */
  readonly path: string;
  readonly data: Uint8Array | string;
  readonly mode: number;
  /** Default 0. */
  readonly uid?: number | undefined;
}

const setGroupId = 0o2000;
/** Linux gives up after this many symbolic links. */
const linksMax = 40;

/** Files that any number of containers may mount at the same time. */
export class Volume {
  readonly storage: Storage;
  readonly root: TreeDirectory;
  readonly type: string;
  readonly source: string;
  #generation = 0;

  constructor(options: VolumeOptions = {}) {
    this.storage = new Storage(50, { bytes: options.sizeLimitBytes, files: options.filesLimit, room: options.room });
    this.type = options.type ?? 'tmpfs';
    this.source = options.source ?? this.type;
    const { mode = 0o777, uid = 0, gid = 0, mtimeMs = 0 }: Partial<NodeAttributes> = options.layer?.root ?? {};
    const attributes = { mode: options.mode ?? mode, uid: options.uid ?? uid, gid: options.gid ?? gid, mtimeMs: options.now ?? mtimeMs };
    this.root = new TreeDirectory(attributes, this.storage.nextInode(), this.storage, options.layer?.root);
  }

  get usedBytes(): number {
    return this.storage.usedBytes;
  }

  /**
   * A directory or file inside, for subPath; missing directories are made, with the rights of the volume's top as the kubelet does.
   * Symbolic links are followed inside the volume. Throws EINVAL for `..`, EXDEV for a link that leads out, ENOENT for one that leads
   * nowhere, ELOOP, ENOTDIR.
   */
  at(subPath: string, mode = this.root.mode): Node {
    return this.#walk(subPath, (folder, name) => this.#makeFolder(folder, name, mode));
  }

  /** As `at`, but nothing is made: throws ENOENT for what is not there. */
  find(subPath: string): Node {
    return this.#walk(subPath, () => {
      throw new SystemError('ENOENT', subPath);
    });
  }

  #walk(subPath: string, missing: (folder: TreeDirectory, name: string) => Node): Node {
    const todo = subPath.split('/').reverse();
    if (todo.includes('..')) throw new SystemError('EINVAL', subPath);
    const stack: Node[] = [this.root];
    let links = 0;
    /** How many of the names that are left come from here, not from a link. */
    let own = todo.length;
    while (todo.length > 0) {
      const name = todo.pop() as string;
      const fromLink = todo.length >= own;
      own = Math.min(own, todo.length);
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (stack.length === 1) throw new SystemError('EXDEV', subPath);
        stack.pop();
        continue;
      }
      const folder = stack[stack.length - 1];
      if (!(folder instanceof TreeDirectory)) throw new SystemError('ENOTDIR', subPath);
      const found = folder.get(name);
      if (found instanceof LinkNode) {
        links += 1;
        if (links > linksMax) throw new SystemError('ELOOP', subPath);
        if (found.target.startsWith('/')) throw new SystemError('EXDEV', subPath);
        todo.push(...found.target.split('/').reverse());
        continue;
      }
      if (!found && fromLink) throw new SystemError('ENOENT', subPath);
      stack.push(found ?? missing(folder, name));
    }
    return stack[stack.length - 1] as Node;
  }

  /** A file by its path, following the links that `replaceFiles` makes; undefined if there is none. */
  read(path: string): Uint8Array | undefined {
    const node = lookUp(this.root, path, 0);
    return node instanceof FileNode ? node.read(0, node.size) : undefined;
  }

  /** Writes one file in place, making its directories. Containers that have mounted it see the change. */
  writeFile(
    path: string,
    data: Uint8Array | string,
    options: { readonly mode?: number; readonly uid?: number; readonly gid?: number; readonly now?: number } = {},
  ): void {
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop() ?? '';
    const folder = this.at(names.join('/'), 0o755);
    if (!(folder instanceof TreeDirectory)) throw new SystemError('ENOTDIR', path);
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const attributes = { mode: options.mode ?? 0o644, uid: options.uid ?? 0, gid: options.gid ?? 0, mtimeMs: options.now ?? 0 };
    const existing = folder.get(last);
    if (existing instanceof FileNode && existing.storage) {
      existing.truncate(0);
      Object.assign(existing, attributes);
      existing.write(bytes, 0);
      return;
    }
    this.storage.addEntry();
    const file = new FileNode(attributes, this.storage.nextInode(), this.storage);
    if (bytes.length > 0) file.write(bytes, 0);
    folder.put(last, file);
  }

  /**
   * Replaces everything that was laid in before, at once: readers see all old or all new files
   * (upstream: kubelet's AtomicWriter with `..data` and its links). A group that is given may read all of them, whatever their modes.
   */
  replaceFiles(files: readonly VolumeFileContent[], options: { readonly now: number; readonly gid?: number | undefined }): void {
    const { now, gid = 0 } = options;
    this.#generation += 1;
    const name = `..${stamp(now)}.${String(this.#generation).padStart(9, '0')}`;
    for (const { path, data, mode, uid } of files) this.writeFile(`${name}/${path}`, data, { mode, uid, now });
    const folder = this.at(name, 0o755);
    folder.mtimeMs = now;
    if (options.gid !== undefined) giveToReaders(folder, options.gid);
    const before = this.root.get('..data');
    this.#link('..data', name, now, gid);
    const tops = new Set(files.map(({ path }) => path.split('/').find((part) => part !== '') ?? ''));
    for (const top of tops) if (!(this.root.get(top) instanceof LinkNode)) this.#link(top, `..data/${top}`, now, gid);
    for (const old of this.root.names()) if (!old.startsWith('..') && !tops.has(old)) this.#unlinkIfOurs(old);
    if (before instanceof LinkNode && before.target !== name) this.#removeTree(before.target);
    this.root.mtimeMs = now;
  }

  #makeFolder(folder: TreeDirectory, name: string, mode: number): Node {
    this.storage.addEntry();
    const { mtimeMs } = this.root;
    const made = new TreeDirectory({ mode, uid: 0, gid: folder.mode & setGroupId ? folder.gid : 0, mtimeMs }, this.storage.nextInode(), this.storage);
    folder.put(name, made);
    return made;
  }

  #link(name: string, target: string, now: number, gid: number): void {
    if (!this.root.get(name)) this.storage.addEntry();
    this.root.put(name, new LinkNode(target, { mode: 0o777, uid: 0, gid, mtimeMs: now }, this.storage.nextInode(), this.storage));
  }

  #unlinkIfOurs(name: string): void {
    const node = this.root.get(name);
    if (!(node instanceof LinkNode) || !node.target.startsWith('..data/')) return;
    this.root.remove(name);
    this.storage.removeEntry();
  }

  #removeTree(name: string): void {
    const node = this.root.get(name);
    if (!node) return;
    this.root.remove(name);
    releaseTree(node);
  }
}

/** Makes a volume; see VolumeOptions. */
export function createVolume(options: VolumeOptions = {}): Volume {
  return new Volume(options);
}

/** Lets a group read a tree (pkg/volume SetVolumeOwnership of a volume that is read-only). */
function giveToReaders(node: Node, gid: number): void {
  node.gid = gid;
  if (!(node instanceof TreeDirectory)) {
    node.mode |= 0o440;
    return;
  }
  node.mode |= setGroupId | 0o550;
  for (const name of node.names()) {
    const child = node.get(name);
    if (child) giveToReaders(child, gid);
  }
}

function releaseTree(node: Node): void {
  if (node instanceof TreeDirectory) {
    for (const name of node.names()) {
      const child = node.get(name);
      if (child) releaseTree(child);
    }
  }
  node.storage?.removeEntry();
  node.links -= 1;
  if (node instanceof FileNode) freeUnused(node);
}

function lookUp(root: TreeDirectory, path: string, depth: number): Node | undefined {
  let node: Node | undefined = root;
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    node = node instanceof DirectoryNode ? (node as TreeDirectory).get(name) : undefined;
    if (node instanceof LinkNode) node = depth < 8 ? lookUp(root, node.target, depth + 1) : undefined;
  }
  return node;
}

function stamp(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replace('T', '_').replaceAll(/[-:]/g, '_');
}
