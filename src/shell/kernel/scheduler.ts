import type { Loop } from '../../env/index.ts';
import { FifoQueue } from './fifo-queue.ts';

/** What the scheduler runs. */
export interface Runnable {
  /** Whom it shares its turns with: those of them that can run. */
  readonly container: { readonly runnable: FifoQueue<Runnable> };
  /** Runs until it blocks or its turn is over; returns the steps it took. */
  run(): number;
}

/** Steps after which a runnable process lets the others run. */
export const turnSteps = 500;
/** Steps of all processes together (some 5 ms of real work) after which the Loop's other tasks get their turn. */
const batchSteps = 1000;
/** What resuming a process costs at least, in steps. */
const switchSteps = 5;

/**
 * The run queue of a kernel: one task on the Loop that runs what is runnable, one process of each container in turn, so that thousands of
 * processes of one do not make those of others wait.
 */
export class Scheduler {
  /** Those of each container that has any. */
  readonly #waiting = new FifoQueue<FifoQueue<Runnable>>();
  #requested = false;

  constructor(readonly loop: Loop) {}

  enqueue(process: Runnable): void {
    const { runnable } = process.container;
    if (runnable.isEmpty) this.#waiting.push(runnable);
    runnable.push(process);
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
      while (steps < batchSteps && (steps === 0 || !this.loop.isSliceOver())) {
        const next = this.#takeNext();
        if (!next) break;
        steps += switchSteps + next.run();
      }
    } finally {
      if (!this.#waiting.isEmpty) this.#request();
    }
  }

  /** The next process of the container whose turn it is; the container goes to the end. */
  #takeNext(): Runnable | undefined {
    const runnable = this.#waiting.shift();
    const next = runnable?.shift();
    if (runnable && !runnable.isEmpty) this.#waiting.push(runnable);
    return next;
  }
}
