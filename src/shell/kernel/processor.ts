import { ControlGroup } from './control-group.ts';

/** Steps one processor does in a period: a step stands for about 5 microseconds. */
export const stepsPerPeriod = 2000;
/** Processor time is given out in periods of this many simulated milliseconds. */
export const periodMs = 10;

export const stepMs = periodMs / stepsPerPeriod;

/** Counts steps against a budget per period; work beyond it is a debt that later periods pay. */
export class ProcessorBudget {
  #used = 0;
  #periodStart = Number.NEGATIVE_INFINITY;

  /** @param stepsPerPeriod how much may be used in each period */
  constructor(public stepsPerPeriod: number) {}

  charge(steps: number): void {
    this.#used += steps;
  }

  /** When work may go on: `now` or earlier if the budget is not used up. Simulated ms. */
  availableAt(now: number): number {
    if (this.#used < this.stepsPerPeriod) {
      // The period begins with the first work in it, so that short bursts far apart never wait.
      if (now - this.#periodStart >= periodMs) {
        this.#periodStart = now;
        this.#used = 0;
      }
      return now;
    }
    const periods = Math.floor(this.#used / this.stepsPerPeriod);
    const free = this.#periodStart + periods * periodMs;
    if (free > now) return free;
    this.#used = now - free >= periodMs ? 0 : this.#used - periods * this.stepsPerPeriod;
    this.#periodStart = now;
    return now;
  }
}

/**
 * How much of the real processor simulated ones may take together: so many processors' worth of steps. When more than that are busy in
 * the whole cluster, all of them are slower alike: a step costs more processor time.
 */
export class Pace {
  readonly #nodes: Processors[] = [];

  constructor(readonly processors: number) {}

  add(node: Processors): void {
    this.#nodes.push(node);
  }

  /** In (0, 1]. */
  get speed(): number {
    const busy = this.#nodes.reduce((sum, node) => sum + node.inUse, 0);
    return busy > this.processors ? this.processors / busy : 1;
  }
}

/** A process that has worked ahead and waits until a processor would have had the time for it. */
export interface Contender {
  readonly group: ControlGroup;
  /** Processor time that it still owes, in ms. */
  owedMs: number;
  /** Processors it has had since it was last looked at. */
  rate: number;
  since: number;
}

/** A wait is looked at anew after this long, or after half of what is left of it: meanwhile others may have come or gone. */
const lookMs = 100;
const loadMinutes = [1, 5, 15] as const;

/** A node's processors. Processes that want more than there is share it by the weights of their control groups. */
export class Processors {
  readonly root = new ControlGroup(undefined);
  /** Processor time used since the node's start, in ms. */
  usedMs = 0;
  #version = 0;
  readonly #load = { at: Number.NEGATIVE_INFINITY, averages: [0, 0, 0] };

  constructor(
    readonly count: number,
    readonly pace: Pace,
  ) {
    pace.add(this);
  }

  /** How many of them are busy. */
  get inUse(): number {
    return this.root.processors(this.count, this.#version);
  }

  /** A process that has used up its turn begins to pay for `workMs` of work. Returns also what the work has cost in processor time. */
  contend(group: ControlGroup, workMs: number, now: number): { readonly contender: Contender; readonly costMs: number } {
    this.#advanceLoad(now);
    group.count(1);
    this.changed();
    const contender: Contender = { group, owedMs: 0, rate: 0, since: now };
    return { contender, costMs: this.again(contender, workMs, now) };
  }

  /** The same for a process that has paid, and gone on working. Returns what the work has cost. */
  again(contender: Contender, workMs: number, now: number): number {
    const costMs = workMs / this.pace.speed;
    contender.owedMs += costMs;
    contender.since = now;
    contender.rate = this.#rate(contender);
    return costMs;
  }

  /** When the process may go on, in simulated ms: undefined if at once. To be asked again then. */
  readyAt(contender: Contender, now: number): number | undefined {
    contender.owedMs -= (now - contender.since) * contender.rate;
    contender.since = now;
    // What is left by rounding is no reason to wait.
    if (contender.owedMs <= 1e-6) return undefined;
    contender.rate = this.#rate(contender);
    const left = contender.owedMs / contender.rate;
    // Whole milliseconds, as all of simulated time; what is paid too much counts for the next turn.
    return now + Math.ceil(left <= lookMs ? left : Math.max(lookMs, left / 2));
  }

  /** The process waits for something else by now, or has ended. */
  leave(contender: Contender, now: number): void {
    this.#advanceLoad(now);
    contender.group.count(-1);
    this.changed();
  }

  /** A weight or a limit has changed. */
  changed(): void {
    this.#version += 1;
  }

  /** Averages of how many processes wanted a processor, over 1, 5 and 15 minutes. */
  loadAverages(now: number): readonly number[] {
    this.#advanceLoad(now);
    return this.#load.averages;
  }

  /** Processes that want a processor now. */
  get busy(): number {
    return this.root.busy;
  }

  #rate({ group }: Contender): number {
    return group.processors(this.count, this.#version) / group.busy;
  }

  #advanceLoad(now: number): void {
    const { at, averages } = this.#load;
    const passed = now - at;
    this.#load.at = now;
    if (!(passed > 0)) return;
    for (const [index, minutes] of loadMinutes.entries()) {
      const kept = Math.exp(-passed / (minutes * 60_000));
      averages[index] = (averages[index] as number) * kept + this.busy * (1 - kept);
    }
  }
}
