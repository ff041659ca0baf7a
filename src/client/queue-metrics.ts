import type { Counters, Env, Histograms } from '../env/index.ts';
import { exponentialBounds } from '../env/index.ts';

/** From ten nanoseconds to ten seconds. */
const bounds = exponentialBounds(1e-8, 10, 10);

/** What a queue can say of itself when somebody looks. */
interface QueueState {
  /** Keys that are ready. */
  depth(): number;
  /** When each key that is worked on was taken, in simulated milliseconds. */
  working(): Iterable<number>;
}

/** What a work queue counts, under client-go's names (component-base/metrics/prometheus/workqueue). Times are simulated ones. */
export class QueueMetrics {
  readonly #adds: Counters;
  readonly #retries: Counters;
  readonly #waited: Histograms;
  readonly #worked: Histograms;

  constructor(
    readonly name: string,
    readonly env: Pick<Env, 'clock' | 'metrics'>,
    state: QueueState,
  ) {
    const { clock, metrics } = env;
    const labels = { name };
    const seconds = (): number[] => Array.from(state.working(), (began) => (clock.now() - began) / 1000);
    this.#adds = metrics.counters('workqueue_adds_total', '[ALPHA] Keys added to a work queue.', ['name']);
    this.#retries = metrics.counters('workqueue_retries_total', '[ALPHA] Keys that came back after a failure.', ['name']);
    this.#waited = metrics.histograms('workqueue_queue_duration_seconds', '[ALPHA] How long keys wait until they are taken.', ['name'], bounds);
    this.#worked = metrics.histograms('workqueue_work_duration_seconds', '[ALPHA] How long the work on a key takes.', ['name'], bounds);
    metrics.gauge('workqueue_depth', '[ALPHA] Keys that are ready to be taken.', () => [{ labels, value: state.depth() }]);
    metrics.gauge('workqueue_unfinished_work_seconds', '[ALPHA] Time spent on keys that are still worked on, together.', () => [
      { labels, value: seconds().reduce((sum, one) => sum + one, 0) },
    ]);
    metrics.gauge('workqueue_longest_running_processor_seconds', '[ALPHA] Time spent on the key that has been worked on longest.', () => [
      { labels, value: Math.max(0, ...seconds()) },
    ]);
  }

  added(): void {
    this.#adds.add(1, this.name);
  }

  retried(): void {
    this.#retries.add(1, this.name);
  }

  taken(afterMs: number): void {
    this.#waited.observe(afterMs / 1000, this.name);
  }

  worked(ms: number): void {
    this.#worked.observe(ms / 1000, this.name);
  }
}
