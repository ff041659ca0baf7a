import type { Storage } from '../shell/fs/storage.ts';
import type { MemoryService } from './images/definition.ts';
import type { SimulatedVolume } from './volumes.ts';

/** What the account must know of its container. */
export interface MemoryAccountOptions {
  readonly limitBytes: number | undefined;
  /** Memory file systems that count for the container. */
  readonly storages: readonly Storage[];
  /** Whether a process still lives: what a dead one took is free again. */
  readonly alive: (pid: number) => boolean;
  /** The limit is passed: the container is to be killed. */
  readonly onExceeded: () => void;
}

/**
 * One container's memory: what its processes say they take, and the files of its memory file systems. Whatever passes the limit
 * kills the whole container, as upstream does with cgroup v2 (memory.oom.group).
 */
export class MemoryAccount implements MemoryService {
  #limitBytes: number | undefined;
  readonly #charges = new Map<number, number>();
  readonly #forget: readonly (() => void)[];
  #over = false;

  constructor(readonly options: MemoryAccountOptions) {
    this.#limitBytes = options.limitBytes;
    this.#forget = options.storages.map((storage) => storage.onGrowth(() => this.#check()));
  }

  get limitBytes(): number | undefined {
    return this.#limitBytes;
  }

  /** Sets another limit. What is already beyond it ends the container. */
  limit(bytes: number | undefined): void {
    this.#limitBytes = bytes;
    this.#check();
  }

  /** Bytes taken now. */
  get usedBytes(): number {
    let used = this.options.storages.reduce((sum, storage) => sum + storage.usedBytes, 0);
    for (const [pid, bytes] of this.#charges) {
      if (this.options.alive(pid)) used += bytes;
      else this.#charges.delete(pid);
    }
    return used;
  }

  take(pid: number, bytes: number): void {
    if (bytes > 0) this.#charges.set(pid, bytes);
    else this.#charges.delete(pid);
    this.#check();
  }

  grow(pid: number, bytes: number): void {
    this.take(pid, Math.max(0, (this.#charges.get(pid) ?? 0) + bytes));
  }

  exceeded(): void {
    if (this.#over) return;
    this.#over = true;
    this.options.onExceeded();
  }

  /** The container has ended: its volumes are watched no more. */
  close(): void {
    for (const forget of this.#forget) forget();
  }

  #check(): void {
    if (this.limitBytes !== undefined && this.usedBytes > this.limitBytes) this.exceeded();
  }
}

/** The memory file systems among these volumes, each once. */
export function memoryStorages(volumes: readonly SimulatedVolume[]): Storage[] {
  return [...new Set(volumes.filter((one) => one.inMemory).map((one) => one.volume.storage))];
}
