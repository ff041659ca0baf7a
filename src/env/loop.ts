import type { ClockMode } from './clock.ts';
import { DrivenClock } from './clock.ts';
import type { Log } from './log.ts';
import { TimerHeap } from './timer-heap.ts';

/** A piece of background work. What it returns, if a promise, is not waited for: see `Loop.settle`. */
export type Task = () => void | Promise<void>;

export interface Timer {
  /** Simulated time at which the task runs, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly name: string;
  /** After this the task does not run. Safe to call twice, and after it has run. */
  cancel(): void;
}

/**
 * Where all background work runs: ordered by due time, then by arrival.
 *
 * Promises that wait for nothing but other promises need no task of their own: the Loop lets all of them finish
 * before it calls itself settled. Whatever waits for the world outside (a key being made, a socket) goes through `track`.
 */
export interface Loop {
  /** Runs `task` as soon as possible, after everything that is ready already. */
  defer(name: string, task: Task): void;
  /** Runs `task` once `ms` of simulated time have passed. */
  after(ms: number, name: string, task: Task): Timer;
  /** Runs `task` when the clock reaches `time` (at once if it has). */
  at(time: number, name: string, task: Task): Timer;
  /** Runs `task` each time that `ms` of simulated time have passed, until it is cancelled. */
  every(ms: number, name: string, task: Task): Pick<Timer, 'cancel'>;
  /** Resolves after `ms` of simulated time. */
  sleep(ms: number, name: string): Promise<void>;
  /** Resolves as soon as possible, after everything that is ready already. */
  turn(name: string): Promise<void>;
  /** Makes `settle` and `advance` wait for work done outside the Loop (key generation, files, sockets). */
  track<T>(outside: Promise<T>): Promise<T>;
  /** In `auto` mode, keeps time from jumping until the returned function is called: a client waits for an answer. */
  hold(): () => void;
  /**
   * Whether the tasks of this turn have had their share of real time: one that can stop and go on later should. Never where time does not
   * run by itself, since what happens there must not depend on how fast the machine is.
   */
  isSliceOver(): boolean;
  /** Runs until nothing is left to do at the present simulated time. */
  settle(): Promise<void>;
  /** Lets `ms` of simulated time pass, stopping at each timer in turn; ends settled. */
  advance(ms: number): Promise<void>;
  /** Jumps to the next timer and settles; returns its time, or undefined if none is set. */
  step(): Promise<number | undefined>;
  /** Timers to come, soonest first; at most `limit`. */
  upcoming(limit: number): Timer[];
  setMode(mode: ClockMode): void;
  /** Nothing runs after this. */
  stop(): void;
}

/** What the Loop needs of the machine. */
export interface Machine {
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Calls back in a later turn of the event loop, after pending input was looked at. */
  nextTurn(callback: () => void): void;
  /** Calls back after so many real milliseconds; returns a function that calls it off. */
  wakeAfter(ms: number, callback: () => void): () => void;
}

/**
 * Real milliseconds that tasks may take before input and output get a turn, where time runs by itself. An answer of many portions waits for
 * as many slices; looking for input that is not there takes some 10 microseconds.
 */
const sliceMs = 2;
/**
 * Tasks of one turn where time does not run by itself. Promises go on between turns, so where a turn ends is part of the order
 * of things; there it must not depend on how fast the machine is.
 */
const sliceTasks = 200;

/** The only implementation: the machine underneath decides whether it is real. */
export class EventLoop implements Loop {
  readonly clock: DrivenClock;
  readonly #ready: { name: string; task: Task }[] = [];
  #head = 0;
  readonly #timers = new TimerHeap();
  #outside = 0;
  #holds = 0;
  #turnPending = false;
  /** Where this turn's slice ends, by the machine's clock. */
  #sliceEnd = Number.POSITIVE_INFINITY;
  #advancing = 0;
  #stopped = false;
  #cancelWake: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #settlers: (() => void)[] = [];

  constructor(
    readonly machine: Machine,
    readonly log: Log,
    options: { start: number; mode: ClockMode },
  ) {
    this.clock = new DrivenClock(() => machine.monotonic(), options.start, options.mode);
  }

  defer(name: string, task: Task): void {
    if (this.#stopped) return;
    this.#ready.push({ name, task });
    this.#requestTurn();
  }

  after(ms: number, name: string, task: Task): Timer {
    return this.at(this.clock.now() + Math.max(0, ms), name, task);
  }

  at(time: number, name: string, task: Task): Timer {
    const timer = this.#timers.add(Math.ceil(time), name, task);
    if (!this.#stopped) this.#arm();
    return timer;
  }

  every(ms: number, name: string, task: Task): Pick<Timer, 'cancel'> {
    let timer: Timer;
    const arm = () => {
      timer = this.after(ms, name, () => {
        arm();
        return task();
      });
    };
    arm();
    return { cancel: () => timer.cancel() };
  }

  sleep(ms: number, name: string): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, name, resolve);
    });
  }

  turn(name: string): Promise<void> {
    return new Promise((resolve) => {
      this.defer(name, resolve);
    });
  }

  async track<T>(outside: Promise<T>): Promise<T> {
    this.#outside += 1;
    try {
      return await outside;
    } finally {
      this.#outside -= 1;
      this.#requestTurn();
    }
  }

  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#requestTurn();
    };
  }

  isSliceOver(): boolean {
    return this.#sliceEnd !== Number.POSITIVE_INFINITY && this.machine.monotonic() >= this.#sliceEnd;
  }

  settle(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settlers.push(resolve);
      this.#requestTurn();
    });
  }

  async advance(ms: number): Promise<void> {
    const target = this.clock.now() + ms;
    this.#advancing += 1; // Nobody else moves time meanwhile: neither a wake-up nor `auto`.
    try {
      await this.settle();
      for (;;) {
        const next = this.#timers.peek();
        if (this.#stopped || !next || next.at > target) break;
        this.clock.jumpTo(next.at);
        this.#releaseDue();
        await this.settle();
      }
      this.clock.jumpTo(target);
    } finally {
      this.#advancing -= 1;
      this.#forgetWake();
      this.#requestTurn();
    }
    await this.settle();
  }

  async step(): Promise<number | undefined> {
    await this.settle();
    const next = this.#timers.peek();
    if (!next) return undefined;
    const { at } = next;
    await this.advance(Math.max(0, at - this.clock.now()));
    return at;
  }

  upcoming(limit: number): Timer[] {
    return this.#timers.list(limit);
  }

  setMode(mode: ClockMode): void {
    this.clock.setMode(mode);
    this.#forgetWake();
    this.#requestTurn();
  }

  stop(): void {
    this.#stopped = true;
    this.#ready.length = 0;
    this.#head = 0;
    this.#timers.clear();
    this.#cancelWake?.();
    for (const resolve of this.#settlers.splice(0)) resolve();
  }

  #requestTurn(): void {
    if (this.#turnPending || this.#stopped) return;
    this.#turnPending = true;
    this.machine.nextTurn(() => {
      this.#turnPending = false;
      this.#turn();
    });
  }

  /** One turn: due timers, then ready tasks for a slice. A turn that finds nothing to do has let all promises finish. */
  #turn(): void {
    if (this.#stopped) return;
    if (this.#advancing === 0) this.#releaseDue();
    const hadWork = this.#head < this.#ready.length;
    this.#runSlice();
    if (this.#head === this.#ready.length) {
      this.#ready.length = 0;
      this.#head = 0;
    }
    if (hadWork) {
      this.#requestTurn();
      return;
    }
    if (this.#outside > 0) return; // `track` asks for a turn when the world has answered.
    if (this.#settlers.length > 0) {
      for (const resolve of this.#settlers.splice(0)) resolve();
      this.#requestTurn(); // Those who waited go on first.
      return;
    }
    this.#idle();
  }

  #runSlice(): void {
    const repeatable = this.clock.speed === 0;
    this.#sliceEnd = repeatable ? Number.POSITIVE_INFINITY : this.machine.monotonic() + sliceMs;
    for (let count = 1; this.#head < this.#ready.length; count += 1) {
      const next = this.#ready[this.#head] as { name: string; task: Task };
      this.#head += 1;
      this.#run(next.name, next.task);
      if (repeatable ? count >= sliceTasks : this.isSliceOver()) return;
    }
  }

  #idle(): void {
    if (this.#advancing === 0 && this.clock.mode === 'auto' && this.#holds === 0) {
      const next = this.#timers.peek();
      if (!next) return;
      this.clock.jumpTo(next.at);
      this.#requestTurn();
      return;
    }
    this.#arm();
  }

  #run(name: string, task: Task): void {
    try {
      const result = task();
      if (result) result.catch((error: unknown) => this.#report(name, error));
    } catch (error) {
      this.#report(name, error);
    }
  }

  #report(name: string, error: unknown): void {
    this.log.error('background task failed', { task: name, error: error instanceof Error ? error.stack : String(error) });
  }

  #releaseDue(): void {
    const now = this.clock.now();
    for (;;) {
      const next = this.#timers.peek();
      if (!next || next.at > now) return;
      this.#timers.take();
      this.#ready.push({ name: next.name, task: next.task });
    }
  }

  /** A wake-up that was set before time jumped or changed its speed comes too late or too early. */
  #forgetWake(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  /** Sets one real wake-up for the soonest timer, where time moves by itself. */
  #arm(): void {
    const next = this.#timers.peek();
    if (!next) return;
    if (this.clock.speed === 0) {
      // Time stands still, but a timer set for the present is due all the same.
      if (next.at <= this.clock.now() || this.clock.mode === 'auto') this.#requestTurn();
      return;
    }
    if (next.at >= this.#wakeAt) return;
    this.#forgetWake();
    this.#wakeAt = next.at;
    const realMs = Math.min(Math.max(0, (next.at - this.clock.now()) / this.clock.speed), 0x7fffffff);
    this.#cancelWake = this.machine.wakeAfter(realMs, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#cancelWake = undefined;
      this.#turn();
    });
  }
}
