import type { Env } from '../env/index.ts';
import { createVolume, type Volume } from '../shell/fs/index.ts';
import { TreeDirectory } from '../shell/fs/tree-directory.ts';
import { SystemError } from '../shell/kernel/types.ts';
import type { VolumeFile, VolumeHandle, Volumes } from './types.ts';

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

type Entry = { get?(name: string): unknown };

/** Makes the volumes of one node. Its host file system is empty but for what pods write there. */
export class SimulatedVolumes implements Volumes {
  readonly #host = createVolume({ type: 'ext4', source: '/dev/vda1', mode: 0o755 });

  constructor(readonly env: Pick<Env, 'clock'>) {}

  createTmpfs(options: { readonly sizeLimitBytes?: number; readonly mode?: number; readonly inMemory?: boolean } = {}): VolumeHandle {
    return new SimulatedVolume('tmpfs', createVolume({ sizeLimitBytes: options.sizeLimitBytes, mode: options.mode }), '', options.inMemory);
  }

  writeFiles(handle: VolumeHandle, files: readonly VolumeFile[], options: { readonly gid?: number } = {}): void {
    asSimulated(handle).volume.replaceFiles(files, { now: this.env.clock.now(), gid: options.gid });
  }

  hostPath(path: string, type: string): VolumeHandle {
    const node = this.#find(path);
    const isDirectory = node !== undefined && typeof node.get === 'function';
    if (node === undefined && !/OrCreate$|^$/.test(type)) throw new SystemError('ENOENT', path);
    if (node !== undefined && type.startsWith('Directory') && !isDirectory) throw new SystemError('ENOTDIR', path);
    if (node !== undefined && /^(?:File|Socket|CharDevice|BlockDevice)/.test(type) && isDirectory) throw new SystemError('EISDIR', path);
    if (node === undefined && type === 'FileOrCreate') this.#host.writeFile(path, '', { mode: 0o644, now: this.env.clock.now() });
    else if (node === undefined) this.#host.at(path);
    return new SimulatedVolume('host', this.#host, path);
  }

  hostFiles(path: string): { readonly name: string; readonly data: Uint8Array }[] | undefined {
    const folder = this.#find(path);
    if (!(folder instanceof TreeDirectory)) return undefined;
    return [...folder.names()].sort().flatMap((name) => {
      const data = this.#host.read(`${path}/${name}`);
      return data ? [{ name, data }] : [];
    });
  }

  /** Lays a file into the host, as whoever set the node up. */
  writeHostFile(path: string, data: string): void {
    this.#host.writeFile(path, data, { mode: 0o600, now: this.env.clock.now() });
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
