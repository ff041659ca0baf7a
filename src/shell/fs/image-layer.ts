import type { Program } from '../kernel/types.ts';
import type { NodeAttributes } from './node.ts';
import { DirectoryNode, FileNode, LinkNode } from './node.ts';
import { TreeDirectory } from './tree-directory.ts';

interface EntryAttributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A file of an image as data: one of contents, a program, a link, a directory. */
export type ImageEntry = EntryAttributes &
  ({ readonly data: Uint8Array | string } | { readonly program: Program } | { readonly symlink: string } | { readonly directory: true });

/** An image's files, shared by all its containers; never changes once made. */
export interface ImageLayer {
  readonly root: TreeDirectory;
}

/**
 * Lays out an image's files. Paths are absolute; missing parents are made (0755, root). A later layer goes over `base`.
 *
 * @param base shows through where `entries` say nothing
 */
export function createImageLayer(entries: Iterable<readonly [path: string, entry: ImageEntry]>, base?: ImageLayer): ImageLayer {
  const root = new TreeDirectory(base?.root ?? attributesOf({}, 0o755), 2, undefined, base?.root);
  const builder = { inode: (base ? countNodes(base.root) : 0) + 2 };
  for (const [path, entry] of entries) addEntry(root, path, entry, builder);
  return { root };
}

/** Programs as /bin/NAME, executable. */
export function programEntries(folder: string, programs: Iterable<readonly [name: string, program: Program]>): [string, ImageEntry][] {
  return [...programs].map(([name, program]) => [`${folder}/${name}`, { program, mode: 0o755 }]);
}

function addEntry(root: TreeDirectory, path: string, entry: ImageEntry, builder: { inode: number }): void {
  const names = path.split('/').filter((name) => name !== '');
  const last = names.pop();
  if (last === undefined) {
    if ('directory' in entry) Object.assign(root, attributesOf(entry, root.mode));
    return;
  }
  let folder = root;
  for (const name of names) folder = ownDirectory(folder, name, builder);
  if ('directory' in entry) {
    Object.assign(ownDirectory(folder, last, builder), attributesOf(entry, 0o755));
    return;
  }
  builder.inode += 1;
  folder.put(last, makeNode(entry, builder.inode));
}

/** A directory of this layer, over that of the layer below if there is one. */
function ownDirectory(parent: TreeDirectory, name: string, builder: { inode: number }): TreeDirectory {
  const existing = parent.get(name);
  const below = parent.lower?.get(name);
  if (existing instanceof TreeDirectory && existing !== below) return existing;
  builder.inode += 1;
  const lower = existing instanceof TreeDirectory ? existing : undefined;
  const made = new TreeDirectory(lower ?? attributesOf({}, 0o755), lower?.inode ?? builder.inode, undefined, lower);
  parent.put(name, made);
  return made;
}

function makeNode(entry: Exclude<ImageEntry, { readonly directory: true }>, inode: number): FileNode | LinkNode {
  if ('symlink' in entry) return new LinkNode(entry.symlink, attributesOf(entry, 0o777), inode, undefined);
  const program = 'program' in entry ? entry.program : undefined;
  const node = new FileNode(attributesOf(entry, program ? 0o755 : 0o644), inode, undefined, program);
  if ('data' in entry) node.fill(typeof entry.data === 'string' ? Buffer.from(entry.data) : entry.data);
  return node;
}

function attributesOf(entry: EntryAttributes, mode: number): NodeAttributes {
  return { mode: entry.mode ?? mode, uid: entry.uid ?? 0, gid: entry.gid ?? 0, mtimeMs: 0 };
}

function countNodes(directory: TreeDirectory): number {
  let count = 0;
  for (const name of directory.names()) {
    const node = directory.get(name);
    count += 1 + (node instanceof DirectoryNode ? countNodes(node as TreeDirectory) : 0);
  }
  return count;
}
