import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../generated/types/index.ts';
import type { Client, EventRecorder, SharedInformer } from '../client/index.ts';
import { controllerReference, createEventRecorder, refs } from '../client/index.ts';
import { clone, semanticEqual } from '../machinery/deep.ts';
import { matchesLabels, requirementsOf } from '../machinery/selectors/labels.ts';
import { isAlreadyExists, isNotFound } from '../machinery/status-error.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { newSetAnnotations, sizeAnnotations } from './deployment-annotations.ts';
import type { Resize } from './deployment-plan.ts';
import {
  findNewSet,
  isRolling,
  isScaling,
  newSetReplicas,
  planCleanup,
  planRollout,
  planScale,
  replicasOf,
  revisionAnnotation,
  revisionOf,
  sameTemplate,
  templateHashLabel,
  withReplicas,
} from './deployment-plan.ts';
import {
  conditionOf,
  deploymentStatus,
  hasProgressDeadline,
  isComplete,
  newCondition,
  progressCheckMs,
  rolloutStatus,
  setCondition,
} from './deployment-status.ts';
import { claim, controllerKey, controllerOf } from './owners.ts';
import { isNamespaceTerminating } from './replica-set.ts';
import { templateHash } from './template-hash.ts';

/** One sync's view: the deployment as a writable copy (status and annotations are written while it goes on) and its sets. */
interface View {
  deployment: Deployment;
  newSet: Readonly<ReplicaSet> | undefined;
  oldSets: Readonly<ReplicaSet>[];
}

/** Rolls replica sets over to a Deployment's template (upstream: pkg/controller/deployment). */
export class DeploymentController implements Controller {
  readonly name = 'deployment-controller';
  readonly #client: Client;
  readonly #deployments: SharedInformer<Deployment>;
  readonly #sets: SharedInformer<ReplicaSet>;
  readonly #pods: SharedInformer<Pod>;
  readonly #events: EventRecorder;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#deployments = context.informers.for<Deployment>(refs.deployments);
    this.#sets = context.informers.for<ReplicaSet>(refs.replicaSets);
    this.#pods = context.informers.for<Pod>(refs.pods);
    this.#events = createEventRecorder(this.#client, context.env, { component: this.name });
    this.#loop = new ReconcileLoop('deployment', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (deployment: Readonly<Deployment>) => this.#loop.enqueue(deployment);
    this.#deployments.handle({ added: enqueue, updated: enqueue, deleted: enqueue });
    this.#sets.handle({
      added: (set) => this.#setChanged(set),
      updated: (set, previous) => {
        if (controllerOf(previous)?.uid !== controllerOf(set)?.uid) this.#setChanged(previous);
        this.#setChanged(set);
      },
      deleted: (set) => this.#setChanged(set),
    });
    this.#pods.handle({ deleted: (pod) => this.#podGone(pod) });
    this.#loop.start([this.#deployments, this.#sets, this.#pods] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Wakes the set's own deployment, or all that might adopt it. */
  #setChanged(set: Readonly<ReplicaSet>): void {
    if (controllerOf(set)) {
      const key = controllerKey(set, refs.deployments);
      if (key) this.#loop.enqueueKey(key);
      return;
    }
    for (const deployment of this.#deployments.lister.list(set.metadata?.namespace)) {
      const selector = requirementsOf(deployment.spec?.selector);
      if (selector && selector.length > 0 && matchesLabels(selector, set.metadata?.labels)) this.#loop.enqueue(deployment);
    }
  }

  /** A deployment that recreates waits for the last old pod. */
  #podGone(pod: Readonly<Pod>): void {
    const setKey = controllerKey(pod, refs.replicaSets);
    const set = setKey && this.#sets.lister.get(setKey);
    const key = set && controllerKey(set, refs.deployments);
    const deployment = key && this.#deployments.lister.get(key);
    if (deployment && !isRolling(deployment)) this.#loop.enqueue(deployment);
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const cached = this.#deployments.lister.get(key);
    if (!cached) return; // Deleted since it was queued; the garbage collector owns what is left.
    const deployment = clone(cached) as Deployment;
    const selector = requirementsOf(deployment.spec?.selector);
    if (!selector || selector.length === 0) return this.#refuseSelector(deployment);
    const sets = await this.#claimSets(deployment);
    const newSet = findNewSet(deployment, sets);
    const view: View = { deployment, newSet, oldSets: sets.filter((set) => set !== newSet) };
    if (deployment.metadata?.deletionTimestamp) return this.#writeStatus(view, deploymentStatus(deployment, sets, newSet, this.#nowMs()));
    await this.#notePause(view);
    if (deployment.spec?.paused || isScaling(deployment, sets)) await this.#scale(view);
    else if (isRolling(deployment)) await this.#roll(view);
    else await this.#recreate(view);
  }

  /** A selector for everything would take over pods of others. */
  async #refuseSelector(deployment: Deployment): Promise<void> {
    this.#events.event(deployment, 'Warning', 'SelectingAll', 'This deployment is selecting all pods. A non-empty selector is required.');
    const { generation = 0 } = deployment.metadata ?? {};
    if ((deployment.status?.observedGeneration ?? 0) < generation)
      await this.#put({ ...deployment, status: { ...deployment.status, observedGeneration: generation } });
  }

  async #claimSets(deployment: Deployment): Promise<Readonly<ReplicaSet>[]> {
    return claim<ReplicaSet>({
      owner: deployment,
      ownerRef: refs.deployments,
      selector: requirementsOf(deployment.spec?.selector) ?? [],
      lister: this.#sets.lister,
      client: this.#client.replicaSets,
      adoptable: () => true,
      fresh: () => this.#client.deployments.get({ namespace: deployment.metadata?.namespace, name: deployment.metadata?.name ?? '' }),
      written: (set) => this.#expectSet(deployment, set),
    });
  }

  /** While paused, no deadline runs; the condition says why. */
  async #notePause(view: View): Promise<void> {
    const { deployment } = view;
    const current = conditionOf(deployment.status, 'Progressing');
    if (!hasProgressDeadline(deployment) || current?.reason === 'ProgressDeadlineExceeded') return;
    const noted = current?.reason === 'DeploymentPaused';
    if (Boolean(deployment.spec?.paused) === noted) return;
    const condition = noted
      ? newCondition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', this.#nowMs())
      : newCondition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', this.#nowMs());
    deployment.status = clone(deployment.status ?? {});
    setCondition(deployment.status, condition);
    await this.#writeBack(view);
  }

  /** A paused or resized deployment: sizes change, templates do not. */
  async #scale(view: View): Promise<void> {
    await this.#syncNewSet(view, false);
    await this.#resizeAll(view, planScale(view.deployment, view.newSet, view.oldSets));
    if (view.deployment.spec?.paused) await this.#cleanUp(view);
    await this.#writeStatus(view, deploymentStatus(view.deployment, allOf(view), view.newSet, this.#nowMs()));
  }

  async #roll(view: View): Promise<void> {
    await this.#syncNewSet(view, true);
    const plan = view.newSet ? planRollout(view.deployment, view.newSet, view.oldSets) : [];
    await this.#resizeAll(view, plan);
    if (plan.length === 0 && isComplete(view.deployment, view.deployment.status)) await this.#cleanUp(view);
    await this.#writeRolloutStatus(view);
  }

  async #recreate(view: View): Promise<void> {
    await this.#syncNewSet(view, false);
    const old = withReplicas(view.oldSets);
    if (old.length > 0) {
      await this.#resizeAll(
        view,
        old.map((set) => ({ set, replicas: 0 })),
      );
    } else if (!this.#oldPodsRunning(view)) {
      if (!view.newSet) await this.#syncNewSet(view, true);
      const { newSet } = view;
      if (newSet) await this.#resizeAll(view, [{ set: newSet, replicas: replicasOf(view.deployment) }]);
      if (isComplete(view.deployment, view.deployment.status)) await this.#cleanUp(view);
    }
    await this.#writeRolloutStatus(view);
  }

  #oldPodsRunning({ oldSets }: View): boolean {
    const live = (pod: Readonly<Pod>) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
    return oldSets.some((set) => (set.status?.replicas ?? 0) > 0 || this.#pods.lister.ownedBy(set).some(live));
  }

  /** Finds the set of the present template, or makes it; keeps its annotations and the deployment's revision up to date. */
  async #syncNewSet(view: View, create: boolean): Promise<void> {
    const revision = Math.max(0, ...view.oldSets.map(revisionOf)) + 1;
    if (view.newSet) await this.#adjustNewSet(view, view.newSet, revision);
    else if (create) await this.#createNewSet(view, revision);
  }

  async #adjustNewSet(view: View, set: Readonly<ReplicaSet>, revision: number): Promise<void> {
    const { deployment } = view;
    const annotations = newSetAnnotations(deployment, set, revision, true);
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    if (!semanticEqual(annotations, set.metadata?.annotations) || minReadySeconds !== (set.spec?.minReadySeconds ?? 0)) {
      const next = clone(set) as ReplicaSet;
      next.metadata = { ...next.metadata, annotations };
      if (next.spec && minReadySeconds) next.spec.minReadySeconds = minReadySeconds;
      else delete next.spec?.minReadySeconds;
      view.newSet = await this.#client.replicaSets.update(next);
      this.#expectSet(deployment, view.newSet);
    }
    let changed = setRevision(deployment, view.newSet?.metadata?.annotations?.[revisionAnnotation]);
    if (hasProgressDeadline(deployment) && !conditionOf(deployment.status, 'Progressing')) {
      this.#progress(deployment, 'True', 'FoundNewReplicaSet', `Found new replica set "${set.metadata?.name}"`);
      changed = true;
    }
    if (changed) await this.#writeBack(view);
  }

  async #createNewSet(view: View, revision: number): Promise<void> {
    const { deployment } = view;
    const wanted = this.#makeSet(view, revision);
    let created: Readonly<ReplicaSet>;
    let found = false;
    try {
      created = await this.#client.replicaSets.create(wanted);
      this.#expectSet(deployment, created);
    } catch (error) {
      if (!isAlreadyExists(error)) return this.#creationFailed(view, wanted, error);
      created = await this.#resolveCollision(view, wanted, error);
      found = true;
    }
    view.newSet = created;
    const { name } = created.metadata ?? {};
    if (!found && replicasOf(created) > 0)
      this.#events.event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${replicasOf(created)}`);
    let changed = setRevision(deployment, String(revision));
    if (!found && hasProgressDeadline(deployment)) {
      this.#progress(deployment, 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`);
      changed = true;
    }
    if (changed) await this.#writeBack(view);
  }

  #makeSet(view: View, revision: number): ReplicaSet {
    const { deployment } = view;
    const { name = '', namespace = '' } = deployment.metadata ?? {};
    const template = clone(deployment.spec?.template ?? {});
    const hash = templateHash(template, deployment.status?.collisionCount);
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [templateHashLabel]: hash } };
    const selector = clone(deployment.spec?.selector ?? {});
    selector.matchLabels = { ...selector.matchLabels, [templateHashLabel]: hash };
    const set: ReplicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: { ...template.metadata.labels },
        ownerReferences: [controllerReference(deployment, refs.deployments)],
      },
      spec: {
        replicas: newSetReplicas(deployment, view.oldSets, undefined),
        ...(deployment.spec?.minReadySeconds ? { minReadySeconds: deployment.spec.minReadySeconds } : {}),
        selector,
        template,
      },
    };
    set.metadata = { ...set.metadata, annotations: newSetAnnotations(deployment, set, revision, false) };
    return set;
  }

  /** A set of that name is there: ours, only not in the cache yet; or another's, then the next try gets another hash. */
  async #resolveCollision(view: View, wanted: ReplicaSet, error: unknown): Promise<Readonly<ReplicaSet>> {
    const { deployment } = view;
    const present = await this.#client.replicaSets.get({ namespace: wanted.metadata?.namespace, name: wanted.metadata?.name ?? '' });
    if (controllerOf(present)?.uid === deployment.metadata?.uid && sameTemplate(deployment, present)) return present;
    deployment.status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
    await this.#writeBack(view);
    throw error;
  }

  async #creationFailed(view: View, wanted: ReplicaSet, error: unknown): Promise<never> {
    if (isNamespaceTerminating(error)) throw error;
    const message = `Failed to create new replica set "${wanted.metadata?.name}": ${(error as Error).message}`;
    if (hasProgressDeadline(view.deployment)) {
      this.#progress(view.deployment, 'False', 'FailedCreate', message);
      await this.#writeBack(view);
    }
    this.#events.event(view.deployment, 'Warning', 'FailedCreate', message);
    throw error;
  }

  #progress(deployment: Deployment, status: 'True' | 'False', reason: string, message: string): void {
    deployment.status = clone(deployment.status ?? {});
    setCondition(deployment.status, newCondition('Progressing', status, reason, message, this.#nowMs()));
  }

  async #resizeAll(view: View, plan: readonly Resize[]): Promise<void> {
    for (const { set, replicas } of plan) {
      const written = await this.#resize(view.deployment, set, replicas);
      if (view.newSet === set) view.newSet = written;
      view.oldSets = view.oldSets.map((one) => (one === set ? written : one));
    }
  }

  async #resize(deployment: Deployment, set: Readonly<ReplicaSet>, replicas: number): Promise<Readonly<ReplicaSet>> {
    const annotations = { ...set.metadata?.annotations, ...sizeAnnotations(deployment) };
    const before = replicasOf(set);
    if (before === replicas && semanticEqual(annotations, set.metadata?.annotations)) return set;
    const next = clone(set) as ReplicaSet;
    next.metadata = { ...next.metadata, annotations };
    if (next.spec) next.spec.replicas = replicas;
    const written = await this.#client.replicaSets.update(next);
    this.#expectSet(deployment, written);
    if (before !== replicas) {
      const direction = before < replicas ? 'up' : 'down';
      this.#events.event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled ${direction} replica set ${set.metadata?.name} from ${before} to ${replicas}`);
    }
    return written;
  }

  async #cleanUp({ deployment, oldSets }: View): Promise<void> {
    for (const set of planCleanup(deployment, oldSets)) {
      const key = { namespace: set.metadata?.namespace, name: set.metadata?.name ?? '' };
      await this.#client.replicaSets.delete(key).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      this.#loop.expect(deployment, () => this.#sets.lister.get(key)?.metadata?.uid !== set.metadata?.uid);
    }
  }

  async #writeRolloutStatus(view: View): Promise<void> {
    const status = rolloutStatus(view.deployment, allOf(view), view.newSet, this.#nowMs());
    const waitMs = progressCheckMs(view.deployment, status, this.#nowMs());
    if (waitMs !== undefined) this.#loop.enqueueAfter(view.deployment, waitMs);
    await this.#writeStatus(view, status);
  }

  async #writeStatus(view: View, status: DeploymentStatus): Promise<void> {
    if (semanticEqual(status, view.deployment.status)) return;
    await this.#put({ ...view.deployment, status });
  }

  /** Writes the copy as it has become, and goes on with what the server made of it. */
  async #writeBack(view: View): Promise<void> {
    const written = await this.#put(view.deployment);
    if (written) view.deployment = clone(written) as Deployment;
  }

  async #put(deployment: Deployment): Promise<Readonly<Deployment> | undefined> {
    const written = await this.#client.deployments.updateStatus(clone(deployment));
    this.#loop.expectWritten(deployment, this.#deployments as SharedInformer<never>, written);
    return written;
  }

  #expectSet(deployment: Deployment, set: Readonly<ReplicaSet>): void {
    this.#loop.expectWritten(deployment, this.#sets as SharedInformer<never>, set);
  }

  #nowMs(): number {
    return this.context.env.clock.now();
  }
}

function allOf({ newSet, oldSets }: View): Readonly<ReplicaSet>[] {
  return newSet ? [...oldSets, newSet] : oldSets;
}

/** Notes the newest set's revision on the deployment. Returns whether that is news. */
function setRevision(deployment: Deployment, revision: string | undefined): boolean {
  if (!revision || deployment.metadata?.annotations?.[revisionAnnotation] === revision) return false;
  deployment.metadata = { ...deployment.metadata, annotations: { ...deployment.metadata?.annotations, [revisionAnnotation]: revision } };
  return true;
}
