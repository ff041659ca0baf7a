import type { Caller } from '../kernel/open-file.ts';
import { SystemError } from '../kernel/types.ts';
import type { MountEntry } from './mount.ts';
import type { Node } from './node.ts';
import { DirectoryNode, LinkNode, RootLink } from './node.ts';
import { may } from './permissions.ts';

/** Linux gives up after this many symbolic links. */
const linkLimit = 40;
export const pathLimitBytes = 4096;

/** One step of a resolved path. */
export interface Step {
  readonly node: Node;
  /** Canonical; empty for the root. */
  readonly path: string;
  readonly mount: MountEntry;
  /** Below another container's root (/proc/PID/root): its mounts, and the path there. */
  readonly elsewhere?: { readonly mounts: ReadonlyMap<string, MountEntry>; readonly path: string } | undefined;
}

/** Where a path leads. `node` is undefined if only its last name is missing. */
export interface Place {
  readonly parent: Step;
  /** Empty if the path ends in `.`, `..` or is the root: such a place cannot be made or removed. */
  readonly name: string;
  readonly node: Node | undefined;
  readonly path: string;
  readonly mount: MountEntry;
  /** The path ended in a slash. */
  readonly wantsDirectory: boolean;
}

export interface WalkOptions {
  readonly root: Step;
  readonly mounts: ReadonlyMap<string, MountEntry>;
  /** How many characters the longest of their paths has. */
  readonly deepestMount: number;
  readonly caller: Caller;
  readonly cwd: string;
  /** Whether a symbolic link at the end is followed. */
  readonly follow: boolean;
}

/** Resolves a path inside a mount table: `..` and links never lead above its root. Throws ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG. */
export function walk(path: string, options: WalkOptions): Place {
  if (path === '') throw new SystemError('ENOENT');
  const full = path.startsWith('/') ? path : `${options.cwd}/${path}`;
  // Differs from upstream: a working folder is a path here, so folders in folders end where paths do.
  if (full.length > pathLimitBytes) throw new SystemError('ENAMETOOLONG');
  const todo = full.split('/').reverse();
  const wantsDirectory = full.endsWith('/');
  let stack: Step[] = [options.root];
  let name = '';
  let links = 0;
  while (todo.length > 0) {
    const next = todo.pop() as string;
    if (next === '') continue;
    const top = stack[stack.length - 1] as Step;
    if (!(top.node instanceof DirectoryNode)) throw new SystemError('ENOTDIR');
    if (next === '.' || next === '..') {
      if (next === '..' && stack.length > 1) stack.pop();
      name = '';
      continue;
    }
    if (!may(top.node, options.caller, 1)) throw new SystemError('EACCES');
    const isLast = todo.every((rest) => rest === '');
    const child = enter(top, next, options);
    if (!child) {
      if (!isLast) throw new SystemError('ENOENT');
      return { parent: top, name: next, node: undefined, path: `${top.path}/${next}`, mount: top.mount, wantsDirectory };
    }
    if (child.node instanceof LinkNode && (!isLast || options.follow || wantsDirectory)) {
      if (child.node instanceof RootLink) {
        const { root, mounts } = child.node.follow(options.caller);
        stack.push({ node: root.root, path: child.path, mount: root, elsewhere: { mounts, path: '' } });
        name = next;
        continue;
      }
      links += 1;
      if (links > linkLimit) throw new SystemError('ELOOP');
      const { target } = child.node;
      if (target.startsWith('/')) stack = [options.root];
      for (const part of target.split('/').reverse()) if (part !== '') todo.push(part);
      name = '';
      continue;
    }
    stack.push(child);
    name = next;
  }
  const end = stack[stack.length - 1] as Step;
  if (wantsDirectory && !(end.node instanceof DirectoryNode)) throw new SystemError('ENOTDIR');
  const parent = stack[stack.length - 2] ?? end;
  return { parent, name, node: end.node, path: end.path || '/', mount: end.mount, wantsDirectory };
}

function enter(top: Step, name: string, options: WalkOptions): Step | undefined {
  const path = `${top.path}/${name}`;
  if (top.elsewhere) return enterElsewhere(top, name, path, top.elsewhere, options);
  // To look a path up takes time that grows with it, so it is left out where no mount can be: a walk stays linear.
  const mount = path.length <= options.deepestMount ? options.mounts.get(path) : undefined;
  if (mount) return { node: mount.root, path, mount };
  const node = (top.node as DirectoryNode).get(name, options.caller);
  return node && { node, path, mount: top.mount };
}

function enterElsewhere(
  top: Step,
  name: string,
  path: string,
  { mounts, path: outer }: NonNullable<Step['elsewhere']>,
  options: WalkOptions,
): Step | undefined {
  const elsewhere = { mounts, path: `${outer}/${name}` };
  const mount = mounts.get(elsewhere.path);
  if (mount) return { node: mount.root, path, mount, elsewhere };
  const node = (top.node as DirectoryNode).get(name, options.caller);
  return node && { node, path, mount: top.mount, elsewhere };
}
