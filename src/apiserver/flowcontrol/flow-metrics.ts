import type { MetricFamily, Metrics, Sample } from '../../env/index.ts';
import { Histograms } from '../../env/index.ts';
import type { LoadHistograms } from './level-load.ts';
import { LevelLoad } from './level-load.ts';
import type { PriorityLevel } from './priority-level.ts';
import type { Rejection } from './ticket.ts';

const secondsBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const lengthBounds = [0, 10, 25, 50, 100, 250, 500, 1000];
const seatBounds = [1, 2, 4, 10];
const demandBounds = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6];
const seatUseBounds = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const requestUseBounds = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1];

const name = (end: string): string => `apiserver_flowcontrol_${end}`;

/** What is counted of the requests of one flow schema in one priority level. */
export class FlowFigures {
  /** Whether there has been any: before, nothing is told. */
  used = false;
  waiting = 0;
  waitingSeats = 0;
  executing = 0;
  executingSeats = 0;

  constructor(
    readonly level: string,
    readonly schema: string,
    /** All that a request counts in passing, by labels looked up once. */
    readonly count: Readonly<Record<'dispatched' | 'enqueued' | 'seats' | 'notAccommodated' | 'waited' | 'waitedInVain' | 'took' | 'watchTook', Count>>,
    readonly rejected: (why: Rejection) => void,
  ) {}

  waits(requests: 1 | -1, seats: number): void {
    this.waiting += requests;
    this.waitingSeats += requests * seats;
  }

  executes(requests: 1 | -1, seats: number): void {
    this.executing += requests;
    this.executingSeats += requests * seats;
  }
}

type Count = (value: number) => void;

const readingVerbs = new Set(['get', 'list', 'watch']);

/**
 * The series of util/flowcontrol/metrics, under upstream's names.
 *
 * Differs from upstream: `read_vs_write_current_requests`, those about virtual time (`current_r`, `dispatch_r`, `latest_s`,
 * `next_s_bounds`) and `watch_count_samples` are missing.
 */
export class FlowMetrics {
  readonly #figures = new Map<string, FlowFigures>();
  readonly #families;
  readonly #load: LoadHistograms;

  constructor(
    readonly metrics: Metrics,
    readonly state: () => { readonly levels: readonly PriorityLevel[]; readonly fairFraction: number; readonly nowMs: number },
  ) {
    const labels = ['priority_level', 'flow_schema'];
    this.#families = {
      dispatched: metrics.counters(name('dispatched_requests_total'), '[BETA] Requests that got their seats.', labels),
      rejected: metrics.counters(name('rejected_requests_total'), '[BETA] Requests turned away, by why.', [...labels, 'reason']),
      notAccommodated: metrics.counters(name('request_dispatch_no_accommodation_total'), '[ALPHA] Times that the next request did not fit in.', labels),
      enqueued: metrics.histograms(name('request_queue_length_after_enqueue'), '[ALPHA] How long queues were for those who came last.', labels, lengthBounds),
      seats: metrics.histograms(name('work_estimated_seats'), '[ALPHA] How many seats requests are taken to need.', labels, seatBounds),
      waited: metrics.histograms(
        name('request_wait_duration_seconds'),
        '[BETA] How long requests waited for their seats.',
        [...labels, 'execute'],
        secondsBounds,
      ),
      took: metrics.histograms(name('request_execution_seconds'), '[ALPHA] How long requests had their seats.', [...labels, 'type'], secondsBounds),
    };
    this.#load = {
      demand: new Histograms(
        name('demand_seats'),
        'EXPERIMENTAL: [ALPHA] How many seats a level could use, as a part of what it has, by nanoseconds.',
        ['priority_level'],
        demandBounds,
      ),
      seats: new Histograms(
        name('priority_level_seat_utilization'),
        'EXPERIMENTAL: [ALPHA] How many of its seats a level uses, by nanoseconds.',
        ['phase', 'priority_level'],
        seatUseBounds,
      ),
      requests: new Histograms(
        name('priority_level_request_utilization'),
        'EXPERIMENTAL: [ALPHA] How many requests a level has, as a part of what it has room for, by nanoseconds.',
        ['phase', 'priority_level'],
        requestUseBounds,
      ),
    };
    for (const histograms of Object.values(this.#load)) metrics.family(this.#caughtUp(histograms));
    this.#addGauges();
  }

  /** What has not changed for a while is put into the books first. */
  #caughtUp(histograms: Histograms): MetricFamily {
    const family = histograms.family();
    const samples = () => {
      const { levels, nowMs } = this.state();
      for (const { queues } of levels) queues.catchUp(nowMs);
      return family.samples();
    };
    return { ...family, samples };
  }

  /** Of a level that is new. */
  load(level: string, serverSeats: number): LevelLoad {
    return new LevelLoad(level, this.#load, serverSeats);
  }

  of(level: string, schema: string): FlowFigures {
    const key = `${level}/${schema}`;
    let figures = this.#figures.get(key);
    if (!figures) this.#figures.set(key, (figures = this.#make(level, schema)));
    return figures;
  }

  #make(level: string, schema: string): FlowFigures {
    const { dispatched, rejected, notAccommodated, enqueued, seats, waited, took } = this.#families;
    const count = {
      dispatched: dispatched.adder(level, schema),
      enqueued: enqueued.observer(level, schema),
      seats: seats.observer(level, schema),
      notAccommodated: notAccommodated.adder(level, schema),
      waited: waited.observer(level, schema, 'true'),
      waitedInVain: waited.observer(level, schema, 'false'),
      took: took.observer(level, schema, 'regular'),
      watchTook: took.observer(level, schema, 'watch'),
    };
    return new FlowFigures(level, schema, count, (why) => rejected.add(1, level, schema, why));
  }

  #addGauges(): void {
    const byFlow = (end: string, help: string, read: (one: FlowFigures) => number) => this.metrics.gauge(name(end), help, () => this.#flowSamples(read));
    const byLevel = (end: string, help: string, read: (one: PriorityLevel) => number) =>
      this.metrics.gauge(name(end), help, () => this.state().levels.map((one) => ({ labels: { priority_level: one.name }, value: read(one) })));
    byFlow('current_inqueue_requests', '[BETA] Requests that wait now.', (one) => one.waiting);
    byFlow('current_inqueue_seats', '[ALPHA] Seats that they wait for.', (one) => one.waitingSeats);
    byFlow('current_executing_requests', '[BETA] Requests at work now; watches only until they have begun.', (one) => one.executing);
    byFlow('current_executing_seats', '[BETA] Seats that they have.', (one) => one.executingSeats);
    byLevel('nominal_limit_seats', '[BETA] Seats by share.', ({ limits }) => limits.nominal);
    byLevel('lower_limit_seats', '[ALPHA] Seats that are never lent.', ({ limits }) => limits.least);
    byLevel('upper_limit_seats', '[ALPHA] Seats that a level may have with those it borrows.', ({ limits }) => limits.most);
    byLevel('current_limit_seats', '[ALPHA] Seats now, lent and borrowed ones reckoned in.', ({ limits }) => limits.current);
    byLevel('target_seats', '[ALPHA] Seats that a level should have.', ({ limits }) => limits.target);
    byLevel('demand_seats_high_watermark', '[ALPHA] Most seats wanted at a time, of late.', ({ demand }) => demand.highWatermark);
    byLevel('demand_seats_average', '[ALPHA] Seats wanted on average, of late.', ({ demand }) => demand.average);
    byLevel('demand_seats_stdev', '[ALPHA] How far that went up and down.', ({ demand }) => demand.deviation);
    byLevel('demand_seats_smoothed', '[ALPHA] Seats wanted, with what was before.', ({ demand }) => demand.smoothed);
    this.metrics.gauge('apiserver_current_inqueue_requests', '[ALPHA] Requests that wait now, by whether they change anything.', () => this.#waitingByKind());
    this.metrics.gauge(name('seat_fair_frac'), '[ALPHA] How much of its target each level gets.', () => [{ labels: {}, value: this.state().fairFraction }]);
  }

  #waitingByKind(): Sample[] {
    const waiting = this.state().levels.flatMap(({ queues }) => queues.queues.flatMap((queue) => [...queue.waiting]));
    const reading = waiting.filter(({ info }) => readingVerbs.has(info.verb)).length;
    return [
      { labels: { request_kind: 'mutating' }, value: waiting.length - reading },
      { labels: { request_kind: 'readOnly' }, value: reading },
    ];
  }

  #flowSamples(read: (one: FlowFigures) => number): Sample[] {
    this.state(); // Puts idle time into the books first.
    const used = [...this.#figures.values()].filter((one) => one.used);
    return used.map((one) => ({ labels: { priority_level: one.level, flow_schema: one.schema }, value: read(one) }));
  }
}
