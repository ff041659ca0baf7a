import type { Lease } from '../../generated/types/index.ts';
import type { Counters, Env, Timer } from '../env/index.ts';
import { uuidOf } from '../env/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatMicroTime } from '../machinery/time.ts';
import type { Client } from './client.ts';
import type { EventRecorder } from './event-recorder.ts';
import { createEventRecorder } from './event-recorder.ts';

const namespace = 'kube-system';
const durationSeconds = 15;
const renewDeadlineMs = 10_000;
const retryMs = 2_000;
/** Those who wait look again after the retry period and up to this much of it more, so that they do not look all at once. */
const jitterFactor = 1.2;

type Election = NonNullable<Lease['spec']>;

export interface LeaderElectionOptions {
  readonly env: Env;
  /** Acts as the component. */
  readonly client: Client;
  /** Of the Lease in kube-system: `kube-scheduler`. */
  readonly name: string;
  readonly hostName: string;
  /** By whom the event is that tells of a new leader. */
  readonly eventSource: string;
  /** Whether the lease is given up at the end, so that the next one need not wait until it has expired. */
  readonly releaseOnStop?: boolean;
  /** Begins what only one may do, and returns what ends it. */
  lead(): () => void;
}

/**
 * One component that runs while it holds a lease (client-go/tools/leaderelection and its resourcelock, with the periods of upstream's
 * components): 15 seconds of lease, renewed every 2; who has not renewed it for 10 seconds steps down.
 *
 * A component that has lost its lease exits upstream, and its container comes back. So does ours: a new candidate, by a new identity, waits
 * for the lease to be free. Nobody sees an event of the end there, since the process is gone before it is written.
 *
 * Differs from upstream: a new leader renews for the first time after a period, not at once, and a new process takes no time to come up.
 */
export class LeaderElection {
  readonly #events: EventRecorder;
  readonly #masterStatus: Counters;
  readonly #slowPath: Counters;
  #identity = '';
  /** As last read or written. */
  #lease: Readonly<Lease> | undefined;
  #observed: Election = {};
  /** When `#observed` was first seen, by this candidate's clock: what a lease says of times is not believed. */
  #observedMs = 0;
  /** The record as last read, to tell whether its holder is alive. */
  #read = '';
  #timer: Timer | undefined;
  #stopLeading: (() => void) | undefined;
  #stopped = false;

  constructor(readonly options: LeaderElectionOptions) {
    const { client, env, eventSource } = options;
    this.#events = createEventRecorder(client, env, { component: eventSource });
    this.#masterStatus = env.metrics.counters('leader_election_master_status', 'Whether the component of this lease leads.', ['name'], 'gauge');
    this.#slowPath = env.metrics.counters('leader_election_slowpath_total', 'Renewals for which the lease had to be read first.', ['name']);
  }

  /** Resolves after the first attempt: who finds the lease free leads by then. */
  async start(): Promise<void> {
    const { env, hostName, name } = this.options;
    this.#masterStatus.set(0, name);
    this.#identity = `${hostName}_${uuidOf(env.random.stream(`leader-election ${name}`).bytes(16))}`;
    this.#observed = {};
    this.#read = '';
    await this.#acquire();
  }

  /** Ends what was led, and gives the lease up if it is to be. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    const led = this.#stopLeading !== undefined;
    this.#end();
    if (!led || !this.options.releaseOnStop || !this.#leads()) return;
    const { env } = this.options;
    const now = formatMicroTime(env.clock.now());
    const { leaseTransitions = 0 } = this.#observed;
    const released: Election = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions };
    await this.#write(released).catch((error: unknown) => env.log.debug('lease not released', { lease: this.options.name, error: String(error) }));
  }

  async #acquire(): Promise<void> {
    const { env, name } = this.options;
    const acquired = await this.#attempt();
    if (this.#stopped) return;
    if (!acquired) {
      this.#after(retryMs * (1 + jitterFactor * env.random.stream(`leader-election ${name}`).next()), () => this.#acquire());
      return;
    }
    this.#masterStatus.set(1, name);
    const { metadata } = this.#lease ?? {};
    this.#events.event({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata }, 'Normal', 'LeaderElection', `${this.#identity} became leader`);
    this.#stopLeading = this.options.lead();
    this.#after(retryMs, () => this.#renew());
  }

  /** @param beganMs when the first of the attempts was made of which none has succeeded yet */
  async #renew(beganMs = this.options.env.clock.now()): Promise<void> {
    const renewed = await this.#attempt();
    if (this.#stopped) return;
    const leftMs = beganMs + renewDeadlineMs - this.options.env.clock.now();
    if (renewed) this.#after(retryMs, () => this.#renew());
    else if (leftMs > retryMs) this.#after(retryMs, () => this.#renew(beganMs));
    else this.#after(leftMs, () => this.#lose());
  }

  #lose(): Promise<void> {
    const { env, name } = this.options;
    env.log.warn('leader election lost', { lease: name, holder: this.#observed.holderIdentity });
    this.#end();
    return this.start();
  }

  #end(): void {
    this.#stopLeading?.();
    this.#stopLeading = undefined;
  }

  #after(ms: number, work: () => Promise<void>): void {
    this.#timer = this.options.env.loop.after(ms, `lease of ${this.options.name}`, work);
  }

  /** Takes or renews the lease. False if somebody else has it, or if it could not be written. */
  async #attempt(): Promise<boolean> {
    try {
      return await this.#tryToLead();
    } catch (error) {
      const { env, name } = this.options;
      if (!this.#stopped) env.log.debug('lease not written', { lease: name, error: String(error) });
      return false;
    }
  }

  async #tryToLead(): Promise<boolean> {
    const { env, client, name } = this.options;
    const nowMs = env.clock.now();
    const now = formatMicroTime(nowMs);
    const own: Election = { acquireTime: now, holderIdentity: this.#identity, leaseDurationSeconds: durationSeconds, leaseTransitions: 0, renewTime: now };
    // What was written last is taken to be what is there; only where it is not, the leader looks.
    if (this.#leads() && this.#isValid(nowMs) && (await this.#renewUnseen(own))) return true;
    const present = await client.leases.get({ namespace, name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (!present) {
      this.#wrote(await client.leases.create({ metadata: { namespace, name }, spec: own }), own);
      return true;
    }
    this.#lease = present;
    const record = present.spec ?? {};
    this.#observe(record, nowMs);
    if (record.holderIdentity && !this.#leads() && this.#isValid(nowMs)) return false;
    if (this.#leads()) this.#slowPath.add(1, name);
    await this.#write(this.#leads() ? continued(own, record) : { ...own, leaseTransitions: (record.leaseTransitions ?? 0) + 1 });
    return true;
  }

  async #renewUnseen(own: Election): Promise<boolean> {
    try {
      await this.#write(continued(own, this.#observed));
      return true;
    } catch {
      return false; // Somebody has written it: the next look shows who.
    }
  }

  /** What says the same as at the last look does not count as seen anew: its holder may be gone. */
  #observe(record: Election, nowMs: number): void {
    const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime, renewTime, preferredHolder, strategy } = record;
    const read = JSON.stringify([holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime, renewTime, preferredHolder, strategy]);
    if (read === this.#read) return;
    this.#read = read;
    this.#observed = record;
    this.#observedMs = nowMs;
  }

  #leads(): boolean {
    return this.#observed.holderIdentity === this.#identity;
  }

  #isValid(nowMs: number): boolean {
    return this.#observedMs + (this.#observed.leaseDurationSeconds ?? 0) * 1000 > nowMs;
  }

  async #write(record: Election): Promise<void> {
    this.#wrote(await this.options.client.leases.update({ metadata: { ...this.#lease?.metadata }, spec: record }), record);
  }

  #wrote(lease: Readonly<Lease>, record: Election): void {
    this.#lease = lease;
    this.#observed = record;
    this.#observedMs = this.options.env.clock.now();
  }
}

/** The same term goes on: since when it lasts, and how many there were before. */
function continued(own: Election, before: Election): Election {
  return { ...own, acquireTime: before.acquireTime, leaseTransitions: before.leaseTransitions ?? 0 };
}
