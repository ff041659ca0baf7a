import type { CertificateRequest } from '../api/index.ts';
import type { Client, Informers, ResourceRef, SharedInformer } from '../client/index.ts';
import { runWorkers, WorkQueue } from '../client/index.ts';
import type { Env, Timer } from '../env/index.ts';
import { isConflict, isNotFound } from '../machinery/status-error.ts';
import type { KubeObject, ObjectKey } from '../machinery/types.ts';
import { formatKeyOf, formatObjectKey, parseObjectKey } from '../machinery/types.ts';

/** What is to be certified, and for how long. */
export interface CertificateOrder {
  readonly request: CertificateRequest;
  /** As `spec.usages` of a request names them: `client auth`. */
  readonly usages: readonly string[];
  readonly seconds: number;
}

/** Returns the certificate, PEM. */
export type SignCertificate = (order: CertificateOrder) => Promise<string>;

/** What every controller is built from. */
export interface ControllerContext {
  readonly env: Env;
  readonly informers: Informers;
  /** A client that acts as the controller's own service account: `deployment-controller`. */
  clientFor(name: string): Client;
  /** The cluster CA, PEM. */
  readonly rootCa: string;
  /** Makes the token that a Secret holds for a service account; absent where nobody has the key. */
  readonly legacyToken?:
    | ((request: { readonly namespace: string; readonly account: { readonly name: string; readonly uid: string }; readonly secret: string }) => string)
    | undefined;
  /** Signs certificates with the cluster CA; absent where nobody has its key. */
  readonly signCertificate?: SignCertificate | undefined;
  /** The range that nodes get their pod ranges from: `10.244.0.0/16`. */
  readonly clusterCidr: string;
  /** Resources whose owner references the garbage collector follows; those with namespace are emptied with it, in this order. */
  readonly resources: readonly ResourceRef[];
}

export interface Controller {
  readonly name: string;
  /** Begins to work once its informers have their first listing. */
  start(): void;
  stop(): void;
}

/** A write that has not been seen in a cache after this long is not waited for any more (upstream: ExpectationsTimeout). */
const catchUpLimitMs = 300_000;

/** Keys worked on at a time, as upstream's `--concurrent-…-syncs`. */
const defaultWorkers = 5;

interface Expectation {
  readonly untilMs: number;
  seen(): boolean;
}

/**
 * The shared loop: takes a key, brings the world in line with it, tries again after a back-off if that fails.
 *
 * A key is held back until the caches show what this controller itself last wrote for it, so that no reconciler
 * decides on a state that it has already changed. The event that brings the news wakes the key.
 */
export class ReconcileLoop {
  readonly queue: WorkQueue;
  readonly #expected = new Map<string, Expectation[]>();
  readonly #held = new Map<string, Timer>();
  #stopped = false;

  constructor(
    readonly name: string,
    readonly env: Env,
    readonly reconcile: (key: ObjectKey) => Promise<void>,
    readonly workers = defaultWorkers,
    /** The first delay before another try, where a controller's differs from the usual 5 ms. */
    delays: { readonly baseDelayMs?: number } = {},
  ) {
    this.queue = new WorkQueue(name, env, delays);
  }

  enqueue(object: KubeObject | undefined): void {
    if (object?.metadata?.name) this.queue.add(formatKeyOf(object));
  }

  enqueueKey(key: ObjectKey): void {
    this.queue.add(formatObjectKey(key));
  }

  enqueueAfter(object: KubeObject, ms: number): void {
    this.queue.addAfter(formatKeyOf(object), ms);
  }

  /** Holds `owner`'s key until `seen` says that a cache has caught up. */
  expect(owner: KubeObject, seen: () => boolean): void {
    const key = formatKeyOf(owner);
    const list = this.#expected.get(key) ?? [];
    list.push({ untilMs: this.env.clock.now() + catchUpLimitMs, seen });
    this.#expected.set(key, list);
  }

  /** Holds `owner`'s key until the informer shows what was written. */
  expectWritten(owner: KubeObject, informer: SharedInformer<never>, written: KubeObject): void {
    const revision = Number(written.metadata?.resourceVersion);
    if (informer.revision < revision) this.expect(owner, () => informer.revision >= revision);
  }

  /** Runs workers as soon as all of `informers` have listed. */
  start(informers: readonly SharedInformer<never>[]): void {
    let missing = informers.length;
    const ready = () => {
      missing -= 1;
      if (missing > 0 || this.#stopped) return;
      runWorkers(
        this.queue,
        this.workers,
        (key) => this.#work(key),
        (key, error) => this.#failed(key, error),
      );
    };
    for (const informer of informers) informer.whenSynced(ready);
  }

  stop(): void {
    this.#stopped = true;
    this.queue.shutDown();
    for (const timer of this.#held.values()) timer.cancel();
  }

  async #work(key: string): Promise<void> {
    if (this.#stopped || this.#behind(key)) return;
    await this.reconcile(parseObjectKey(key));
  }

  #behind(key: string): boolean {
    const nowMs = this.env.clock.now();
    const open = (this.#expected.get(key) ?? []).filter((one) => !one.seen() && one.untilMs > nowMs);
    this.#held.get(key)?.cancel();
    this.#held.delete(key);
    if (open.length === 0) {
      this.#expected.delete(key);
      return false;
    }
    this.#expected.set(key, open);
    const timer = this.env.loop.at(open[0]?.untilMs ?? nowMs, `${this.name} catch up`, () => this.queue.add(key));
    this.#held.set(key, timer);
    return true;
  }

  #failed(key: string, error: unknown): void {
    if (this.#stopped) return; // What the end has cut off is no news, and is not tried again.
    // Conflicts and objects that went meanwhile are everyday life of optimistic concurrency.
    const level = isConflict(error) || isNotFound(error) ? 'debug' : 'warn';
    this.env.log.child(this.name)[level]('reconcile failed, will try again', { key, error: error instanceof Error ? error.message : String(error) });
  }
}
