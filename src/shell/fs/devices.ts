import type { DeviceBehaviour } from '../kernel/device-file.ts';
import { DeviceFile, nullDevice } from '../kernel/device-file.ts';
import type { Caller, OpenFile, ProcessTable } from '../kernel/open-file.ts';
import { SystemError } from '../kernel/types.ts';
import { LinkNode, SpecialNode } from './node.ts';
import type { Storage } from './storage.ts';
import { TreeDirectory } from './tree-directory.ts';

const swallow = (data: Uint8Array): number => data.length;
const zeros = (max: number): Uint8Array => new Uint8Array(max);

/** Fills a container's /dev, which is as old as the container. */
export function createDevices(storage: Storage, table: () => ProcessTable, mtimeMs: number): TreeDirectory {
  const root = new TreeDirectory({ mode: 0o755, uid: 0, gid: 0, mtimeMs }, 1, storage);
  const put = (name: string, node: SpecialNode) => {
    node.mtimeMs = mtimeMs;
    root.put(name, node);
  };
  const random = (max: number) => table().randomBytes(max);
  const full = (): number => {
    throw new SystemError('ENOSPC');
  };
  const devices: [string, DeviceBehaviour][] = [
    ['null', nullDevice],
    ['zero', { read: zeros, write: swallow }],
    ['full', { read: zeros, write: full }],
    ['random', { read: random, write: swallow }],
    ['urandom', { read: random, write: swallow }],
  ];
  devices.forEach(([name, behaviour], index) => {
    put(name, new SpecialNode('character', 0o666, index + 2, () => new DeviceFile(`/dev/${name}`, behaviour, index + 2)));
  });
  put('tty', new SpecialNode('character', 0o666, 10, (caller) => terminalOf(table(), caller)));
  const links = { core: '/proc/kcore', ptmx: 'pts/ptmx', fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2' };
  let inode = 11;
  for (const [name, target] of Object.entries(links)) {
    root.put(name, new LinkNode(target, { mode: 0o777, uid: 0, gid: 0, mtimeMs }, inode++, storage));
  }
  for (const [name, mode] of [
    ['shm', 0o1777],
    ['mqueue', 0o1777],
    ['pts', 0o755],
  ] as const) {
    root.put(name, new TreeDirectory({ mode, uid: 0, gid: 0, mtimeMs }, inode++, storage));
  }
  return root;
}

/** The terminal a process has as one of its standard descriptors. Throws ENOENT without one. */
function terminalOf(table: ProcessTable, caller: Caller): OpenFile {
  const process = table.process(caller.pid);
  for (const fd of [0, 1, 2]) {
    const file = process?.file(fd);
    if (file?.terminal) return file;
  }
  throw new SystemError('ENOENT');
}
