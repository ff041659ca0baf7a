import type { OwnerReference } from '../../generated/types/index.ts';
import type { Client, EventRecorder, ResourceRef, SharedInformer } from '../client/index.ts';
import { createEventRecorder, runWorkers, WorkQueue } from '../client/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { ignoreNotFound, isConflict } from '../machinery/status-error.ts';
import type { KubeObject } from '../machinery/types.ts';
import { formatGroupVersion } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import type { GraphNode } from './owner-graph.ts';
import { OwnerGraph } from './owner-graph.ts';
import { refersTo } from './owners.ts';

/** Upstream: --concurrent-gc-syncs. */
const workers = 20;

/** How an object's owners stand. */
interface Owners {
  readonly solid: readonly OwnerReference[];
  readonly dangling: readonly OwnerReference[];
  /** Owners that wait for this object to go. */
  readonly waiting: readonly OwnerReference[];
}

/** Of whatever group: there are many events, they expire by themselves, and nothing owns them (upstream: DefaultIgnoredResources). */
const ignoredResource = 'events';

/**
 * Deletes what has lost all its owners, holds owners until their dependents have gone (`foregroundDeletion`), and cuts
 * dependents loose (`orphan`). It follows the resources it is given (upstream: pkg/controller/garbagecollector).
 */
export class GarbageCollector implements Controller {
  readonly name = 'generic-garbage-collector';
  readonly #client: Client;
  readonly #informers: (readonly [ResourceRef, SharedInformer<KubeObject>])[];
  readonly #graph = new OwnerGraph();
  readonly #events: EventRecorder;
  /** Uids of objects that may have to go. */
  readonly #queue: WorkQueue;
  #stopped = false;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    const followed = context.resources.filter(({ resource }) => resource !== ignoredResource);
    this.#informers = followed.map((ref) => [ref, context.informers.for<KubeObject>(ref)] as const);
    this.#events = createEventRecorder(this.#client, context.env, { component: 'garbage-collector-controller' });
    this.#queue = new WorkQueue('garbage collector', context.env);
  }

  start(): void {
    let missing = this.#informers.length;
    for (const [ref, informer] of this.#informers) {
      const changed = (object: Readonly<KubeObject>) => this.#changed(ref, object);
      informer.handle({ added: changed, updated: changed, deleted: (object) => this.#gone(object.metadata?.uid ?? '') });
      informer.whenSynced(() => {
        missing -= 1;
        if (missing === 0 && !this.#stopped) this.#run();
      });
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.shutDown();
  }

  #run(): void {
    const failed = (uid: string, error: unknown) => {
      const level = isConflict(error) ? 'debug' : 'warn';
      this.context.env.log.child(this.name)[level]('will try again', { uid, name: this.#graph.get(uid)?.name, error: String(error) });
    };
    runWorkers(this.#queue, workers, (uid) => this.#process(uid), failed);
  }

  #changed(ref: ResourceRef, object: Readonly<KubeObject>): void {
    const before = this.#graph.get(object.metadata?.uid ?? '');
    const [owners, waited, orphaned] = [before?.owners ?? [], before?.deletingDependents ?? false, before?.orphaning ?? false];
    const node = this.#graph.put(ref, object);
    if (!semanticEqual(owners, node.owners)) this.#ownersChanged(node, owners);
    if (!before) for (const dependent of node.dependents.values()) this.#checkReference(dependent, node);
    if ((node.deletingDependents && !waited) || (node.orphaning && !orphaned)) this.#queue.add(node.uid);
    if (node.deletingDependents && !waited) for (const dependent of node.dependents.keys()) this.#queue.add(dependent);
  }

  /** An object is looked at if one of its owners is not known, or waits for it; owners that it blocks no more are, too. */
  #ownersChanged(node: GraphNode, before: readonly OwnerReference[]): void {
    const waits = (owner: OwnerReference) => this.#graph.get(owner.uid)?.deletingDependents === true;
    if (node.owners.some((owner) => !this.#graph.get(owner.uid) || waits(owner)) || (before.length > 0 && node.owners.length > 0)) this.#queue.add(node.uid);
    for (const owner of before) if (waits(owner)) this.#queue.add(owner.uid);
    for (const { uid } of node.owners) {
      const owner = this.#graph.get(uid);
      if (owner && !before.some((one) => one.uid === uid)) this.#checkReference(node, owner);
    }
  }

  /** The uid is an owner's, but in another namespace, or of another name or kind: most likely there is no such owner. */
  #checkReference(dependent: GraphNode, owner: GraphNode): void {
    const reference = dependent.owners.find(({ uid }) => uid === owner.uid);
    if (!reference) return;
    const elsewhere = Boolean(owner.namespace) && owner.namespace !== dependent.namespace;
    if (!elsewhere && refersTo(reference, owner.ref) && reference.name === owner.name) return;
    if (elsewhere) this.#reportNamespace(dependent, reference);
    this.#queue.add(dependent.uid);
  }

  #reportNamespace({ ref, namespace = '', name, uid }: GraphNode, owner: OwnerReference): void {
    const about = { kind: ref.kind, apiVersion: formatGroupVersion(ref), ...(namespace ? { namespace } : {}), name, uid };
    const shown = `[${owner.apiVersion}/${owner.kind}, namespace: ${namespace}, name: ${owner.name}, uid: ${owner.uid}]`;
    this.#events.event(about, 'Warning', 'OwnerRefInvalidNamespace', `ownerRef ${shown} does not exist in namespace "${namespace}"`);
  }

  #gone(uid: string): void {
    const node = this.#graph.remove(uid);
    if (!node) return;
    for (const dependent of node.dependents.keys()) this.#queue.add(dependent);
    for (const owner of node.owners) if (this.#graph.get(owner.uid)?.deletingDependents) this.#queue.add(owner.uid);
  }

  async #process(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (!node) return;
    if (node.orphaning) await this.#orphanDependents(node);
    else await this.#attemptToDelete(node);
  }

  async #attemptToDelete(node: GraphNode): Promise<void> {
    if (node.deleting && !node.deletingDependents) return;
    const live = await this.#live(node);
    if (!live) return;
    if (node.deletingDependents) {
      await this.#waitForDependents(node, live);
      return;
    }
    const references = live.metadata?.ownerReferences ?? [];
    if (references.length === 0) return;
    const owners = await this.#classify(node, references);
    if (owners.solid.length > 0) await this.#dropReferences(node, live, [...owners.dangling, ...owners.waiting]);
    else if (owners.waiting.length > 0 && node.dependents.size > 0) await this.#deleteInForeground(node, live);
    else await this.#delete(node, live, policyOf(live));
  }

  /** Lets the owner go when nothing that blocks it is left. */
  async #waitForDependents(node: GraphNode, live: Readonly<KubeObject>): Promise<void> {
    const blocking = [...node.dependents.values()].filter((dependent) => blocks(dependent, node.uid));
    if (blocking.length === 0) await this.#removeFinalizer(node, live, 'foregroundDeletion');
    for (const dependent of blocking) if (!dependent.deletingDependents) this.#queue.add(dependent.uid);
  }

  async #classify(node: GraphNode, references: readonly OwnerReference[]): Promise<Owners> {
    const owners = { solid: [] as OwnerReference[], dangling: [] as OwnerReference[], waiting: [] as OwnerReference[] };
    for (const reference of references) owners[await this.#standing(node, reference)].push(reference);
    return owners;
  }

  async #standing(node: GraphNode, reference: OwnerReference): Promise<keyof Owners> {
    const ref = this.context.resources.find((one) => refersTo(reference, one));
    if (!ref) return 'solid'; // A kind that we do not follow: nothing can be said about it, so nothing is deleted.
    const namespace = ref.namespaced ? node.namespace : undefined;
    if (ref.namespaced && !namespace) return 'solid'; // A cluster-scoped object cannot have a namespaced owner; upstream warns and waits.
    const owner = await this.#client.resource(ref).get({ namespace, name: reference.name }).catch(ignoreNotFound);
    if (owner?.metadata?.uid !== reference.uid) return 'dangling';
    return owner.metadata.deletionTimestamp && owner.metadata.finalizers?.includes('foregroundDeletion') ? 'waiting' : 'solid';
  }

  async #dropReferences(node: GraphNode, live: Readonly<KubeObject>, references: readonly OwnerReference[]): Promise<void> {
    if (references.length === 0) return;
    const { uid, resourceVersion } = live.metadata ?? {};
    const drop = references.map((reference) => ({ $patch: 'delete', uid: reference.uid }));
    await this.#patch(node, { metadata: { ownerReferences: drop, uid, resourceVersion } });
  }

  /** The owner waits for this one, and this one has dependents of its own: they go first, in turn. */
  async #deleteInForeground(node: GraphNode, live: Readonly<KubeObject>): Promise<void> {
    const circular = [...node.dependents.values()].some((dependent) => dependent.deletingDependents);
    if (circular) {
      const ownerReferences = (live.metadata?.ownerReferences ?? []).map((reference) => ({ ...reference, blockOwnerDeletion: false }));
      await this.#patch(node, { metadata: { ownerReferences, uid: live.metadata?.uid } });
    }
    await this.#delete(node, live, 'Foreground');
  }

  async #orphanDependents(owner: GraphNode): Promise<void> {
    for (const dependent of [...owner.dependents.values()]) {
      await this.#patch(dependent, { metadata: { ownerReferences: [{ $patch: 'delete', uid: owner.uid }], uid: dependent.uid } });
    }
    const live = await this.#live(owner);
    if (live) await this.#removeFinalizer(owner, live, 'orphan');
  }

  async #removeFinalizer(node: GraphNode, live: Readonly<KubeObject>, finalizer: string): Promise<void> {
    const finalizers = live.metadata?.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return;
    const rest = finalizers.filter((one) => one !== finalizer);
    const patch = { metadata: { resourceVersion: live.metadata?.resourceVersion, finalizers: rest } };
    await this.#client.resource(node.ref).patch(node, 'merge', patch).catch(ignoreNotFound);
  }

  async #delete(node: GraphNode, live: Readonly<KubeObject>, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    const { uid, resourceVersion } = live.metadata ?? {};
    const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
    await this.#client.resource(node.ref).delete(node, { preconditions, propagationPolicy }).catch(ignoreNotFound);
  }

  async #patch(node: GraphNode, patch: unknown): Promise<void> {
    await this.#client.resource(node.ref).patch(node, 'strategic', patch).catch(ignoreNotFound);
  }

  /** The object as it is stored now: the graph may be behind. */
  async #live(node: GraphNode): Promise<Readonly<KubeObject> | undefined> {
    const live = await this.#client.resource(node.ref).get(node).catch(ignoreNotFound);
    return live?.metadata?.uid === node.uid ? live : undefined;
  }
}

function blocks(dependent: GraphNode, ownerUid: string): boolean {
  return dependent.owners.some((owner) => owner.uid === ownerUid && owner.blockOwnerDeletion);
}

/** A dependent goes as its own finalizers ask. */
function policyOf(live: Readonly<KubeObject>): 'Background' | 'Foreground' | 'Orphan' {
  const finalizers = live.metadata?.finalizers ?? [];
  if (finalizers.includes('orphan')) return 'Orphan';
  return finalizers.includes('foregroundDeletion') ? 'Foreground' : 'Background';
}
