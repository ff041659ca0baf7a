import type { Pod } from '../../generated/types/index.ts';
import type { Env, Timer } from '../env/index.ts';

const initialBackOffMs = 1000;
const maxBackOffMs = 10_000;
/** A pod that no event has moved is tried again after this long. */
const maxUnschedulableMs = 5 * 60_000;

interface Queued {
  pod: Readonly<Pod>;
  readonly addedAt: number;
  readonly order: number;
  attempts: number;
  /** Where the pod waits. */
  place: 'active' | 'backoff' | 'unschedulable' | 'scheduling';
  failedAt: number;
  /** Cluster moves seen when its attempt began: one that came meanwhile may have helped. */
  cycle: number;
  timer?: Timer | undefined;
}

/**
 * Pods that wait for a node (pkg/scheduler/backend/queue): active ones by priority, then by age; those that just failed
 * wait for their back-off (1 s doubling to 10 s); those that nothing can help yet wait for an event of the cluster.
 *
 * Differs from upstream: any helpful event moves all unschedulable pods; there are no queueing hints per plugin.
 */
export class SchedulingQueue {
  readonly #pods = new Map<string, Queued>();
  #order = 0;
  #moves = 0;

  constructor(
    readonly env: Pick<Env, 'loop' | 'clock'>,
    /** Called whenever a pod becomes active. */
    readonly ready: () => void,
  ) {}

  get size(): number {
    return this.#pods.size;
  }

  /** How many pods wait in one of the queues; one that is being looked at waits in none. */
  count(place: 'active' | 'backoff' | 'unschedulable'): number {
    let count = 0;
    for (const one of this.#pods.values()) if (one.place === place) count += 1;
    return count;
  }

  add(pod: Readonly<Pod>): void {
    const uid = pod.metadata?.uid ?? '';
    const known = this.#pods.get(uid);
    if (known) {
      known.pod = pod;
      return;
    }
    const now = this.env.clock.now();
    this.#pods.set(uid, { pod, addedAt: now, order: this.#order++, attempts: 0, place: 'active', failedAt: now, cycle: 0 });
    this.ready();
  }

  /** The pod has changed: one that waits may fit now. */
  update(pod: Readonly<Pod>): void {
    const known = this.#pods.get(pod.metadata?.uid ?? '');
    if (!known) {
      this.add(pod);
      return;
    }
    known.pod = pod;
    if (known.place === 'unschedulable') this.#move(known);
  }

  remove(uid: string): void {
    this.#pods.get(uid)?.timer?.cancel();
    this.#pods.delete(uid);
  }

  /** The next pod to place, by priority and then by age. */
  pop(): Readonly<Pod> | undefined {
    let best: Queued | undefined;
    for (const one of this.#pods.values()) if (one.place === 'active' && (!best || before(one, best))) best = one;
    if (!best) return undefined;
    best.place = 'scheduling';
    best.attempts += 1;
    best.cycle = this.#moves;
    return best.pod;
  }

  /** No node would do: the pod waits for an event, or for its back-off if one came while it was looked at. */
  failed(uid: string): void {
    const one = this.#pods.get(uid);
    if (!one) return;
    one.failedAt = this.env.clock.now();
    if (one.cycle !== this.#moves) {
      this.#backOff(one);
      return;
    }
    one.place = 'unschedulable';
    one.timer = this.env.loop.after(maxUnschedulableMs, 'scheduler retry', () => this.#move(one));
  }

  /** Something went wrong that time may heal: the pod comes back after its back-off. */
  retry(uid: string): void {
    const one = this.#pods.get(uid);
    if (!one) return;
    one.failedAt = this.env.clock.now();
    this.#backOff(one);
  }

  /** Something in the cluster has changed for the better: a node, or a pod that has gone. */
  moveAll(): void {
    this.moveIf(() => true);
  }

  /** The same for a change that helps only some. */
  moveIf(helps: (pod: Readonly<Pod>) => boolean): void {
    this.#moves += 1;
    for (const one of this.#pods.values()) if (one.place === 'unschedulable' && helps(one.pod)) this.#move(one);
  }

  close(): void {
    for (const one of this.#pods.values()) one.timer?.cancel();
    this.#pods.clear();
  }

  #move(one: Queued): void {
    one.timer?.cancel();
    if (one.failedAt + backOffMs(one.attempts) > this.env.clock.now()) this.#backOff(one);
    else this.#activate(one);
  }

  #backOff(one: Queued): void {
    one.place = 'backoff';
    one.timer?.cancel();
    one.timer = this.env.loop.at(one.failedAt + backOffMs(one.attempts), 'scheduler back-off', () => this.#activate(one));
  }

  #activate(one: Queued): void {
    one.place = 'active';
    one.timer = undefined;
    this.ready();
  }
}

function before(a: Queued, b: Queued): boolean {
  const priority = (b.pod.spec?.priority ?? 0) - (a.pod.spec?.priority ?? 0);
  return (priority || a.addedAt - b.addedAt || a.order - b.order) < 0;
}

function backOffMs(attempts: number): number {
  return Math.min(initialBackOffMs * 2 ** Math.max(0, attempts - 1), maxBackOffMs);
}
