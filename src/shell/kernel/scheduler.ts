import type { Loop } from '../../env/index.ts';

/** What the scheduler runs. */
export interface Runnable {
  /** Whom it shares its turns with. */
  readonly container: unknown;
  /** Runs until it blocks or its turn is over; returns the steps it took. */
  run(): number;
}

/** Steps after which a runnable process lets the others run. */
export const turnSteps = 500;
/** Steps of all processes together (some 5 ms of real work) after which the Loop's other tasks get their turn. */
const batchSteps = 1000;
/** What resuming a process costs at least, in steps. */
const switchSteps = 5;

/** Those of one container that can run, in the order they became so. */
class Line {
  #waiting: Runnable[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#waiting.length;
  }

  add(one: Runnable): void {
    this.#waiting.push(one);
  }

  take(): Runnable {
    const first = this.#waiting[this.#head] as Runnable;
    this.#head += 1;
    if (this.#head > 1024 || this.isEmpty) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}

/**
 * The run queue of a kernel: one task on the Loop that runs what is runnable, one process of each container in turn, so that thousands of
 * processes of one do not make those of others wait.
 */
export class Scheduler {
  readonly #lines = new Map<unknown, Line>();
  #requested = false;

  constructor(readonly loop: Loop) {}

  enqueue(process: Runnable): void {
    let line = this.#lines.get(process.container);
    if (!line) {
      line = new Line();
      this.#lines.set(process.container, line);
    }
    line.add(process);
    this.#request();
  }

  #request(): void {
    if (this.#requested) return;
    this.#requested = true;
    this.loop.defer('kernel', () => {
      this.#requested = false;
      this.#runBatch();
    });
  }

  #runBatch(): void {
    let steps = 0;
    try {
      while (this.#lines.size > 0 && steps < batchSteps && (steps === 0 || !this.loop.isSliceOver())) steps += switchSteps + this.#takeNext().run();
    } finally {
      if (this.#lines.size > 0) this.#request();
    }
  }

  /** The next process of the container whose turn it is; the container goes to the end. */
  #takeNext(): Runnable {
    const [container, line] = this.#lines.entries().next().value as [unknown, Line];
    const next = line.take();
    this.#lines.delete(container);
    if (!line.isEmpty) this.#lines.set(container, line);
    return next;
  }
}
