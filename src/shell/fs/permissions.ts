import type { Caller } from '../kernel/open-file.ts';
import type { Node } from './node.ts';

/** Whether `caller` may read (4), write (2) or search and execute (1). Root may all, but execute only what somebody may. */
export function may(node: Node, caller: Caller, bits: number): boolean {
  if (caller.uid === 0) return (bits & 1) === 0 || node.type === 'directory' || (node.mode & 0o111) !== 0;
  return ((node.mode >> shiftFor(node, caller)) & bits) === bits;
}

function shiftFor(node: Node, caller: Caller): number {
  if (caller.uid === node.uid) return 6;
  return caller.gid === node.gid || caller.groups.includes(node.gid) ? 3 : 0;
}

/** Whether the sticky bit of a directory (/tmp) keeps `caller` from removing what others own. */
export function isStuck(directory: Node, node: Node, caller: Caller): boolean {
  return (directory.mode & 0o1000) !== 0 && caller.uid !== 0 && caller.uid !== node.uid && caller.uid !== directory.uid;
}
