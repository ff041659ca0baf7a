import type { Loop } from '../../env/index.ts';

/** What the scheduler runs. */
export interface Runnable {
  /** Runs until it blocks or its turn is over; returns the steps it took. */
  run(): number;
}

/** Steps after which a runnable process lets the others run. */
export const turnSteps = 500;
/** Steps of all processes together (some 5 ms of real work) after which the Loop's other tasks get their turn. */
const batchSteps = 1000;
/** What resuming a process costs at least, in steps. */
const switchSteps = 5;

/** The run queue of a kernel: one task on the Loop that runs what is runnable, in the order it became so. */
export class Scheduler {
  #queue: Runnable[] = [];
  #head = 0;
  #requested = false;

  constructor(readonly loop: Loop) {}

  enqueue(process: Runnable): void {
    this.#queue.push(process);
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
      while (this.#head < this.#queue.length && steps < batchSteps) {
        const next = this.#queue[this.#head] as Runnable;
        this.#head += 1;
        steps += switchSteps + next.run();
      }
    } finally {
      if (this.#head === this.#queue.length) {
        this.#queue = [];
        this.#head = 0;
      } else {
        if (this.#head > 1024) {
          this.#queue = this.#queue.slice(this.#head);
          this.#head = 0;
        }
        this.#request();
      }
    }
  }
}
