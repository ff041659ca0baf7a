import { holds } from '../kernel/capabilities.ts';
import type { Caller } from '../kernel/open-file.ts';
import type { Node } from './node.ts';

/**
 * Whether `caller` may read (4), write (2) or search and execute (1). Capabilities pass over modes, but a file that nobody may execute
 * stays one (generic_permission of Linux's fs/namei.c).
 */
export function may(node: Node, caller: Caller, bits: number): boolean {
  if (((node.mode >> shiftFor(node, caller)) & bits) === bits) return true;
  if (caller.capabilities === 0n) return false;
  const isDirectory = node.type === 'directory';
  if (holds(caller, 'DAC_OVERRIDE')) return isDirectory || (bits & 1) === 0 || (node.mode & 0o111) !== 0;
  return holds(caller, 'DAC_READ_SEARCH') && (isDirectory ? (bits & 2) === 0 : bits === 4);
}

function shiftFor(node: Node, caller: Caller): number {
  if (caller.uid === node.uid) return 6;
  return isInGroup(caller, node.gid) ? 3 : 0;
}

export function isInGroup(caller: Caller, gid: number): boolean {
  return gid === caller.gid || caller.groups.includes(gid);
}

/** Whether `caller` may change what only an owner may: modes, times. */
export function owns(node: Node, caller: Caller): boolean {
  return caller.uid === node.uid || holds(caller, 'FOWNER');
}

/** Whether the sticky bit of a directory (/tmp) keeps `caller` from removing what others own. */
export function isStuck(directory: Node, node: Node, caller: Caller): boolean {
  return (directory.mode & 0o1000) !== 0 && caller.uid !== directory.uid && !owns(node, caller);
}

/** Whether `caller` may give a node to this user and group: away only with CHOWN, to a group of its own as the owner. */
export function mayGive(node: Node, caller: Caller, uid: number, gid: number): boolean {
  const isOwner = caller.uid === node.uid;
  if (isOwner && uid === node.uid && (gid === node.gid || isInGroup(caller, gid))) return true;
  return holds(caller, 'CHOWN');
}

/** Whether `caller` may look into a process: its environment, its files (ptrace_may_access of Linux's kernel/ptrace.c). */
export function mayLookInto(caller: Caller, process: { readonly uid: number; readonly capabilities: bigint }): boolean {
  const hasAll = (process.capabilities & ~caller.capabilities) === 0n;
  return (caller.uid === process.uid && hasAll) || holds(caller, 'SYS_PTRACE');
}
