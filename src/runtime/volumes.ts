import type { Env } from '../env/index.ts';
import { createVolume, type Volume } from '../shell/fs/index.ts';
import { TreeDirectory } from '../shell/fs/tree-directory.ts';
import type { HostRoom } from '../shell/kernel/index.ts';
import type { EmptyVolumeOptions, VolumeFile, VolumeHandle, Volumes } from './types.ts';

/** A handle as this runtime makes it. */
export class SimulatedVolume implements VolumeHandle {
  constructor(
    readonly type: VolumeHandle['type'],
    readonly volume: Volume,
    /** Where in the volume it begins; empty for its top. */
    readonly path = '',
    /** Its files are memory of the containers that mount it. */
    readonly inMemory = false,
  ) {}
}

/** The handle's own class. Throws TypeError for a handle that another runtime made. */
export function asSimulated(handle: VolumeHandle): SimulatedVolume {
  if (handle instanceof SimulatedVolume) return handle;
  throw new TypeError('the volume was made by another runtime');
}

/** The memory file systems among these volumes, each once. */
export function memoryStorages(volumes: readonly SimulatedVolume[]): Volume['storage'][] {
  return [...new Set(volumes.filter((one) => one.inMemory).map((one) => one.volume.storage))];
}

/** What `mount` shows of the node's disk. */
const disk = { type: 'ext4', source: '/dev/vda1' } as const;

/** What hostPath's types ask for, in the words of the kubelet's check. The host has no sockets and no devices. */
const pathTypes: Readonly<Record<string, string>> = {
  Directory: 'directory',
  DirectoryOrCreate: 'directory',
  File: 'file',
  FileOrCreate: 'file',
  Socket: 'socket file',
  CharDevice: 'character device',
  BlockDevice: 'block device',
};

/** What any Linux machine has. */
const hostFolders = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/lib',
  '/mnt',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/srv',
  '/sys',
  '/tmp',
  '/usr',
  '/var/lib',
  '/var/log',
];

type Entry = { get?(name: string): unknown };

/** Makes the volumes of one node. Its host file system has the usual folders, and what pods write there. */
export class SimulatedVolumes implements Volumes {
  readonly #host: Volume;

  /** @param room what the files of all nodes may keep together; each volume by itself if absent */
  constructor(
    readonly env: Pick<Env, 'clock'>,
    readonly room?: HostRoom,
  ) {
    this.#host = createVolume({ ...disk, mode: 0o755, now: env.clock.now(), room });
    for (const path of hostFolders) this.#host.at(path, path === '/tmp' ? 0o1777 : 0o755);
  }

  createTmpfs({ sizeLimitBytes, mode, gid, inMemory, onDisk }: EmptyVolumeOptions = {}): VolumeHandle {
    const volume = createVolume({ sizeLimitBytes, mode, gid, now: this.env.clock.now(), room: this.room, ...(onDisk ? disk : {}) });
    return new SimulatedVolume('tmpfs', volume, '', inMemory);
  }

  remove(handle: VolumeHandle): void {
    const { type, volume } = asSimulated(handle);
    if (type === 'tmpfs') volume.storage.release();
  }

  writeFiles(handle: VolumeHandle, files: readonly VolumeFile[], options: { readonly gid?: number } = {}): void {
    asSimulated(handle).volume.replaceFiles(files, { now: this.env.clock.now(), gid: options.gid });
  }

  hostPath(path: string, type: string): VolumeHandle {
    const node = this.#find(path);
    const wanted = pathTypes[type];
    const mayBeMade = type === '' || type.endsWith('OrCreate');
    const fits = node === undefined ? mayBeMade : wanted === undefined || (node instanceof TreeDirectory ? 'directory' : 'file') === wanted;
    if (!fits) throw new Error(`hostPath type check failed: ${path} is not a ${wanted}`);
    if (node === undefined && wanted === 'file') this.#createFile(path);
    else if (node === undefined) this.#host.at(path);
    return new SimulatedVolume('host', this.#host, path);
  }

  /** Only a directory that is there takes a new file. */
  #createFile(path: string): void {
    const folder = path.split('/').filter(Boolean).slice(0, -1).join('/');
    if (!(this.#find(folder) instanceof TreeDirectory)) throw new Error(`open ${path}: no such file or directory`);
    this.#host.writeFile(path, '', { mode: 0o644, now: this.env.clock.now() });
  }

  hostFiles(path: string): { readonly name: string; readonly data: Uint8Array }[] | undefined {
    const folder = this.#find(path);
    if (!(folder instanceof TreeDirectory)) return undefined;
    return [...folder.names()].sort().flatMap((name) => {
      const data = this.#host.read(`${path}/${name}`);
      return data ? [{ name, data }] : [];
    });
  }

  /** A file of the host. */
  hostFile(path: string): Uint8Array | undefined {
    return this.#host.read(path);
  }

  /** Lays a file into the host, as whoever set the node up. */
  writeHostFile(path: string, data: string, mode = 0o600): void {
    this.#host.writeFile(path, data, { mode, now: this.env.clock.now() });
  }

  usedBytes(handle: VolumeHandle): number {
    return asSimulated(handle).volume.usedBytes;
  }

  #find(path: string): Entry | undefined {
    let node: Entry | undefined = this.#host.root as unknown as Entry;
    for (const name of path.split('/').filter(Boolean)) node = node?.get?.(name) as Entry | undefined;
    return node;
  }
}
