import type { HostRoom } from '../kernel/host-room.ts';
import { SystemError } from '../kernel/types.ts';

export interface StorageLimits {
  /** Bytes of file contents; beyond it writes fail with ENOSPC. Default 256 MiB: it is memory of the host. */
  readonly bytes?: number | undefined;
  /** Files, directories and links; beyond it creating fails with ENOSPC. Default 200,000. */
  readonly files?: number | undefined;
  /** What all file systems of the host may keep together; this one is alone if absent. */
  readonly room?: HostRoom | undefined;
}

/** Empty files are not free for the host. */
const defaultFilesLimit = 200_000;
const defaultBytesLimit = 256 * 1024 ** 2;

/** What an empty file takes of the host's memory. */
const entryBytes = 512;

/** Whatever a volume is declared to hold. */
const bytesMax = 1024 ** 3;

/** The room behind a writable tree: a container's upper layer or a volume. Counts what is held. */
export class Storage {
  readonly limitBytes: number;
  readonly limitFiles: number;
  #bytes = 0;
  #files = 0;
  #lastInode = 1_000_000;
  #kept = 0;
  #room: HostRoom | undefined;
  #watchers: Set<(bytes: number) => void> | undefined;

  /** @param device number that `stat` shows: entries of one storage can be renamed and linked among themselves only */
  constructor(
    readonly device: number,
    limits: StorageLimits = {},
  ) {
    this.limitBytes = Math.min(limits.bytes ?? defaultBytesLimit, bytesMax);
    this.limitFiles = limits.files ?? defaultFilesLimit;
    this.#room = limits.room;
  }

  /** Bytes of contents held. */
  get usedBytes(): number {
    return this.#bytes;
  }

  get files(): number {
    return this.#files;
  }

  nextInode(): number {
    this.#lastInode += 1;
    return this.#lastInode;
  }

  /** Throws ENOSPC. */
  addEntry(): void {
    if (this.#files >= this.limitFiles || this.#hostRoom(entryBytes) < entryBytes) throw new SystemError('ENOSPC');
    this.#files += 1;
    this.#keep(entryBytes);
  }

  removeEntry(): void {
    this.#files -= 1;
    this.#keep(-entryBytes);
  }

  /** How many of `bytes` more there is room for. */
  room(bytes: number): number {
    return Math.max(0, Math.min(bytes, this.limitBytes - this.#bytes, this.#hostRoom(bytes)));
  }

  /** Counts a change of contents; ask `room` before growing. */
  resize(bytes: number): void {
    this.#bytes += bytes;
    this.#keep(bytes);
    if (bytes !== 0 && this.#watchers) for (const watcher of [...this.#watchers]) watcher(bytes);
  }

  /** Calls back after each change, in bytes: memory file systems count as memory. Returns how to call it off. */
  onChange(callback: (bytes: number) => void): () => void {
    const watchers = (this.#watchers ??= new Set());
    watchers.add(callback);
    return () => watchers.delete(callback);
  }

  /** Nobody will look into it any more: what it keeps of the host is given back. */
  release(): void {
    this.#room?.keepFiles(-this.#kept);
    this.#room = undefined;
  }

  #keep(bytes: number): void {
    this.#kept += bytes;
    this.#room?.keepFiles(bytes);
  }

  #hostRoom(bytes: number): number {
    return this.#room ? this.#room.roomForFiles(this.#kept, bytes) : bytes;
  }
}
