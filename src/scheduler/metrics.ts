import type { Counters, Env, Histograms } from '../env/index.ts';
import { exponentialBounds } from '../env/index.ts';
import type { SchedulingQueue } from './scheduling-queue.ts';

/** What the scheduler counts, under upstream's names (pkg/scheduler/metrics). Times are simulated ones. */
export class SchedulerMetrics {
  readonly #attempts: Counters;
  readonly #seconds: Histograms;

  constructor(
    /** The scheduler's name, as pods ask for it. */
    readonly profile: string,
    readonly env: Pick<Env, 'clock' | 'metrics'>,
    queue: SchedulingQueue,
  ) {
    const { metrics } = env;
    const labels = ['result', 'profile'];
    this.#attempts = metrics.counters('scheduler_schedule_attempts_total', 'Attempts to give a pod a node, by outcome.', labels);
    this.#seconds = metrics.histograms(
      'scheduler_scheduling_attempt_duration_seconds',
      'How long an attempt takes, with the binding.',
      labels,
      exponentialBounds(0.001, 2, 15),
    );
    metrics.gauge('scheduler_pending_pods', 'Pods that wait, by the queue they wait in.', () =>
      (['active', 'backoff', 'unschedulable'] as const).map((place) => ({ labels: { queue: place }, value: queue.count(place) })),
    );
  }

  attempted(result: 'error' | 'scheduled' | 'unschedulable', beganMs: number): void {
    this.#attempts.add(1, result, this.profile);
    this.#seconds.observe((this.env.clock.now() - beganMs) / 1000, result, this.profile);
  }
}
