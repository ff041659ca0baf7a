import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../generated/types/index.ts';
import { matchesLabels, requirementsOfMap } from '../machinery/selectors/labels.ts';
import { formatTime } from '../machinery/time.ts';
import { availableAt, deletionOrder, isAvailable, isReady } from './pods.ts';

/** At most so many pods are made or deleted in one go (upstream: BurstReplicas). */
export const burstReplicas = 500;

/** What a replica set wants to happen now. */
export interface ReplicaPlan {
  /** How many pods to make. */
  readonly create: number;
  /** Which pods to delete. */
  readonly remove: readonly Readonly<Pod>[];
}

/**
 * Compares what is wanted with what is there.
 *
 * @param active the set's own active pods
 * @param related active pods of all sets with the same owner
 */
export function planReplicas(set: Readonly<ReplicaSet>, active: readonly Readonly<Pod>[], related: readonly Readonly<Pod>[], nowMs: number): ReplicaPlan {
  const wanted = set.spec?.replicas ?? 1;
  if (set.metadata?.deletionTimestamp) return { create: 0, remove: [] };
  const surplus = active.length - wanted;
  if (surplus < 0) return { create: Math.min(-surplus, burstReplicas), remove: [] };
  const count = Math.min(surplus, burstReplicas);
  if (count === 0) return { create: 0, remove: [] };
  const order = count < active.length ? deletionOrder(active, related, nowMs) : active;
  return { create: 0, remove: order.slice(0, count) };
}

/** The sizes of upstream's slow start: 1, 2, 4 … so that what cannot work fails once, not 500 times. */
export function slowStartBatches(count: number): number[] {
  const batches: number[] = [];
  for (let size = 1, left = count; left > 0; size *= 2) {
    batches.push(Math.min(size, left));
    left -= size;
  }
  return batches;
}

/** The failure of a sync, as the ReplicaFailure condition shows it. */
export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

/** The status that the set's active pods give it. Zero counts are left out, as upstream's encoding does. */
export function replicaSetStatus(
  set: Readonly<ReplicaSet>,
  active: readonly Readonly<Pod>[],
  failed: ReplicaFailure | undefined,
  nowMs: number,
): ReplicaSetStatus {
  const template = requirementsOfMap(set.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const labeled = active.filter((pod) => matchesLabels(template, pod.metadata?.labels)).length;
  const ready = active.filter(isReady).length;
  const available = active.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length;
  const conditions = withFailure(set.status?.conditions ?? [], failed, nowMs);
  return {
    replicas: active.length,
    ...(labeled ? { fullyLabeledReplicas: labeled } : {}),
    ...(ready ? { readyReplicas: ready } : {}),
    ...(available ? { availableReplicas: available } : {}),
    ...(set.metadata?.generation ? { observedGeneration: set.metadata.generation } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function withFailure(conditions: readonly ReplicaSetCondition[], failed: ReplicaFailure | undefined, nowMs: number): ReplicaSetCondition[] {
  const present = conditions.find((condition) => condition.type === 'ReplicaFailure');
  const others = conditions.filter((condition) => condition.type !== 'ReplicaFailure');
  if (!failed) return others;
  if (present) return [...conditions];
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: formatTime(nowMs), ...failed }];
}

/** When the next pod becomes available by mere waiting, in milliseconds from now; undefined if none does. */
export function nextAvailabilityMs(set: Readonly<ReplicaSet>, active: readonly Readonly<Pod>[], nowMs: number): number | undefined {
  const times = active.flatMap((pod) => {
    const at = availableAt(pod, set.spec?.minReadySeconds ?? 0);
    return at !== undefined && at > nowMs ? [at - nowMs] : [];
  });
  return times.length > 0 ? Math.min(...times) : undefined;
}
