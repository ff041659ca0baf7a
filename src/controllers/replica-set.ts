import type { Pod, ReplicaSet } from '../../generated/types/index.ts';
import type { Client, EventRecorder, SharedInformer } from '../client/index.ts';
import { createEventRecorder, refs } from '../client/index.ts';
import { clone, semanticEqual } from '../machinery/deep.ts';
import { matchesLabels, requirementsOf } from '../machinery/selectors/labels.ts';
import { isNotFound, isStatusError } from '../machinery/status-error.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { claim, controllerKey, controllerOf } from './owners.ts';
import { isActive, podFromTemplate } from './pods.ts';
import type { ReplicaFailure } from './replica-plan.ts';
import { nextAvailabilityMs, planReplicas, replicaSetStatus, slowStartBatches } from './replica-plan.ts';

/** Keeps as many pods as a ReplicaSet asks for (upstream: pkg/controller/replicaset). */
export class ReplicaSetController implements Controller {
  readonly name = 'replicaset-controller';
  readonly #client: Client;
  readonly #sets: SharedInformer<ReplicaSet>;
  readonly #pods: SharedInformer<Pod>;
  readonly #events: EventRecorder;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#sets = context.informers.for<ReplicaSet>(refs.replicaSets);
    this.#pods = context.informers.for<Pod>(refs.pods);
    this.#events = createEventRecorder(this.#client, context.env, { component: this.name });
    this.#loop = new ReconcileLoop('replicaset', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (set: Readonly<ReplicaSet>) => this.#loop.enqueue(set);
    this.#sets.handle({ added: enqueue, updated: enqueue, deleted: enqueue });
    this.#pods.handle({
      added: (pod) => this.#podChanged(pod),
      updated: (pod, previous) => {
        if (controllerOf(previous)?.uid !== controllerOf(pod)?.uid) this.#podChanged(previous);
        this.#podChanged(pod);
      },
      deleted: (pod) => this.#podChanged(pod),
    });
    this.#loop.start([this.#sets, this.#pods] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Wakes the pod's own set, or all that might adopt it. */
  #podChanged(pod: Readonly<Pod>): void {
    if (controllerOf(pod)) {
      const key = controllerKey(pod, refs.replicaSets);
      if (key) this.#loop.enqueueKey(key);
      return;
    }
    for (const set of this.#sets.lister.list(pod.metadata?.namespace)) {
      const selector = requirementsOf(set.spec?.selector);
      if (selector && selector.length > 0 && matchesLabels(selector, pod.metadata?.labels)) this.#loop.enqueue(set);
    }
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const set = this.#sets.lister.get(key);
    if (!set) return; // Deleted since it was queued; the garbage collector owns what is left.
    const active = (await this.#claimPods(set)).filter(isActive);
    const failed = await this.#manage(set, active);
    await this.#updateStatus(set, active, failed?.failure);
    const waitMs = nextAvailabilityMs(set, active, this.context.env.clock.now());
    if (waitMs !== undefined) this.#loop.enqueueAfter(set, waitMs);
    if (failed) throw failed.error;
  }

  async #claimPods(set: Readonly<ReplicaSet>): Promise<Readonly<Pod>[]> {
    const selector = requirementsOf(set.spec?.selector);
    if (!selector) return [];
    return claim<Pod>({
      owner: set,
      ownerRef: refs.replicaSets,
      selector,
      lister: this.#pods.lister,
      client: this.#client.pods,
      adoptable: isActive,
      fresh: () => this.#client.replicaSets.get({ namespace: set.metadata?.namespace, name: set.metadata?.name ?? '' }),
      written: (pod) => this.#expectPod(set, pod),
    });
  }

  /** Makes or deletes pods. A failure is returned, since the status is to tell of it first. */
  async #manage(set: Readonly<ReplicaSet>, active: readonly Readonly<Pod>[]): Promise<{ error: unknown; failure: ReplicaFailure } | undefined> {
    const plan = planReplicas(set, active, this.#relatedPods(set), this.context.env.clock.now());
    const reason = plan.create > 0 ? 'FailedCreate' : 'FailedDelete';
    try {
      if (plan.create > 0) await this.#createPods(set, plan.create);
      else await allOrFirstError(plan.remove.map((pod) => this.#deletePod(set, pod)));
      return undefined;
    } catch (error) {
      return { error, failure: { reason, message: error instanceof Error ? error.message : String(error) } };
    }
  }

  #relatedPods(set: Readonly<ReplicaSet>): Readonly<Pod>[] {
    const owner = controllerOf(set);
    const siblings = owner ? this.#sets.lister.ownedBy({ metadata: { uid: owner.uid } }) : [set];
    return siblings.flatMap((sibling) => this.#pods.lister.ownedBy(sibling).filter(isActive));
  }

  async #createPods(set: Readonly<ReplicaSet>, count: number): Promise<void> {
    for (const size of slowStartBatches(count)) {
      await allOrFirstError(Array.from({ length: size }, () => this.#createPod(set)));
    }
  }

  async #createPod(set: Readonly<ReplicaSet>): Promise<void> {
    try {
      const pod = await this.#client.pods.create(podFromTemplate(set.spec?.template, set, refs.replicaSets));
      this.#expectPod(set, pod);
      this.#events.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata?.name}`);
    } catch (error) {
      if (isNamespaceTerminating(error)) return; // It will never work again, and the set is about to go, too.
      this.#events.event(set, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`);
      throw error;
    }
  }

  async #deletePod(set: Readonly<ReplicaSet>, pod: Readonly<Pod>): Promise<void> {
    const { namespace, name = '', uid } = pod.metadata ?? {};
    try {
      await this.#client.pods.delete({ namespace, name }, uid ? { preconditions: { uid } } : {});
    } catch (error) {
      if (isNotFound(error)) return;
      this.#events.event(set, 'Warning', 'FailedDelete', `Error deleting: ${(error as Error).message}`);
      throw error;
    }
    this.#loop.expect(set, () => {
      const seen = this.#pods.lister.get({ namespace, name });
      return !seen || seen.metadata?.uid !== uid || seen.metadata?.deletionTimestamp !== undefined;
    });
    this.#events.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  }

  #expectPod(set: Readonly<ReplicaSet>, pod: Readonly<Pod>): void {
    this.#loop.expectWritten(set, this.#pods as SharedInformer<never>, pod);
  }

  async #updateStatus(set: Readonly<ReplicaSet>, active: readonly Readonly<Pod>[], failed: ReplicaFailure | undefined): Promise<void> {
    const status = replicaSetStatus(set, active, failed, this.context.env.clock.now());
    if (semanticEqual(status, set.status)) return;
    try {
      const written = await this.#client.replicaSets.updateStatus({ ...clone(set), status });
      this.#loop.expectWritten(set, this.#sets as SharedInformer<never>, written);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Waits for all, then fails with the first failure in order. */
export async function allOrFirstError(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** The server refuses to create anything in a namespace that is going. */
export function isNamespaceTerminating(error: unknown): boolean {
  return isStatusError(error) && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating');
}
