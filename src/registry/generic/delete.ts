import { clone } from '../../machinery/deep.ts';
import { conflict, isNotFound, notFound } from '../../machinery/status-error.ts';
import { formatTime, parseTime } from '../../machinery/time.ts';
import type { GroupResource, KubeObject, ObjectKey, ObjectMeta } from '../../machinery/types.ts';
import type { StoreEntry } from '../../store/store.ts';
import { isStoreError } from '../../store/store.ts';
import { orderedObject } from './metadata.ts';
import type { DeleteAnswer, DeleteQuery, ListAnswer, ListQuery, Served } from './options.ts';
import { unstored } from './options.ts';
import type { ResourceRegistry } from './resource-registry.ts';
import { optimisticLockMessage } from './resource-registry.ts';
import type { RequestContext, Strategy } from './strategy.ts';

const orphan = 'orphan';
const foreground = 'foregroundDeletion';
const attempts = 100;

/** What a delete does to one object, decided before anything is written. */
export type DeletePlan =
  /** It is being deleted already, and nothing changes. */
  | { readonly kind: 'pending' }
  /** It leaves storage, after `update` has been written if there is one. */
  | { readonly kind: 'remove'; readonly update: KubeObject | undefined }
  /** It stays, marked. */
  | { readonly kind: 'mark'; readonly update: KubeObject };

/**
 * Deletes one object: at once, gracefully, or once its finalizers are gone.
 * Fails with 404, with 409 for preconditions that do not hold, and with what admission refuses.
 */
export async function deleteObject(registry: ResourceRegistry, key: ObjectKey, query: DeleteQuery, context: RequestContext): Promise<DeleteAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const entry = await registry.get(key);
    if (attempt === 1) registry.strategy.beforeDelete?.(entry.object, query, context);
    checkPreconditions(registry, entry, query);
    await registry.admit('DELETE', '', undefined, entry.object, context);
    await registry.validate('DELETE', '', undefined, entry.object, context);
    try {
      return await execute(registry, entry, planDelete(registry.strategy, entry.object, query, context.now), context);
    } catch (error) {
      if (isStoreError(error, 'KeyMissing')) throw notFound(registry.groupResource, key.name);
      if (!isStoreError(error, 'RevisionConflict')) throw error;
      if (attempt === attempts) throw conflict(registry.groupResource, key.name, optimisticLockMessage);
    }
  }
}

async function execute(registry: ResourceRegistry, entry: StoreEntry, plan: DeletePlan, context: RequestContext): Promise<DeleteAnswer> {
  const { store } = registry.deps;
  if (plan.kind === 'pending') return { served: entry, gone: false };
  const update = plan.update && orderedObject(plan.update, registry.kind.kind, registry.apiVersion);
  if (context.dryRun) return { served: update ? unstored(update) : entry, gone: plan.kind === 'remove' };
  const current = update ? await store.update(entry.key, update, entry.revision) : entry;
  if (plan.kind === 'mark') return { served: current, gone: false };
  const last = await remove(registry, current);
  return { served: last, gone: true };
}

/** Whoever is quicker to remove it is welcome. */
async function remove(registry: ResourceRegistry, entry: StoreEntry): Promise<Served> {
  try {
    const last = await registry.deps.store.delete(entry.key, entry.revision);
    registry.strategy.released?.(entry.object);
    return last;
  } catch (error) {
    if (!isStoreError(error, 'KeyMissing')) throw error;
    return entry;
  }
}

/** Deletes what a list finds, one after the other; objects that vanish meanwhile do not matter. */
export async function deleteCollection(registry: ResourceRegistry, list: ListQuery, query: DeleteQuery, context: RequestContext): Promise<ListAnswer> {
  const found = await registry.list(list);
  for (const { object } of found.items) {
    const { namespace, name = '' } = object.metadata ?? {};
    try {
      await deleteObject(registry, { namespace, name }, query, context);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return found;
}

/** Some storages look at the preconditions themselves, before all others, and say so in words of their own. @throws StatusError 409 */
export function checkOwnPreconditions(resource: GroupResource, { metadata = {} }: Readonly<KubeObject>, { preconditions = {} }: Readonly<DeleteQuery>): void {
  const fields = [
    ['UID', preconditions.uid, metadata.uid],
    ['ResourceVersion', preconditions.resourceVersion, metadata.resourceVersion],
  ] as const;
  for (const [field, wanted, found] of fields) {
    if (wanted !== undefined && wanted !== found)
      throw conflict(resource, metadata.name ?? '', `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${found}`);
  }
}

function checkPreconditions(registry: ResourceRegistry, entry: StoreEntry, { preconditions }: DeleteQuery): void {
  const { uid = '', name = '', resourceVersion = '' } = entry.object.metadata ?? {};
  const kind = { group: registry.kind.group, resource: registry.kind.kind };
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    const why = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(kind, name, why);
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict(kind, name, why);
  }
}

/** registry/rest BeforeDelete and Store.updateForGracefulDeletionAndFinalizers, as one decision. */
export function planDelete(strategy: Strategy, object: Readonly<KubeObject>, query: DeleteQuery, now: number): DeletePlan {
  const metadata: Readonly<ObjectMeta> = object.metadata ?? {};
  if (strategy.keepsDeleted?.(object)) return planKept(strategy, object, query, now);
  const grace = planGrace(strategy, object, query, now);
  if (grace === 'pending') return { kind: 'pending' };
  const finalizers = finalizersFor(strategy, metadata.finalizers ?? [], query);
  const finalizersChange = !sameList(finalizers, metadata.finalizers ?? []);
  if (grace) {
    const update = marked(object, finalizers, grace.deletionTimestamp, grace.seconds);
    return grace.seconds > 0 || finalizers.length > 0 ? { kind: 'mark', update } : { kind: 'remove', update };
  }
  if (finalizers.length === 0) return { kind: 'remove', update: undefined };
  const already = parseTime(metadata.deletionTimestamp);
  if (already !== undefined && already <= now && metadata.deletionGracePeriodSeconds === 0 && !finalizersChange) return { kind: 'pending' };
  const deletionTimestamp = already !== undefined && already <= now ? metadata.deletionTimestamp! : formatTime(now);
  return { kind: 'mark', update: marked(object, finalizers, deletionTimestamp, 0) };
}

/** A namespace: marked once, then left to whoever empties it. */
function planKept(strategy: Strategy, object: Readonly<KubeObject>, query: DeleteQuery, now: number): DeletePlan {
  const finalizers = finalizersFor(strategy, object.metadata?.finalizers ?? [], query);
  if (object.metadata?.deletionTimestamp && sameList(finalizers, object.metadata.finalizers ?? [])) return { kind: 'pending' };
  const update = marked(object, finalizers, object.metadata?.deletionTimestamp ?? formatTime(now), undefined);
  strategy.markDeleted?.(update);
  return { kind: 'mark', update };
}

interface GracePlan {
  readonly seconds: number;
  readonly deletionTimestamp: string;
}

/** Undefined: no grace. A delete that is under way may only be shortened. */
function planGrace(strategy: Strategy, object: Readonly<KubeObject>, query: DeleteQuery, now: number): GracePlan | 'pending' | undefined {
  if (!strategy.gracePeriod) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata ?? {};
  const asked = query.gracePeriodSeconds !== undefined && query.gracePeriodSeconds < 0 ? 1 : query.gracePeriodSeconds;
  if (deletionTimestamp) {
    if (deletionGracePeriodSeconds === undefined) return undefined;
    if (asked === undefined || asked >= deletionGracePeriodSeconds) return 'pending';
    const began = (parseTime(deletionTimestamp) ?? now) - deletionGracePeriodSeconds * 1000;
    return { seconds: asked, deletionTimestamp: formatTime(began + asked * 1000) };
  }
  const grace = strategy.gracePeriod(object, asked);
  return grace && { seconds: grace.seconds, deletionTimestamp: formatTime(now + grace.seconds * 1000) };
}

function marked(object: Readonly<KubeObject>, finalizers: readonly string[], deletionTimestamp: string, graceSeconds: number | undefined): KubeObject {
  const update = clone(object) as KubeObject;
  const metadata = (update.metadata ??= {});
  // The wish that an object be gone is a change of its desired state.
  if (!metadata.deletionTimestamp && metadata.generation) metadata.generation += 1;
  metadata.deletionTimestamp = deletionTimestamp;
  if (graceSeconds !== undefined) metadata.deletionGracePeriodSeconds = graceSeconds;
  metadata.finalizers = [...finalizers];
  return update;
}

/** How dependents are to be treated is written down as a finalizer (Store deletionFinalizersForGarbageCollection). */
function finalizersFor(strategy: Strategy, present: readonly string[], { orphanDependents, propagationPolicy }: DeleteQuery): readonly string[] {
  const chosen =
    orphanDependents !== undefined
      ? orphanDependents
        ? 'Orphan'
        : 'Background'
      : (propagationPolicy ??
        (present.includes(orphan) ? 'Orphan' : present.includes(foreground) ? 'Foreground' : (strategy.defaultPropagation ?? 'Background')));
  const kept = present.filter((name) => name !== orphan && name !== foreground);
  const wanted = chosen === 'Orphan' ? [...kept, orphan] : chosen === 'Foreground' ? [...kept, foreground] : kept;
  return wanted.length === present.length && wanted.every((name) => present.includes(name)) ? present : wanted;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/** Whether an update takes away the last thing that held a deleted object (Store ShouldDeleteDuringUpdate). */
export function leavesDuringUpdate(registry: ResourceRegistry, next: KubeObject, previous: Readonly<KubeObject>): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = previous.metadata ?? {};
  if (!deletionTimestamp || deletionGracePeriodSeconds > 0 || (next.metadata?.finalizers?.length ?? 0) > 0) return false;
  return !registry.strategy.keepsDeleted?.(next);
}
