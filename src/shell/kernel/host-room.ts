/** What all containers may keep in files, together: it is memory of the process that simulates them. */
const filesMax = 640 * 1024 ** 2;
/** What programs may hold, together, beyond what each container has for itself, as they count it; in memory it is two or three times as much. */
const heldMax = 128 * 1024 ** 2;
/** When what is kept has fallen by so much, memory is given back to the machine. */
const reclaimBytes = 32 * 1024 ** 2;

/** Who holds something: the memory account of a container. */
export interface Holder {
  readonly heldBytes: number;
  readonly isEnding: boolean;
  /** Kills it for want of memory. */
  exceeded(): void;
}

/**
 * What containers may really keep, however much memory and disk their nodes are said to have. One that takes without end is bound by
 * this and leaves something to the others: files may grow to as much as is still free, and of programs the one that holds most is killed.
 */
export class HostRoom {
  readonly #holders = new Set<Holder>();
  #files = 0;
  #held = 0;
  /** The most that was kept since memory was last given back. */
  #peak = 0;

  /** @param released called when much has been let go */
  constructor(readonly released: () => void = () => {}) {}

  /** Bytes kept in files now. */
  get filesBytes(): number {
    return this.#files;
  }

  /** Bytes that programs hold now. */
  get heldBytes(): number {
    return this.#held;
  }

  /** How many of `bytes` more a file system may take that has `used` already. */
  roomForFiles(used: number, bytes: number): number {
    return Math.max(0, Math.min(bytes, filesMax - this.#files - used));
  }

  keepFiles(bytes: number): void {
    this.#files += bytes;
    this.#changed();
  }

  join(holder: Holder): void {
    this.#holders.add(holder);
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /** Programs hold so many bytes more, or fewer if negative. */
  hold(bytes: number): void {
    this.#held += bytes;
    this.#changed();
    if (bytes > 0 && this.#held > heldMax) this.#killLargest();
  }

  #killLargest(): void {
    let largest: Holder | undefined;
    for (const one of this.#holders) {
      if (one.isEnding) return; // What it holds is free in a moment.
      if (!largest || one.heldBytes > largest.heldBytes) largest = one;
    }
    largest?.exceeded();
  }

  /** Tells when much has been let go; not while much is still held, since looking through that takes long. */
  #changed(): void {
    const kept = this.#files + this.#held;
    if (kept > this.#peak) this.#peak = kept;
    if (this.#peak - kept < Math.max(reclaimBytes, kept / 2)) return;
    this.#peak = kept;
    this.released();
  }
}
