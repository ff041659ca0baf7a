import type { Demand } from './demand.ts';
import type { LevelLoad } from './level-load.ts';
import type { Rejection, Ticket } from './ticket.ts';

export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

/** What happens to requests for which there are no seats. */
export type Discipline = 'exempt' | 'reject' | Queuing;

/** How long a request is taken to last before it has, in seconds. */
const estimatedSeconds = 0.003;

/** Requests of several flows that wait in order of arrival. */
export class Queue {
  readonly waiting = new Set<Ticket>();
  executing = 0;
  seatsInUse = 0;
  seatsWaiting = 0;
  /** When, in virtual time, its next request would begin. */
  nextR = 0;

  constructor(readonly index: number) {}

  /** What its requests that wait are taken to need, in seat-seconds. */
  get workWaiting(): number {
    return this.seatsWaiting * estimatedSeconds;
  }

  get isIdle(): boolean {
    return this.executing === 0 && this.waiting.size === 0;
  }

  get oldest(): Ticket | undefined {
    for (const one of this.waiting) return one;
    return undefined;
  }
}

/**
 * Hands out the seats of one priority level. Where they do not suffice, requests wait in queues, whose turns are decided as if each
 * queue that has something to do got its share of the seats all the time: the fair queuing of util/flowcontrol/fairqueuing/queueset,
 * with its virtual time R, counted in seat-seconds for each queue.
 */
export class QueueSet {
  discipline: Discipline = 'reject';
  queues: Queue[] = [];
  /** In no order. */
  readonly executing: Ticket[] = [];
  seatsInUse = 0;
  waiting = 0;
  seatsWaiting = 0;
  dispatched = 0;
  rejected = 0;
  /** Of those rejected, the ones that waited in vain. */
  cancelled = 0;
  #limit = 0;
  #r = 0;
  #rAtMs: number;
  /** Those that are not idle. */
  #activeQueues = 0;
  /** The queue that was served last. */
  #robin = 0;
  #arrivals = 0;

  constructor(
    readonly demand: Demand,
    readonly load: LevelLoad,
    nowMs: number,
  ) {
    this.#rAtMs = nowMs;
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.executing.length === 0;
  }

  /** Queues that are one too many go once they are idle. Whoever can begin now does. */
  configure(discipline: Discipline, limit: number, nowMs: number): void {
    this.#passTo(nowMs);
    this.discipline = discipline;
    this.#limit = limit;
    this.load.setLimits(discipline, limit);
    if (typeof discipline === 'object') while (this.queues.length < discipline.queues) this.queues.push(new Queue(this.queues.length));
    this.#trim();
    this.#dispatch(nowMs);
  }

  /** From now on there are so many seats. */
  setLimit(limit: number, nowMs: number): void {
    this.configure(this.discipline, limit, nowMs);
  }

  /** Notes how things have been until now. */
  catchUp(nowMs: number): void {
    this.#passTo(nowMs);
  }

  /** Lets a request begin, wait, or go away again, and says why it has to. */
  enter(ticket: Ticket, nowMs: number): Rejection | undefined {
    this.#passTo(nowMs);
    const { discipline } = this;
    if (typeof discipline === 'string') {
      if (discipline === 'reject' && !this.#fits(ticket.seats)) return this.#reject(ticket, 'concurrency-limit');
      this.#execute(ticket, nowMs);
      return undefined;
    }
    const queue = this.#choose(ticket.flow.hand(discipline.queues, discipline.handSize));
    if (this.seatsInUse >= this.#limit && queue.waiting.size >= discipline.queueLengthLimit) return this.#reject(ticket, 'queue-full');
    if (queue.isIdle) {
      this.#activeQueues += 1;
      queue.nextR = this.#r;
    }
    ticket.queue = queue;
    ticket.arrivalR = this.#r;
    // Nearly always there is a seat, and nobody before who wants it.
    if (this.waiting === 0 && this.#fits(ticket.seats)) {
      if (queue.nextR < this.#r) queue.nextR = this.#r;
      this.#robin = queue.index;
      ticket.schema.figures.count.enqueued(1);
      queue.nextR += ticket.seats * estimatedSeconds;
      this.#execute(ticket, nowMs);
      return undefined;
    }
    this.#enqueue(ticket, queue, nowMs);
    this.#dispatch(nowMs);
    return undefined;
  }

  /** A request has ended, or has waited long enough. */
  leave(ticket: Ticket, nowMs: number): void {
    this.#passTo(nowMs);
    if (ticket.state === 'waiting') this.#giveUp(ticket, nowMs);
    else if (ticket.state === 'executing') this.#finish(ticket, nowMs);
    this.#dispatch(nowMs);
  }

  #choose(hand: readonly number[]): Queue {
    // Nobody shall prefer the same card of overlapping hands all the time.
    const offset = this.#arrivals % hand.length;
    this.#arrivals += 1;
    let best = this.queues[hand[offset] as number] as Queue;
    if (this.waiting === 0) return best;
    for (let index = 1; index < hand.length; index += 1) {
      const queue = this.queues[hand[(offset + index) % hand.length] as number] as Queue;
      if (queue.seatsWaiting < best.seatsWaiting) best = queue;
    }
    return best;
  }

  #fits(seats: number): boolean {
    if (this.discipline === 'exempt') return true;
    // What is too large for the level has it for itself.
    return seats > this.#limit ? this.executing.length === 0 : this.seatsInUse + seats <= this.#limit;
  }

  #reject(ticket: Ticket, why: Rejection): Rejection {
    ticket.state = 'rejected';
    this.rejected += 1;
    return why;
  }

  #enqueue(ticket: Ticket, queue: Queue, nowMs: number): void {
    const { seats } = ticket;
    ticket.state = 'waiting';
    queue.waiting.add(ticket);
    queue.seatsWaiting += seats;
    this.waiting += 1;
    this.seatsWaiting += seats;
    ticket.schema.figures.waits(1, seats);
    ticket.schema.figures.count.enqueued(queue.waiting.size);
    this.#bound(queue);
    this.demand.set(this.seatsInUse + this.seatsWaiting, nowMs);
  }

  #dequeue(ticket: Ticket, queue: Queue): void {
    const { seats } = ticket;
    queue.waiting.delete(ticket);
    queue.seatsWaiting -= seats;
    this.waiting -= 1;
    this.seatsWaiting -= seats;
    ticket.schema.figures.waits(-1, seats);
  }

  #execute(ticket: Ticket, nowMs: number): void {
    const { seats, queue } = ticket;
    ticket.state = 'executing';
    ticket.startedMs = nowMs;
    ticket.place = this.executing.push(ticket) - 1;
    this.seatsInUse += seats;
    this.dispatched += 1;
    if (queue) {
      queue.executing += 1;
      queue.seatsInUse += seats;
    }
    ticket.schema.figures.executes(1, seats);
    this.demand.set(this.seatsInUse + this.seatsWaiting, nowMs);
  }

  #finish(ticket: Ticket, nowMs: number): void {
    const { seats, queue } = ticket;
    ticket.state = 'done';
    this.#vacate(ticket.place);
    this.seatsInUse -= seats;
    ticket.schema.figures.executes(-1, seats);
    this.demand.set(this.seatsInUse + this.seatsWaiting, nowMs);
    if (!queue) return;
    queue.executing -= 1;
    queue.seatsInUse -= seats;
    // The queue is charged for the time that the request has really taken.
    queue.nextR -= seats * (estimatedSeconds - (nowMs - ticket.startedMs) / 1000);
    this.#bound(queue);
    if (queue.isIdle) this.#rest();
  }

  /** The last one moves up. */
  #vacate(place: number): void {
    const last = this.executing.pop() as Ticket;
    if (place === this.executing.length) return;
    this.executing[place] = last;
    last.place = place;
  }

  #giveUp(ticket: Ticket, nowMs: number): void {
    const queue = ticket.queue as Queue;
    this.#dequeue(ticket, queue);
    ticket.state = 'rejected';
    this.rejected += 1;
    this.cancelled += 1;
    this.#bound(queue);
    this.demand.set(this.seatsInUse + this.seatsWaiting, nowMs);
    if (queue.isIdle) this.#rest();
  }

  #rest(): void {
    this.#activeQueues -= 1;
    this.#trim();
  }

  /** Differs from upstream: of too many queues the last ones go first, so that no queue changes its number. */
  #trim(): void {
    const wanted = typeof this.discipline === 'object' ? this.discipline.queues : 0;
    while (this.queues.length > wanted && this.queues.at(-1)?.isIdle) this.queues.pop();
  }

  /** Lets begin who can. */
  #dispatch(nowMs: number): void {
    while (this.waiting > 0 && this.seatsInUse < this.#limit) {
      const next = this.#next();
      if (!next) return;
      const queue = next.queue as Queue;
      this.#dequeue(next, queue);
      queue.nextR += next.seats * estimatedSeconds;
      this.#execute(next, nowMs);
      this.#bound(queue);
      next.decided?.();
    }
  }

  /** The oldest request of the queue whose next one would end first; undefined while there is no room for it. */
  #next(): Ticket | undefined {
    const { length } = this.queues;
    let [best, bestIndex, bestEnd] = [undefined as Ticket | undefined, 0, Number.POSITIVE_INFINITY];
    // Of several, the turn is that of the first after the queue that was served last.
    for (let step = 1; step <= length; step += 1) {
      const index = (this.#robin + step) % length;
      const queue = this.queues[index] as Queue;
      const { oldest } = queue;
      if (!oldest) continue;
      const end = queue.nextR + oldest.seats * estimatedSeconds;
      if (end < bestEnd) [best, bestIndex, bestEnd] = [oldest, index, end];
    }
    if (!best) return undefined;
    if (!this.#fits(best.seats)) {
      best.schema.figures.count.notAccommodated(1);
      return undefined;
    }
    this.#robin = bestIndex;
    return best;
  }

  /** A queue that was idle for a while has saved nothing up: no request begins, in virtual time, before it has come. */
  #bound(queue: Queue): void {
    const { oldest } = queue;
    if (oldest && queue.nextR < oldest.arrivalR) queue.nextR = oldest.arrivalR;
  }

  /**
   * Virtual time passes as fast as each of the active queues is served.
   * Differs from upstream: it is a floating-point number and never has to be wound back.
   */
  #passTo(nowMs: number): void {
    const ms = nowMs - this.#rAtMs;
    if (ms === 0) return;
    this.#rAtMs = nowMs;
    this.load.passed(ms, this);
    const seconds = ms / 1000;
    if (this.#activeQueues > 0) this.#r += (seconds * Math.min(this.seatsInUse + this.seatsWaiting, this.#limit)) / this.#activeQueues;
  }
}
