import { allCapabilities } from '../kernel/capabilities.ts';
import type { HostRoom } from '../kernel/host-room.ts';
import type { Caller, ContainerFilesystem, OpenFile, ProcessDetails, ProcessTable } from '../kernel/open-file.ts';
import type { Filesystem, OpenFlags, Program } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { CgroupFacts } from './cgroup.ts';
import { createCgroup } from './cgroup.ts';
import { createDevices } from './devices.ts';
import { FilesystemView } from './filesystem-view.ts';
import type { ImageLayer } from './image-layer.ts';
import { MountEntry } from './mount.ts';
import type { Node, RootTable } from './node.ts';
import { DirectoryNode, FileNode, SpecialNode } from './node.ts';
import { openPlace } from './open-place.ts';
import type { Place } from './path-walk.ts';
import { walk } from './path-walk.ts';
import { may } from './permissions.ts';
import { createProc } from './proc.ts';
import type { StorageLimits } from './storage.ts';
import { Storage } from './storage.ts';
import { sysctlTree } from './sysctls.ts';
import { TreeDirectory } from './tree-directory.ts';
import type { Volume } from './volume.ts';

export interface ContainerMount {
  /** Absolute; made in the container if missing. */
  readonly target: string;
  readonly volume: Volume;
  /** A directory or file of the volume; a missing one is made as a directory. Throws EINVAL if it leads out of the volume. */
  readonly subPath?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface ContainerFilesystemOptions {
  readonly layer: ImageLayer;
  readonly readOnlyRoot?: boolean;
  readonly mounts?: readonly ContainerMount[];
  /** Room for what the container writes outside volumes. Default: 256 MiB and 100,000 files. */
  readonly limits?: StorageLimits;
  /** What all file systems of the host may keep together. */
  readonly room?: HostRoom;
  /** When the container is made, ms since the epoch: the time of what is made for its mounts. */
  readonly now?: number;
  /** Whether programs may change the kernel's parameters: in privileged containers. */
  readonly writableParameters?: boolean | undefined;
}

const defaultLimits: StorageLimits = { bytes: 256 * 1024 ** 2, files: 100_000 };
const rootCaller: Caller = { pid: 0, uid: 0, gid: 0, groups: [], umask: 0, cwd: '/', capabilities: allCapabilities };

/** A container's files: an image's layer, what was written over it, and mounts. */
export class ContainerFs implements ContainerFilesystem {
  /** What the container has written outside volumes. */
  readonly storage: Storage;
  /** What is held in /dev, a memory file system with /dev/shm in it. */
  readonly deviceStorage: Storage;
  readonly #root: MountEntry;
  readonly #madeAt: number;
  readonly #mounts = new Map<string, MountEntry>();
  #deepestMount = 0;
  #table: ProcessTable | undefined;

  constructor(options: ContainerFilesystemOptions) {
    const { room } = options;
    this.storage = new Storage(40, { ...(options.limits ?? defaultLimits), room });
    this.deviceStorage = new Storage(41, { bytes: 64 * 1024 ** 2, files: 10_000, room });
    this.#madeAt = options.now ?? 0;
    const top = TreeDirectory.over(options.layer.root, this.storage);
    top.mtimeMs = this.#madeAt;
    this.#root = new MountEntry('/', 'overlay', 'overlay', options.readOnlyRoot ?? false, this.storage, () => top);
    this.#mountSystem(options.writableParameters ?? false);
    const mounts = [...(options.mounts ?? [])].sort((a, b) => depth(a.target) - depth(b.target));
    for (const mount of mounts) this.#mount(mount);
  }

  attach(table: ProcessTable): void {
    this.#table = table;
  }

  /** The container has been removed: nobody will look at its files any more. */
  release(): void {
    this.storage.release();
    this.deviceStorage.release();
  }

  view(caller: Caller): Filesystem {
    return new FilesystemView(this, caller);
  }

  /** The host's view: root's rights, paths from `/`. */
  get host(): Filesystem {
    return this.view(rootCaller);
  }

  open(path: string, flags: OpenFlags, caller: Caller): OpenFile {
    return withPath(path, () => openPlace(this, this.walk(path, caller, !(flags.create && flags.exclusive)), flags, caller));
  }

  executable(path: string, caller: Caller): { readonly program?: Program | undefined; readonly text?: string } {
    return withPath(path, () => {
      const { node } = this.walk(path, caller, true);
      if (!node) throw new SystemError('ENOENT');
      if (!(node instanceof FileNode) || !may(node, caller, 1)) throw new SystemError('EACCES');
      if (node.program) return { program: node.program };
      return { text: Buffer.from(node.read(0, 256)).toString() };
    });
  }

  now(): number {
    return this.#table?.wallClock() ?? 0;
  }

  walk(path: string, caller: Caller, follow: boolean, cwd = caller.cwd): Place {
    const root = { node: this.#root.root, path: '', mount: this.#root };
    return walk(path, { root, mounts: this.#mounts, deepestMount: this.#deepestMount, caller, cwd, follow });
  }

  isMountPoint(path: string): boolean {
    return path === '/' || this.#mounts.has(path);
  }

  mounts(): readonly MountEntry[] {
    return [this.#root, ...this.#mounts.values()];
  }

  #mountSystem(writableParameters: boolean): void {
    const table = () => {
      if (!this.#table) throw new SystemError('ENOENT');
      return this.#table;
    };
    const facts = { mounts: () => this.mounts(), rootOf: ({ container }: ProcessDetails) => this.#tableOf(container.fs) };
    this.#add(new MountEntry('/proc', 'proc', 'proc', false, undefined, () => createProc(table, facts)));
    this.#place('/proc/sys', new MountEntry('/proc/sys', 'proc', 'proc', !writableParameters, undefined, () => sysctlTree(table())));
    const dev = new MountEntry('/dev', 'tmpfs', 'tmpfs', false, this.deviceStorage, () => createDevices(this.deviceStorage, table, this.#madeAt));
    this.#add(dev);
    const shm = () => (dev.root as DirectoryNode).get('shm', rootCaller) as DirectoryNode;
    this.#place('/dev/shm', new MountEntry('/dev/shm', 'shm', 'tmpfs', false, this.deviceStorage, shm));
  }

  #place(path: string, mount: MountEntry): void {
    this.#mounts.set(path, mount);
    this.#deepestMount = Math.max(this.#deepestMount, path.length);
  }

  #tableOf(other: ContainerFilesystem): RootTable | undefined {
    return other instanceof ContainerFs && other !== this ? { root: other.#root, mounts: other.#mounts } : undefined;
  }

  #mount({ target, volume, subPath, readOnly }: ContainerMount): void {
    const root = subPath ? volume.at(subPath) : volume.root;
    // A mount keeps its file, as an open descriptor does, when the volume puts another one in its place.
    if (root instanceof FileNode) root.opens += 1;
    const path = this.#makeMountPoint(target, root instanceof DirectoryNode);
    this.#place(path, new MountEntry(path, volume.source, volume.type, readOnly ?? false, volume.storage, () => root));
  }

  #add(mount: MountEntry): void {
    const top = this.#root.root as TreeDirectory;
    const name = mount.target.slice(1);
    if (!top.get(name)) top.put(name, new TreeDirectory(this.#attributes(0o755), this.storage.nextInode(), this.storage));
    this.#place(mount.target, mount);
  }

  /** Shows the container its control group, unless it has a volume there. */
  mountCgroup(facts: CgroupFacts): void {
    if (['/sys', '/sys/fs', '/sys/fs/cgroup'].some((path) => this.isMountPoint(path))) return;
    const path = this.#makeMountPoint('/sys/fs/cgroup', true);
    this.#place(path, new MountEntry(path, 'cgroup', 'cgroup2', true, undefined, () => createCgroup(facts)));
  }

  /** Makes what is missing of a mount's target, through links as runtimes do (/var/run to /run). Returns the canonical path. */
  #makeMountPoint(target: string, directory: boolean): string {
    const names = target.split('/').filter((name) => name !== '');
    let path = '';
    names.forEach((name, index) => {
      const place = this.walk(`${path}/${name}`, rootCaller, true);
      path = place.path;
      if (place.node) return;
      const storage = place.mount.storage ?? this.storage;
      const inode = storage.nextInode();
      const isLast = index === names.length - 1;
      const node: Node =
        isLast && !directory ? new FileNode(this.#attributes(0o644), inode, storage) : new TreeDirectory(this.#attributes(0o755), inode, storage);
      (place.parent.node as DirectoryNode).put(place.name, node);
    });
    return path;
  }

  #attributes(mode: number) {
    return { mode, uid: 0, gid: 0, mtimeMs: this.#madeAt };
  }
}

/** Runs a path operation, adding the path to its error. */
export function withPath<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof SystemError && error.path === undefined) throw new SystemError(error.code, path);
    throw error;
  }
}

/** Whether a node is a link to an open file, as in /proc/1/fd. */
export function isDescriptorLink(node: Node | undefined): node is SpecialNode {
  return node instanceof SpecialNode && node.type === 'symlink';
}

function depth(path: string): number {
  return path.split('/').length;
}
