import type { Caller } from '../kernel/open-file.ts';
import { SystemError } from '../kernel/types.ts';
import type { ContainerFs } from './container-fs.ts';
import type { Node } from './node.ts';
import { DirectoryNode, FileNode, LinkNode } from './node.ts';
import type { Place, Step } from './path-walk.ts';
import { isStuck, may, owns } from './permissions.ts';
import { freeUnused } from './regular-file.ts';
import type { Storage } from './storage.ts';
import { TreeDirectory } from './tree-directory.ts';

/** Puts a new node at a place that is free. Throws EEXIST, EROFS, EACCES, ENOSPC. */
export function createNode<T extends Node>(fs: ContainerFs, place: Place, caller: Caller, make: (inode: number, storage: Storage) => T): T {
  if (place.node || place.name === '') throw new SystemError('EEXIST');
  const directory = writableDirectory(place.parent, caller);
  const { storage } = directory;
  if (!storage) throw new SystemError('ENOENT'); // /proc
  storage.addEntry();
  const node = make(storage.nextInode(), storage);
  inheritGroup(directory, node);
  directory.put(place.name, node);
  directory.mtimeMs = fs.now();
  return node;
}

/** What is made in a directory with the set-group-ID bit is of its group, and directories hand the bit on. */
function inheritGroup(directory: DirectoryNode, node: Node): void {
  if (!(directory.mode & 0o2000)) return;
  node.gid = directory.gid;
  if (node instanceof DirectoryNode) node.mode |= 0o2000;
}

/** Takes a name away; the file itself goes with its last name and its last descriptor. */
export function removeNode(fs: ContainerFs, place: Place, caller: Caller): void {
  const { node } = place;
  if (!node) throw new SystemError('ENOENT');
  if (fs.isMountPoint(place.path)) throw new SystemError('EBUSY');
  if (place.name === '') throw new SystemError('EINVAL');
  const directory = writableDirectory(place.parent, caller);
  if (isStuck(directory, node, caller)) throw new SystemError('EPERM');
  directory.remove(place.name);
  directory.mtimeMs = fs.now();
  forget(node);
}

/** rename(2). Throws EXDEV between storages, ENOTEMPTY, EISDIR, ENOTDIR, EINVAL into itself. */
export function renameNode(fs: ContainerFs, from: Place, to: Place, caller: Caller): void {
  const { node } = from;
  if (!node) throw new SystemError('ENOENT');
  if (from.name === '' || to.name === '' || fs.isMountPoint(from.path) || fs.isMountPoint(to.path)) throw new SystemError('EBUSY');
  const source = writableDirectory(from.parent, caller);
  const target = writableDirectory(to.parent, caller);
  if (!source.storage || source.storage !== target.storage) throw new SystemError('EXDEV');
  if (to.node === node) return;
  if (to.path.startsWith(`${from.path}/`)) throw new SystemError('EINVAL');
  if (isStuck(source, node, caller) || (to.node && isStuck(target, to.node, caller))) throw new SystemError('EPERM');
  if (to.node) checkReplaceable(node, to.node);
  const moved = node.storage || node instanceof DirectoryNode ? node : ownFile(from);
  source.remove(from.name);
  if (to.node) forget(to.node);
  target.put(to.name, moved);
  source.mtimeMs = fs.now();
  target.mtimeMs = fs.now();
}

/** The container's own copy of a file, made now if it is still the image's. Throws EROFS, ENOSPC. */
export function ownFile(place: Place): FileNode {
  const { node } = place;
  if (place.mount.readOnly) throw new SystemError('EROFS');
  if (!(node instanceof FileNode)) throw new SystemError('EINVAL');
  return node.storage ? node : (copyUp(place, node) as FileNode);
}

/** The node as one whose attributes may be changed by whom `allowed` says yes to: by default its owner. Throws EROFS, EPERM. */
export function ownNode(place: Place, caller: Caller, allowed: (node: Node) => boolean = (node) => owns(node, caller)): Node {
  const { node } = place;
  if (!node) throw new SystemError('ENOENT');
  if (place.mount.readOnly) throw new SystemError('EROFS');
  if (!allowed(node)) throw new SystemError('EPERM');
  return node.storage ? node : copyUp(place, node);
}

function copyUp(place: Place, node: Node): Node {
  const directory = place.parent.node;
  const storage = directory instanceof TreeDirectory ? directory.storage : undefined;
  if (!storage) throw new SystemError('EPERM');
  storage.addEntry();
  const copy = copyOf(node, storage);
  (directory as TreeDirectory).put(place.name, copy);
  return copy;
}

function copyOf(node: Node, storage: Storage): Node {
  if (node instanceof LinkNode) return new LinkNode(node.target, node, storage.nextInode(), storage);
  if (!(node instanceof FileNode)) throw new SystemError('EPERM');
  const copy = new FileNode(node, storage.nextInode(), storage, node.program);
  if (storage.room(node.size) < node.size) throw new SystemError('ENOSPC');
  if (node.size > 0) copy.write(node.contents(), 0);
  return copy;
}

function writableDirectory(step: Step, caller: Caller): DirectoryNode {
  if (!(step.node instanceof DirectoryNode)) throw new SystemError('ENOTDIR');
  if (step.mount.readOnly) throw new SystemError('EROFS');
  if (!may(step.node, caller, 3)) throw new SystemError('EACCES');
  return step.node;
}

function checkReplaceable(node: Node, replaced: Node): void {
  if (!(replaced instanceof DirectoryNode)) {
    if (node instanceof DirectoryNode) throw new SystemError('ENOTDIR');
    return;
  }
  if (!(node instanceof DirectoryNode)) throw new SystemError('EISDIR');
  if (replaced instanceof TreeDirectory && !replaced.isEmpty) throw new SystemError('ENOTEMPTY');
}

function forget(node: Node): void {
  if (!node.storage) return; // The image's own is only hidden.
  node.links -= 1;
  if (node.links <= 0 || node instanceof DirectoryNode) node.storage.removeEntry();
  if (node instanceof FileNode) freeUnused(node);
}
