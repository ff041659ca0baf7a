import { allCapabilities, holds } from '../kernel/capabilities.ts';
import { wholeBytesMax } from '../kernel/held-memory.ts';
import type { Caller } from '../kernel/open-file.ts';
import type { FileStat, Filesystem, Program } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { ContainerFs } from './container-fs.ts';
import { isDescriptorLink, withPath } from './container-fs.ts';
import { createNode, ownFile, ownNode, removeNode, renameNode } from './edit.ts';
import type { Node } from './node.ts';
import { DirectoryNode, FifoNode, FileNode, LinkNode, SpecialNode } from './node.ts';
import { openPlace } from './open-place.ts';
import { pathLimitBytes } from './path-walk.ts';
import { isInGroup, may, mayGive, owns } from './permissions.ts';
import { TreeDirectory } from './tree-directory.ts';

/** A larger file is read in portions, not at once. */
const wholeFileMax = 64 * 1024 ** 2;

/** A container's files as one process sees them. Relative paths start at `cwd`, by default the process's own. */
export class FilesystemView implements Filesystem {
  constructor(
    readonly fs: ContainerFs,
    readonly caller: Caller,
  ) {}

  stat(path: string, cwd?: string): FileStat {
    return withPath(path, () => {
      const node = this.#find(path, true, cwd);
      return isDescriptorLink(node) ? node.open({ ...this.caller, capabilities: allCapabilities }, false).stat() : node.stat();
    });
  }

  lstat(path: string, cwd?: string): FileStat {
    return withPath(path, () => this.#find(path, false, cwd).stat());
  }

  exists(path: string, cwd?: string): boolean {
    try {
      return this.fs.walk(path, this.caller, true, cwd).node !== undefined;
    } catch {
      return false;
    }
  }

  readdir(path: string, cwd?: string): readonly string[] {
    return withPath(path, () => {
      const node = this.#find(path, true, cwd);
      if (!(node instanceof DirectoryNode)) throw new SystemError('ENOTDIR');
      if (!may(node, this.caller, 4)) throw new SystemError('EACCES');
      return node.names(this.caller);
    });
  }

  readFile(path: string, cwd?: string): Uint8Array {
    return withPath(path, () => {
      const node = this.#find(path, true, cwd);
      if (node instanceof DirectoryNode) throw new SystemError('EISDIR');
      if (!(node instanceof FileNode)) return readNow(node, this.caller);
      if (!may(node, this.caller, 4)) throw new SystemError('EACCES');
      if (node.size > wholeFileMax) throw new SystemError('ENOMEM');
      return node.read(0, node.size);
    });
  }

  readText(path: string, cwd?: string): string {
    const data = this.readFile(path, cwd);
    if (data.length > wholeBytesMax) throw new SystemError('ENOMEM', path);
    return Buffer.from(data).toString();
  }

  writeFile(path: string, data: Uint8Array | string, options: { readonly mode?: number; readonly append?: boolean; readonly cwd?: string } = {}): void {
    withPath(path, () => {
      const flags = {
        write: true,
        create: true,
        append: options.append ?? false,
        truncate: !options.append,
        ...(options.mode === undefined ? {} : { mode: options.mode }),
      };
      const file = openPlace(this.fs, this.fs.walk(path, this.caller, true, options.cwd), flags, this.caller);
      const held = file.references > 0;
      let bytes = typeof data === 'string' ? Buffer.from(data) : data;
      try {
        while (bytes.length > 0) {
          const taken = file.write(bytes);
          if (taken === 0) throw new SystemError('EAGAIN');
          bytes = bytes.subarray(taken);
        }
      } finally {
        if (!held) file.release();
      }
    });
  }

  mkdir(path: string, options: { readonly mode?: number; readonly recursive?: boolean; readonly cwd?: string } = {}): void {
    if (options.recursive) {
      this.#mkdirAll(path, options);
      return;
    }
    withPath(path, () => {
      const place = this.fs.walk(path.length > pathLimitBytes ? path : path.replace(/(?<=.)\/+$/, ''), this.caller, false, options.cwd);
      const mode = (options.mode ?? 0o777) & ~this.caller.umask;
      createNode(this.fs, place, this.caller, (inode, storage) => new TreeDirectory({ ...this.#owner(), mode }, inode, storage));
    });
  }

  unlink(path: string, cwd?: string): void {
    withPath(path, () => {
      const place = this.fs.walk(path, this.caller, false, cwd);
      if (place.node instanceof DirectoryNode) throw new SystemError('EISDIR');
      removeNode(this.fs, place, this.caller);
    });
  }

  rmdir(path: string, cwd?: string): void {
    withPath(path, () => {
      const place = this.fs.walk(path, this.caller, false, cwd);
      if (place.node && !(place.node instanceof DirectoryNode)) throw new SystemError('ENOTDIR');
      if (place.node && place.node instanceof DirectoryNode && place.node.names(this.caller).length > 0) {
        throw new SystemError(this.fs.isMountPoint(place.path) ? 'EBUSY' : 'ENOTEMPTY');
      }
      removeNode(this.fs, place, this.caller);
    });
  }

  rename(from: string, to: string, cwd?: string): void {
    withPath(from, () => {
      const source = this.fs.walk(from, this.caller, false, cwd);
      renameNode(this.fs, source, this.fs.walk(to, this.caller, false, cwd), this.caller);
    });
  }

  link(target: string, path: string, cwd?: string): void {
    withPath(path, () => {
      const source = this.fs.walk(target, this.caller, false, cwd);
      if (!source.node) throw new SystemError('ENOENT', target);
      if (source.node instanceof DirectoryNode) throw new SystemError('EPERM');
      const place = this.fs.walk(path, this.caller, false, cwd);
      if (place.mount !== source.mount) throw new SystemError('EXDEV');
      const node = source.node.storage ? source.node : ownFile(source);
      createNode(this.fs, place, this.caller, () => node);
      node.links += 1;
      node.storage?.removeEntry(); // The same file under another name.
    });
  }

  symlink(target: string, path: string, cwd?: string): void {
    withPath(path, () => {
      const place = this.fs.walk(path, this.caller, false, cwd);
      createNode(this.fs, place, this.caller, (inode, storage) => new LinkNode(target, { ...this.#owner(), mode: 0o777 }, inode, storage));
    });
  }

  mkfifo(path: string, mode: number, cwd?: string): void {
    withPath(path, () => {
      const place = this.fs.walk(path, this.caller, false, cwd);
      const attributes = { ...this.#owner(), mode: mode & ~this.caller.umask };
      createNode(this.fs, place, this.caller, (inode, storage) => new FifoNode(attributes, inode, storage));
    });
  }

  readlink(path: string, cwd?: string): string {
    return withPath(path, () => {
      const node = this.#find(path, false, cwd);
      if (node instanceof LinkNode) return node.target;
      if (isDescriptorLink(node) && node.target) return node.target;
      throw new SystemError('EINVAL');
    });
  }

  chmod(path: string, mode: number, cwd?: string): void {
    withPath(path, () => {
      const node = ownNode(this.fs.walk(path, this.caller, true, cwd), this.caller);
      const keepsGroupBit = isInGroup(this.caller, node.gid) || holds(this.caller, 'FSETID');
      node.mode = mode & (keepsGroupBit ? 0o7777 : 0o5777);
    });
  }

  chown(path: string, uid: number, gid: number, cwd?: string): void {
    withPath(path, () => {
      const node = ownNode(this.fs.walk(path, this.caller, true, cwd), this.caller, (one) => mayGive(one, this.caller, uid, gid));
      node.uid = uid;
      node.gid = gid;
      // A program must not run as somebody who has never said so.
      if (node.type === 'file') node.mode &= node.mode & 0o010 ? 0o1777 : 0o3777;
    });
  }

  utimes(path: string, time: number | 'now', cwd?: string): void {
    withPath(path, () => {
      const place = this.fs.walk(path, this.caller, true, cwd);
      const allowed = (node: Node) => owns(node, this.caller) || (time === 'now' && may(node, this.caller, 2));
      if (time === 'now' && place.node && !place.mount.readOnly && !allowed(place.node)) throw new SystemError('EACCES');
      ownNode(place, this.caller, allowed).mtimeMs = time === 'now' ? this.fs.now() : time;
    });
  }

  access(path: string, bits: number, cwd?: string): boolean {
    try {
      const { node, mount } = this.fs.walk(path, this.caller, true, cwd);
      if (!node || !may(node, this.caller, bits)) return false;
      return (bits & 2) === 0 || !mount.readOnly || node instanceof SpecialNode;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  truncate(path: string, size: number, cwd?: string): void {
    withPath(path, () => {
      const place = this.fs.walk(path, this.caller, true, cwd);
      if (!place.node) throw new SystemError('ENOENT');
      if (!may(place.node, this.caller, 2)) throw new SystemError('EACCES');
      const file = ownFile(place);
      file.truncate(size);
      file.mtimeMs = this.fs.now();
    });
  }

  realpath(path: string, cwd?: string): string {
    return withPath(path, () => {
      const place = this.fs.walk(path, this.caller, true, cwd);
      if (!place.node) throw new SystemError('ENOENT');
      return place.path;
    });
  }

  programAt(path: string, cwd?: string): Program | undefined {
    try {
      const { node } = this.fs.walk(path, this.caller, true, cwd);
      return node instanceof FileNode ? node.program : undefined;
    } catch {
      return undefined;
    }
  }

  mounts(): ReturnType<Filesystem['mounts']> {
    return this.fs.mounts().map(({ source, target, type, options, storage }) => ({
      source,
      target,
      type,
      options,
      sizeBytes: storage && Number.isFinite(storage.limitBytes) ? storage.limitBytes : 0,
      usedBytes: storage?.usedBytes ?? 0,
      filesMax: storage && Number.isFinite(storage.limitFiles) ? storage.limitFiles : 0,
      files: storage?.files ?? 0,
    }));
  }

  #find(path: string, follow: boolean, cwd?: string): Node {
    const { node } = this.fs.walk(path, this.caller, follow, cwd);
    if (!node) throw new SystemError('ENOENT');
    return node;
  }

  #mkdirAll(path: string, options: { readonly mode?: number; readonly cwd?: string }): void {
    const names = path.split('/');
    let prefix = path.startsWith('/') ? '/' : '';
    for (const name of names) {
      if (name === '') continue;
      prefix += name;
      const found = withPath(path, () => this.fs.walk(prefix, this.caller, true, options.cwd).node);
      if (!found) this.mkdir(prefix, { mode: options.mode ?? 0o777, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) });
      else if (!(found instanceof DirectoryNode)) throw new SystemError(name === names.at(-1) ? 'EEXIST' : 'ENOTDIR', path);
      prefix += '/';
    }
  }

  #owner() {
    return { uid: this.caller.uid, gid: this.caller.gid, mtimeMs: this.fs.now() };
  }
}

/** What a device has ready; nothing if it would block. */
function readNow(node: Node, caller: Caller): Uint8Array {
  if (!(node instanceof SpecialNode)) throw new SystemError('EINVAL');
  return node.open(caller, false).read(65_536) ?? new Uint8Array(0);
}
