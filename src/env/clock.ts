/**
 * The one clock. Everything that waits in paperkube waits on it, by way of the Loop.
 *
 * `real` follows the machine's clock, `xN` runs N times as fast, `manual` stands still until it is advanced,
 * `auto` stands still while anything is runnable and otherwise jumps to the next timer.
 */
export type ClockMode = 'real' | 'manual' | 'auto' | `x${number}`;

export interface Clock {
  /** Simulated time in milliseconds since the Unix epoch. Never goes back. */
  now(): number;
  readonly mode: ClockMode;
  /** Simulated milliseconds per real millisecond: 0 while time stands still (`manual`, `auto`). */
  readonly speed: number;
}

/** Reads a mode as users write it: `real`, `manual`, `auto`, `x10`. Returns undefined if it is none of them. */
export function parseClockMode(text: string): ClockMode | undefined {
  if (text === 'real' || text === 'manual' || text === 'auto') return text;
  const speed = /^x(\d+(?:\.\d+)?)$/.exec(text);
  return speed && Number(speed[1]) > 0 ? (text as ClockMode) : undefined;
}

/** A Clock that its Loop drives: only the Loop moves simulated time. */
export class DrivenClock implements Clock {
  /** Stands still until the constructor is done: a slow machine must not move the beginning. */
  #mode: ClockMode = 'manual';
  #speed = 0;
  /** Simulated time at the machine's instant `#anchor`. */
  #base: number;
  #anchor: number;

  /**
   * @param readMonotonic milliseconds of the machine's monotonic clock
   * @param start simulated time to begin with, in milliseconds since the Unix epoch
   */
  constructor(
    readonly readMonotonic: () => number,
    start: number,
    mode: ClockMode,
  ) {
    this.#base = start;
    this.#anchor = readMonotonic();
    this.setMode(mode);
  }

  get mode(): ClockMode {
    return this.#mode;
  }

  get speed(): number {
    return this.#speed;
  }

  now(): number {
    if (this.#speed === 0) return this.#base;
    return this.#base + Math.floor((this.readMonotonic() - this.#anchor) * this.#speed);
  }

  setMode(mode: ClockMode): void {
    this.#base = this.now();
    this.#anchor = this.readMonotonic();
    this.#mode = mode;
    this.#speed = mode === 'real' ? 1 : mode.startsWith('x') ? Number(mode.slice(1)) : 0;
  }

  /** Jumps to `time` if that lies ahead. */
  jumpTo(time: number): void {
    const ahead = time - this.now();
    if (ahead > 0) this.#base += ahead;
  }
}
