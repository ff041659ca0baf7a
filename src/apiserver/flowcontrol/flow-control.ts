import type { Env, Timer } from '../../env/index.ts';
import type { ApiRequest, UserInfo } from '../../machinery/handler.ts';
import type { Store } from '../../store/store.ts';
import { StorageFollower } from '../authz/storage-follower.ts';
import { deadlineMs, requestTimeoutMs } from '../limits/deadline.ts';
import { isLongRunning } from '../metrics/index.ts';
import type { RequestInfo } from '../request-info.ts';
import { Classifier, flowControlPrefix, StoredConfiguration, WorkingSchema } from './configuration.ts';
import { FlowMetrics } from './flow-metrics.ts';
import { divideSeats, lendSeats } from './limits.ts';
import { PriorityLevel } from './priority-level.ts';
import { ObjectCounts, seatsOf } from './seats.ts';
import type { ActiveSchema } from './ticket.ts';
import { Ticket } from './ticket.ts';

/** How often seats are lent anew, in milliseconds. */
const periodMs = 10_000;
/** Requests of components that are counted once there is a configuration to count them by. */
const uncountedMax = 500;
/** Of the time that a request has, it may wait so much for its seats. */
const waitingPart = 1 / 4;

export interface FlowControlOptions {
  readonly env: Pick<Env, 'clock' | 'loop' | 'log' | 'metrics'>;
  readonly store: Store;
  /** Seats of the server: requests at work at a time that are not exempt. */
  readonly seats: number;
  /** How many objects there are of a resource; undefined for what is not stored here. */
  countObjects(group: string, resource: string): Promise<number> | undefined;
}

/**
 * API priority and fairness (apiserver/pkg/util/flowcontrol): each request comes under the first flow schema that speaks of it, and
 * gets its seats from that one's priority level, or waits for them, or is turned away.
 *
 * Between requests nothing runs: what upstream does every ten seconds is made up for when somebody comes or looks, unless requests wait.
 */
export class FlowControl {
  readonly #stored = new StoredConfiguration(() => this.#changed());
  readonly #metrics: FlowMetrics;
  readonly #counts: ObjectCounts;
  #uncounted: { readonly info: RequestInfo; readonly user: UserInfo; readonly ms: number }[] = [];
  readonly #waits = new Map<Ticket, () => void>();
  #levels = new Map<string, PriorityLevel>();
  #classifier = new Classifier([]);
  #stale = true;
  #fairFraction = 0;
  #adjustsAtMs: number;
  #adjusting: Timer | undefined;

  constructor(readonly options: FlowControlOptions) {
    const { env, store } = options;
    this.#adjustsAtMs = env.clock.now() + periodMs;
    this.#metrics = new FlowMetrics(env.metrics, () => ({ levels: this.levels(), fairFraction: this.#fairFraction, nowMs: env.clock.now() }));
    this.#counts = new ObjectCounts(env.clock, (group, resource) => options.countObjects(group, resource));
    const follower = new StorageFollower(env, store, flowControlPrefix, this.#stored);
    follower.start().catch((error: unknown) => env.log.error('flow control cannot read storage', { error: String(error) }));
  }

  /**
   * A request comes. Its ticket says whether it may begin, has to `wait`, or has to go; whoever has one calls `leave` in the end.
   * There is none for requests that last, but for watches, which are done here once they have begun.
   */
  enter(info: RequestInfo, user: UserInfo, query: URLSearchParams, nowMs: number): Ticket | undefined {
    if (info.verb !== 'watch' && isLongRunning(info)) return undefined;
    this.#upToDate(nowMs);
    const schema = this.#classifier.classify(info, user);
    const { level, figures } = schema;
    const stored = info.verb === 'list' ? this.#counts.get(info.group, info.resource) : undefined;
    const seats = stored === undefined ? 1 : seatsOf(info, query, stored, level.requestSeatsMax);
    const ticket = new Ticket(schema, schema.flows.get(schema.distinguisher(user, info)), seats, user, info, nowMs);
    figures.used = true;
    figures.count.seats(seats);
    const rejection = level.queues.enter(ticket, nowMs);
    if (rejection) {
      figures.rejected(rejection);
      level.retryAfter.note(nowMs);
      figures.count.waitedInVain(0);
    } else if (ticket.state === 'executing') this.#began(ticket, nowMs);
    return ticket;
  }

  /**
   * Resolves when a request that waits has its seats, or has to go: a quarter of its time is over, or its client has gone.
   * Rejects with 400 for a time that is none.
   */
  async wait(ticket: Ticket, { query, signal }: Pick<ApiRequest, 'query' | 'signal'>): Promise<void> {
    const { loop, clock } = this.options.env;
    const limitMs = (ticket.info.verb === 'watch' ? requestTimeoutMs : deadlineMs(query)) * waitingPart;
    this.#adjustInTime();
    await new Promise<void>((resolve) => {
      const giveUp = () => {
        if (ticket.state !== 'waiting') return;
        ticket.schema.level.queues.leave(ticket, clock.now());
        resolve();
      };
      const timer = loop.after(limitMs, 'seats in the API server', giveUp);
      signal?.addEventListener('abort', giveUp);
      this.#waits.set(ticket, () => {
        timer.cancel();
        signal?.removeEventListener('abort', giveUp);
      });
      ticket.decided = resolve;
      if (signal?.aborted) giveUp();
    });
    this.#waits.get(ticket)?.();
    this.#waits.delete(ticket);
    const now = clock.now();
    if (ticket.state === 'executing') this.#began(ticket, now);
    else {
      const { figures, level } = ticket.schema;
      figures.rejected('time-out');
      figures.count.waited((now - ticket.arrivedMs) / 1000); // Upstream tells these from the others by the reason alone.
      level.retryAfter.note(now);
    }
  }

  /** A request is done, or was never begun. */
  leave(ticket: Ticket): void {
    if (ticket.state === 'rejected' || ticket.state === 'done') return;
    const now = this.options.env.clock.now();
    const { level, figures } = ticket.schema;
    if (ticket.state === 'executing') this.#took(ticket.schema, ticket.info, now - ticket.startedMs);
    else figures.rejected('time-out');
    level.queues.leave(ticket, now);
    if (level.quiescing && level.queues.isIdle) this.#stale = true;
  }

  /**
   * A component of this process has asked for something and got it.
   *
   * Differs from upstream: those in this process are counted where they belong, but take no seats from anybody and never wait.
   */
  passed(info: RequestInfo, user: UserInfo, beganMs: number): void {
    if (info.verb !== 'watch' && isLongRunning(info)) return;
    const ms = this.options.env.clock.now() - beganMs;
    // A start writes the configuration one object after the other, which is not put to work each time for nobody else.
    if (this.#stale && this.#uncounted.length < uncountedMax) this.#uncounted.push({ info, user, ms });
    else this.#count(info, user, ms);
  }

  #count(info: RequestInfo, user: UserInfo, ms: number): void {
    if (this.#stale) this.#digest(this.options.env.clock.now());
    const schema = this.#classifier.classify(info, user);
    schema.figures.used = true;
    schema.figures.count.dispatched(1);
    schema.level.queues.dispatched += 1;
    this.#took(schema, info, ms);
  }

  /** As they are now, by name. */
  levels(): readonly PriorityLevel[] {
    this.#upToDate(this.options.env.clock.now());
    return [...this.#levels.values()];
  }

  #began({ schema: { level, figures }, arrivedMs }: Ticket, nowMs: number): void {
    figures.count.dispatched(1);
    if (!level.exempt) figures.count.waited((nowMs - arrivedMs) / 1000);
  }

  #took({ figures }: ActiveSchema, { verb }: RequestInfo, ms: number): void {
    if (verb === 'watch') figures.count.watchTook(ms / 1000);
    else figures.count.took(ms / 1000);
  }

  /** The new configuration is made when somebody needs it: at once if requests wait, who may have more room in it. */
  #changed(): void {
    this.#stale = true;
    if (this.#waits.size > 0) this.#upToDate(this.options.env.clock.now());
  }

  #upToDate(nowMs: number): void {
    if (nowMs >= this.#adjustsAtMs) this.#adjust(nowMs);
    if (this.#stale) this.#digest(nowMs);
  }

  /** Puts what is stored to work. A level that is gone stays until everybody has left it. */
  #digest(nowMs: number): void {
    this.#stale = false;
    const stored = this.#stored.levels();
    const levels = new Map<string, PriorityLevel>();
    for (const [name, object] of stored) {
      const level = this.#levels.get(name) ?? new PriorityLevel(object, this.#metrics.load(name, this.options.seats), nowMs);
      level.object = object;
      level.quiescing = false;
      levels.set(name, level);
    }
    for (const [name, level] of this.#levels) {
      if (levels.has(name) || level.queues.isIdle) continue;
      level.quiescing = true;
      levels.set(name, level);
    }
    this.#levels = new Map([...levels].sort(([one], [other]) => (one < other ? -1 : 1)));
    this.#classifier = new Classifier(
      this.#stored.schemas(stored).map((object) => {
        const level = levels.get(object.spec?.priorityLevelConfiguration.name ?? '') as PriorityLevel;
        return new WorkingSchema(object, level, this.#metrics.of(level.name, object.metadata?.name ?? ''));
      }),
    );
    for (const { demand } of this.#levels.values()) demand.endPeriod(nowMs, 0, periodMs);
    this.#lend(nowMs);
    for (const { info, user, ms } of this.#uncounted.splice(0)) this.#count(info, user, ms);
  }

  /** Ends the periods that are over. Nothing has changed since the end of the first of them, or it would have been ended then. */
  #adjust(nowMs: number): void {
    const more = Math.floor((nowMs - this.#adjustsAtMs) / periodMs);
    for (const { demand } of this.#levels.values()) demand.endPeriod(this.#adjustsAtMs, more, periodMs);
    this.#adjustsAtMs += (more + 1) * periodMs;
    this.#lend(nowMs);
  }

  #lend(nowMs: number): void {
    const levels = [...this.#levels.values()];
    const divided = divideSeats(
      this.options.seats,
      levels.map(({ shares }) => shares),
    );
    const borrowers = levels.map(({ exempt, demand: { highWatermark, smoothed } }, index) => ({ ...divided[index]!, exempt, highWatermark, smoothed }));
    const { limits, fairFraction } = lendSeats(borrowers);
    this.#fairFraction = fairFraction;
    for (const [index, level] of levels.entries()) level.setLimits({ ...divided[index]!, ...limits[index]! }, nowMs);
  }

  /** Those who wait may get seats that others need no longer. */
  #adjustInTime(): void {
    this.#adjusting ??= this.options.env.loop.at(this.#adjustsAtMs, 'seats are lent anew', () => {
      this.#adjusting = undefined;
      this.#upToDate(this.options.env.clock.now());
      if (this.#waits.size > 0) this.#adjustInTime();
    });
  }
}
