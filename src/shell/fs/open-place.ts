import type { Caller, OpenFile } from '../kernel/open-file.ts';
import type { OpenFlags } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { ContainerFs } from './container-fs.ts';
import { createNode, ownFile } from './edit.ts';
import { DirectoryNode, FifoNode, FileNode, SpecialNode } from './node.ts';
import type { Place } from './path-walk.ts';
import { may } from './permissions.ts';
import { OpenDirectory, RegularFile } from './regular-file.ts';

/** open(2) on a resolved path. */
export function openPlace(fs: ContainerFs, place: Place, flags: OpenFlags, caller: Caller): OpenFile {
  const writes = flags.write === true || flags.append === true || flags.truncate === true;
  const { node } = place;
  if (!node) {
    if (!flags.create) throw new SystemError('ENOENT');
    if (place.wantsDirectory) throw new SystemError('EISDIR');
    return new RegularFile(createFile(fs, place, flags, caller), flags, place.path, () => fs.now());
  }
  if (flags.create && flags.exclusive) throw new SystemError('EEXIST');
  if (flags.directory && !(node instanceof DirectoryNode)) throw new SystemError('ENOTDIR');
  if (node instanceof DirectoryNode) {
    if (writes) throw new SystemError('EISDIR');
    checkAccess(node, caller, 4);
    return new OpenDirectory(node, place.path);
  }
  if (node instanceof SpecialNode) {
    if (node.type === 'file' && writes && place.mount.readOnly) throw new SystemError('EROFS');
    if (node.type !== 'symlink') checkAccess(node, caller, writes ? 2 : 4);
    return node.open(caller, writes);
  }
  if (node instanceof FifoNode) {
    const ends = { read: flags.read === true || !writes, write: writes };
    checkAccess(node, caller, (ends.write ? 2 : 0) | (ends.read ? 4 : 0));
    return node.fifo.open(place.path, ends, () => node.stat());
  }
  if (!(node instanceof FileNode)) throw new SystemError('ELOOP');
  // As in Linux, what would be cut short has to be on a mount that is written to, before anybody asks for its mode.
  if (flags.truncate && place.mount.readOnly) throw new SystemError('EROFS');
  checkAccess(node, caller, (writes ? 2 : 0) | (flags.read || !writes ? 4 : 0));
  const file = writes ? ownFile(place) : node;
  if (flags.truncate) {
    file.truncate(0);
    file.mtimeMs = fs.now();
  }
  return new RegularFile(file, flags, place.path, () => fs.now());
}

function createFile(fs: ContainerFs, place: Place, flags: OpenFlags, caller: Caller): FileNode {
  const mode = (flags.mode ?? 0o666) & ~caller.umask;
  return createNode(fs, place, caller, (inode, storage) => new FileNode({ mode, uid: caller.uid, gid: caller.gid, mtimeMs: fs.now() }, inode, storage));
}

function checkAccess(node: DirectoryNode | FifoNode | FileNode | SpecialNode, caller: Caller, bits: number): void {
  if (!may(node, caller, bits)) throw new SystemError('EACCES');
}
