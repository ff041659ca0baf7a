import type { Process } from './types.ts';
import { SystemError } from './types.ts';

/** Where a container's memory is counted: `System.service<MemoryGauge>('memory')`, absent where nobody counts. */
export interface MemoryGauge {
  /** A process holds so many bytes more (fewer if negative) than before, until it ends. Past its limit the container is killed. */
  grow(pid: number, bytes: number): void;
  /** There is no memory left: the container is killed as if it had passed its limit. */
  exceeded(): void;
}

/** What one part of a program may hold at once, in bytes: an endless input must not fill the host's memory. */
export const heldBytesMax = 32 * 1024 ** 2;
/** The same for what is looked at as a whole: a line, a file that is read at once, a variable. Looking at it must not take long. */
export const wholeBytesMax = 16 * 1024 ** 2;
/** Growth is told in pieces of at least this size, so that small things cost nothing. */
const pieceBytes = 64 * 1024;

/** The memory of one part of a program: a variable's text, the lines that sort keeps, a buffer that grows. */
export class HeldMemory {
  #held = 0;
  #told = 0;

  constructor(
    readonly process: Process,
    readonly bytesMax = heldBytesMax,
  ) {}

  /** Holds more, or fewer if negative. What is beyond the host's own bound ends the container; throws ENOMEM where nobody counts. */
  add(bytes: number): void {
    this.#held += bytes;
    const untold = this.#held - this.#told;
    if (untold < pieceBytes && untold > -pieceBytes) return;
    this.#told = this.#held;
    gaugeOf(this.process)?.grow(this.process.pid, untold);
    if (this.#held > this.bytesMax) outOfMemory(this.process);
  }
}

/** Ends the container for want of memory, and with it this process, without a last word; throws ENOMEM where nobody counts. */
export function outOfMemory(process: Process): never {
  const gauge = gaugeOf(process);
  if (!gauge) throw new SystemError('ENOMEM');
  gauge.exceeded();
  return process.exit(137);
}

function gaugeOf(process: Process): MemoryGauge | undefined {
  return process.system.service<MemoryGauge>('memory');
}
