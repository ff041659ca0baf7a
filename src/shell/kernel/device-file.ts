import { AlwaysReadyFile } from './always-ready-file.ts';
import type { OpenFile } from './open-file.ts';
import type { FileStat } from './types.ts';

/** What a character device does with bytes. */
export interface DeviceBehaviour {
  read(max: number): Uint8Array | null;
  write(data: Uint8Array): number;
}

/** A character device that never blocks. */
export class DeviceFile extends AlwaysReadyFile implements OpenFile {
  references = 0;
  readonly canRead = true;
  readonly canWrite = true;

  constructor(
    readonly name: string,
    readonly behaviour: DeviceBehaviour,
    readonly inode: number,
  ) {
    super();
  }

  read(max: number): Uint8Array | null {
    return this.behaviour.read(max);
  }
  write(data: Uint8Array): number {
    return this.behaviour.write(data);
  }
  seek(): number {
    return 0;
  }
  stat(): FileStat {
    return { type: 'character', mode: 0o666, uid: 0, gid: 0, size: 0, nlink: 1, mtimeMs: 0, inode: this.inode, device: 5 };
  }
  release(): void {}
}

/** Gives the end at once and swallows all output. */
export const nullDevice: DeviceBehaviour = { read: () => null, write: (data) => data.length };

/** What a container has without stdin. */
export class NullFile extends DeviceFile {
  constructor() {
    super('/dev/null', nullDevice, 3);
  }
}
