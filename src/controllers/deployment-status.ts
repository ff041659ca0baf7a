import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../generated/types/index.ts';
import { formatTime, parseTime } from '../machinery/time.ts';
import { maxUnavailableOf, replicasOf } from './deployment-plan.ts';

type Set = Readonly<ReplicaSet>;
type ConditionStatus = 'True' | 'False' | 'Unknown';

const count = (sets: readonly Set[], field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
  sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);

export function conditionOf(status: Readonly<DeploymentStatus> | undefined, type: string): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function newCondition(type: string, status: ConditionStatus, reason: string, message: string, nowMs: number): DeploymentCondition {
  const now = formatTime(nowMs);
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message };
}

/** Replaces a condition if its status or reason is new; the last one set is the last in the list (upstream: SetDeploymentCondition). */
export function setCondition(status: DeploymentStatus, condition: DeploymentCondition): void {
  const present = conditionOf(status, condition.type);
  if (present && present.status === condition.status && present.reason === condition.reason) return;
  const lastTransitionTime = present?.status === condition.status ? present.lastTransitionTime : condition.lastTransitionTime;
  removeCondition(status, condition.type);
  status.conditions = [...(status.conditions ?? []), { ...condition, ...(lastTransitionTime ? { lastTransitionTime } : {}) }];
}

export function removeCondition(status: DeploymentStatus, type: string): void {
  status.conditions = (status.conditions ?? []).filter((condition) => condition.type !== type);
}

export function hasProgressDeadline(deployment: Readonly<Deployment>): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== 2147483647;
}

/** Counts and the Available condition. Zero counts are left out, as upstream's encoding does. */
export function deploymentStatus(deployment: Readonly<Deployment>, all: readonly Set[], newSet: Set | undefined, nowMs: number): DeploymentStatus {
  const available = count(all, 'availableReplicas');
  const wantedBySets = all.reduce((total, set) => total + replicasOf(set), 0);
  const counts = {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: count(all, 'replicas'),
    updatedReplicas: newSet ? count([newSet], 'replicas') : 0,
    readyReplicas: count(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wantedBySets - available),
  };
  const status: DeploymentStatus = Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0));
  if (deployment.status?.collisionCount !== undefined) status.collisionCount = deployment.status.collisionCount;
  status.conditions = (deployment.status?.conditions ?? []).map((condition) => ({ ...condition }));
  const enough = available >= replicasOf(deployment) - maxUnavailableOf(deployment);
  setCondition(
    status,
    enough
      ? newCondition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', nowMs)
      : newCondition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.', nowMs),
  );
  return status;
}

/** Every pod is of the newest template and available, and nothing of the old ones is left. */
export function isComplete(deployment: Readonly<Deployment>, status: Readonly<DeploymentStatus> | undefined): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

function isProgressing(deployment: Readonly<Deployment>, next: Readonly<DeploymentStatus>): boolean {
  const last = deployment.status ?? {};
  const old = (status: Readonly<DeploymentStatus>) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (last.updatedReplicas ?? 0) ||
    old(next) < old(last) ||
    (next.readyReplicas ?? 0) > (last.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (last.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Readonly<Deployment>, status: Readonly<DeploymentStatus>, nowMs: number): boolean {
  const progressing = conditionOf(status, 'Progressing');
  if (!hasProgressDeadline(deployment) || !progressing || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  return (parseTime(progressing.lastUpdateTime) ?? nowMs) + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000 < nowMs;
}

/** The status in the course of a rollout: counts, Available, Progressing, ReplicaFailure (upstream: syncRolloutStatus). */
export function rolloutStatus(deployment: Readonly<Deployment>, all: readonly Set[], newSet: Set | undefined, nowMs: number): DeploymentStatus {
  const status = deploymentStatus(deployment, all, newSet, nowMs);
  const limited = hasProgressDeadline(deployment);
  if (!limited) removeCondition(status, 'Progressing');
  const current = conditionOf(deployment.status, 'Progressing');
  const done = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (limited && !done) setProgress(deployment, status, newSet, nowMs);
  const failure = replicaFailure(all, newSet);
  if (failure) setCondition(status, failure);
  else removeCondition(status, 'ReplicaFailure');
  return status;
}

function setProgress(deployment: Readonly<Deployment>, status: DeploymentStatus, newSet: Set | undefined, nowMs: number): void {
  const subject = newSet ? `ReplicaSet "${newSet.metadata?.name}"` : `Deployment "${deployment.metadata?.name}"`;
  const current = conditionOf(deployment.status, 'Progressing');
  if (isComplete(deployment, status)) {
    setCondition(status, newCondition('Progressing', 'True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`, nowMs));
  } else if (isProgressing(deployment, status)) {
    const condition = newCondition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, nowMs);
    // Every step counts anew against the deadline, even if the reason stays.
    if (current?.status === 'True' && current.lastTransitionTime) condition.lastTransitionTime = current.lastTransitionTime;
    removeCondition(status, 'Progressing');
    setCondition(status, condition);
  } else if (hasTimedOut(deployment, status, nowMs)) {
    setCondition(status, newCondition('Progressing', 'False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`, nowMs));
  }
}

function replicaFailure(all: readonly Set[], newSet: Set | undefined): DeploymentCondition | undefined {
  const sets = newSet ? [newSet, ...all] : all;
  for (const set of sets) {
    const failure = set.status?.conditions?.find((condition) => condition.type === 'ReplicaFailure' && condition.status === 'True');
    if (!failure) continue;
    const time = failure.lastTransitionTime;
    return {
      type: 'ReplicaFailure',
      status: failure.status,
      ...(time ? { lastTransitionTime: time, lastUpdateTime: time } : {}),
      reason: failure.reason ?? '',
      message: failure.message ?? '',
    };
  }
  return undefined;
}

/** How long until the deadline must be looked at, in milliseconds; undefined if nothing is awaited. */
export function progressCheckMs(deployment: Readonly<Deployment>, status: Readonly<DeploymentStatus>, nowMs: number): number | undefined {
  const current = conditionOf(deployment.status, 'Progressing');
  if (!hasProgressDeadline(deployment) || !current || isComplete(deployment, status) || current.reason === 'ProgressDeadlineExceeded') return undefined;
  const deadline = (parseTime(current.lastUpdateTime) ?? nowMs) + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000;
  // One second more, since the condition's time has whole seconds.
  return Math.max(0, deadline - nowMs) + 1000;
}
