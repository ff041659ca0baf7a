import type { ContainerSystem } from './container-system.ts';
import type { Contender } from './processor.ts';
import { periodMs, stepMs, stepsPerPeriod } from './processor.ts';

/** How one process uses its container's processors: it works first, and waits afterwards for as long as the work would have taken. */
export class ProcessorTurn {
  /** The process's count of steps when its turn began. */
  #from = 0;
  #start: number;
  /** Set while it wants a processor all the time. */
  #contender: Contender | undefined;
  /** What its steps have cost beyond their own time, while more were busy than the real processor has room for. */
  slowMs = 0;

  constructor(
    readonly container: ContainerSystem,
    now: number,
  ) {
    this.#start = now;
  }

  /** When it may go on, having done so many steps in its life; undefined if at once. To be asked again then. */
  readyAt(now: number, steps: number): number | undefined {
    const { budget, hardware } = this.container;
    const due = this.#contender && hardware.processors.readyAt(this.#contender, now);
    if (due !== undefined) return due;
    if (now - this.#start >= periodMs) this.#begin(now, steps);
    const done = steps - this.#from;
    const allowed = budget.availableAt(now);
    if (done >= stepsPerPeriod || (allowed > now && done > 0)) {
      this.#begin(now, steps);
      return this.#pay(done * stepMs, now);
    }
    return allowed > now ? allowed : undefined;
  }

  /** It waits for something else, or has ended. */
  leave(now: number): void {
    if (!this.#contender) return;
    this.container.hardware.processors.leave(this.#contender, now);
    this.#contender = undefined;
  }

  #begin(now: number, steps: number): void {
    this.#start = now;
    this.#from = steps;
  }

  #pay(workMs: number, now: number): number {
    const { hardware, controlGroup } = this.container;
    const { processors } = hardware;
    let costMs: number;
    if (this.#contender) costMs = processors.again(this.#contender, workMs, now);
    else ({ contender: this.#contender, costMs } = processors.contend(controlGroup, workMs, now));
    this.slowMs += costMs - workMs;
    this.container.useProcessor(costMs - workMs);
    return processors.readyAt(this.#contender, now) ?? now;
  }
}
