import type { Deployment, IntOrString, ReplicaSet } from '../../generated/types/index.ts';
import { semanticEqual } from '../machinery/deep.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';
export const templateHashLabel = 'pod-template-hash';

type Set = Readonly<ReplicaSet>;

/** One replica set's new size. */
export interface Resize {
  readonly set: Set;
  readonly replicas: number;
}

export const replicasOf = (object: { spec?: { replicas?: number } } | undefined): number => object?.spec?.replicas ?? 0;
const availableOf = (set: Set | undefined): number => set?.status?.availableReplicas ?? 0;
const sum = (sets: readonly Set[], count: (set: Set) => number): number => sets.reduce((total, set) => total + count(set), 0);

/** A number, or a share of `total`. */
export function resolveIntOrPercent(value: IntOrString | undefined, total: number, round: (x: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value ?? '');
  return percent ? round((Number(percent[1]) * total) / 100) : 0;
}

/** How far a rolling update may go above and below the wanted number (upstream: ResolveFenceposts). */
export function fenceposts(deployment: Readonly<Deployment>): { surge: number; unavailable: number } {
  const wanted = replicasOf(deployment);
  const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const surge = resolveIntOrPercent(maxSurge, wanted, Math.ceil);
  const unavailable = resolveIntOrPercent(maxUnavailable, wanted, Math.floor);
  // With neither there would be no way to go on: a quorum of one goes.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export function isRolling(deployment: Readonly<Deployment>): boolean {
  return deployment.spec?.strategy?.type !== 'Recreate';
}

export function maxSurgeOf(deployment: Readonly<Deployment>): number {
  return isRolling(deployment) ? fenceposts(deployment).surge : 0;
}

export function maxUnavailableOf(deployment: Readonly<Deployment>): number {
  const wanted = replicasOf(deployment);
  if (!isRolling(deployment) || wanted === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, wanted);
}

/** The revision that a replica set stands for; 0 if it says none. */
export function revisionOf(object: Readonly<{ metadata?: { annotations?: Record<string, string> } }>): number {
  const number = Number.parseInt(object.metadata?.annotations?.[revisionAnnotation] ?? '', 10);
  return Number.isNaN(number) ? 0 : number;
}

export function oldestFirst(sets: readonly Set[]): Set[] {
  return [...sets].sort((a, b) => created(a, b) || compare(a.metadata?.name, b.metadata?.name));
}

function created(a: Set, b: Set): number {
  return compare(a.metadata?.creationTimestamp, b.metadata?.creationTimestamp);
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The set whose template is the deployment's; of several the oldest. */
export function findNewSet(deployment: Readonly<Deployment>, sets: readonly Set[]): Set | undefined {
  return oldestFirst(sets).find((set) => sameTemplate(deployment, set));
}

/** Whether the templates are equal but for the hash label. */
export function sameTemplate(deployment: Readonly<Deployment>, set: Set): boolean {
  const { [templateHashLabel]: _, ...labels } = set.spec?.template?.metadata?.labels ?? {};
  const own = deployment.spec?.template;
  const { [templateHashLabel]: __, ...ownLabels } = own?.metadata?.labels ?? {};
  return semanticEqual(
    { ...set.spec?.template, metadata: { ...set.spec?.template?.metadata, labels } },
    { ...own, metadata: { ...own?.metadata, labels: ownLabels } },
  );
}

export const withReplicas = (sets: readonly Set[]): Set[] => sets.filter((set) => replicasOf(set) > 0);

/** The size that the newest set may grow to now, within the surge. `all` includes it, if it exists. */
export function newSetReplicas(deployment: Readonly<Deployment>, all: readonly Set[], newSet: Set | undefined): number {
  const wanted = replicasOf(deployment);
  if (!isRolling(deployment)) return wanted;
  const present = sum(all, replicasOf);
  const room = wanted + fenceposts(deployment).surge - present;
  const size = replicasOf(newSet);
  return room <= 0 ? size : size + Math.min(room, wanted - size);
}

/**
 * The next step of a rolling update: first the newest set takes its size, and only when it has it do old ones shrink,
 * by as much as keeps enough pods available. Nothing to do gives an empty list.
 */
export function planRollout(deployment: Readonly<Deployment>, newSet: Set, oldSets: readonly Set[]): Resize[] {
  const wanted = replicasOf(deployment);
  const size = replicasOf(newSet);
  const target = size > wanted ? wanted : newSetReplicas(deployment, [...oldSets, newSet], newSet);
  if (target !== size) return [{ set: newSet, replicas: target }];
  return planOldSets(deployment, newSet, withReplicas(oldSets));
}

function planOldSets(deployment: Readonly<Deployment>, newSet: Set, oldSets: readonly Set[]): Resize[] {
  const minAvailable = replicasOf(deployment) - maxUnavailableOf(deployment);
  const newUnavailable = replicasOf(newSet) - availableOf(newSet);
  const removable = sum([...oldSets, newSet], replicasOf) - minAvailable - newUnavailable;
  if (oldSets.length === 0 || removable <= 0) return [];
  const sizes = new Map<Set, number>(oldestFirst(oldSets).map((set) => [set, replicasOf(set)]));
  // Pods that serve nobody go first: they might block the rollout for ever.
  let left = removable;
  for (const [set, size] of sizes) {
    if (left === 0) break;
    // The set's status is from before it last shrank: what would go now might be what serves. Its next status decides.
    if (availableOf(set) > size) return resized(sizes);
    const unhealthy = Math.min(left, size - availableOf(set));
    sizes.set(set, size - unhealthy);
    left -= unhealthy;
  }
  let spare = sum([...oldSets, newSet], availableOf) - minAvailable;
  for (const [set, size] of sizes) {
    const count = Math.max(0, Math.min(size, spare));
    sizes.set(set, size - count);
    spare -= count;
  }
  return resized(sizes);
}

function resized(sizes: ReadonlyMap<Set, number>): Resize[] {
  return [...sizes].filter(([set, replicas]) => replicas !== replicasOf(set)).map(([set, replicas]) => ({ set, replicas }));
}

/** Whether the deployment's size has changed since its sets were last sized. */
export function isScaling(deployment: Readonly<Deployment>, sets: readonly Set[]): boolean {
  return withReplicas(sets).some((set) => {
    const desired = Number.parseInt(set.metadata?.annotations?.[desiredReplicasAnnotation] ?? '', 10);
    return !Number.isNaN(desired) && desired !== replicasOf(deployment);
  });
}

/** Sizes after the deployment was scaled, paused or not: one live set takes all, several in the midst of a rollout share by size. */
export function planScale(deployment: Readonly<Deployment>, newSet: Set | undefined, oldSets: readonly Set[]): Resize[] {
  const wanted = replicasOf(deployment);
  const only = activeOrLatest(newSet, oldSets);
  if (only) return replicasOf(only) === wanted ? [] : [{ set: only, replicas: wanted }];
  if (newSet && isSaturated(deployment, newSet)) return withReplicas(oldSets).map((set) => ({ set, replicas: 0 }));
  if (!isRolling(deployment)) return [];
  return shareOut(deployment, withReplicas(newSet ? [...oldSets, newSet] : oldSets));
}

function activeOrLatest(newSet: Set | undefined, oldSets: readonly Set[]): Set | undefined {
  const active = withReplicas(newSet ? [...oldSets, newSet] : oldSets);
  if (active.length === 1) return active[0];
  return active.length === 0 ? (newSet ?? oldestFirst(oldSets).at(-1)) : undefined;
}

function isSaturated(deployment: Readonly<Deployment>, set: Set): boolean {
  const wanted = replicasOf(deployment);
  const desired = Number.parseInt(set.metadata?.annotations?.[desiredReplicasAnnotation] ?? '', 10);
  return desired === wanted && replicasOf(set) === wanted && availableOf(set) === wanted;
}

function shareOut(deployment: Readonly<Deployment>, active: readonly Set[]): Resize[] {
  const wanted = replicasOf(deployment);
  const allowed = wanted > 0 ? wanted + maxSurgeOf(deployment) : 0;
  const toAdd = allowed - sum(active, replicasOf);
  // Bigger sets first; of equal ones the newer gains first, and the older loses first.
  const sets = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? created(b, a) : toAdd < 0 ? created(a, b) : 0));
  const sizes = sets.map(replicasOf);
  let added = 0;
  sets.forEach((set, i) => {
    if (toAdd === 0 || toAdd === added) return;
    const share = fraction(deployment, set);
    const proportion = toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
    sizes[i] = (sizes[i] ?? 0) + proportion;
    added += proportion;
  });
  if (toAdd !== 0) sizes[0] = Math.max(0, (sizes[0] ?? 0) + toAdd - added);
  return sets.map((set, i) => ({ set, replicas: sizes[i] ?? 0 }));
}

/** What the set gains or loses if it keeps its share of the deployment. */
function fraction(deployment: Readonly<Deployment>, set: Set): number {
  const wanted = replicasOf(deployment);
  if (wanted === 0) return -replicasOf(set);
  const before = Number.parseInt(set.metadata?.annotations?.[maxReplicasAnnotation] ?? '', 10) || deployment.status?.replicas || 0;
  if (before === 0) return 0;
  return Math.round((replicasOf(set) * (wanted + maxSurgeOf(deployment))) / before) - replicasOf(set);
}

/** Old sets that the history limit has no room for: the lowest revisions, if nothing of them is left. */
export function planCleanup(deployment: Readonly<Deployment>, oldSets: readonly Set[]): Set[] {
  const limit = deployment.spec?.revisionHistoryLimit;
  if (limit === undefined || limit === 2147483647) return [];
  const alive = oldSets.filter((set) => !set.metadata?.deletionTimestamp);
  const surplus = alive.length - limit;
  if (surplus <= 0) return [];
  return [...alive]
    .sort((a, b) => revisionOf(a) - revisionOf(b) || created(a, b))
    .slice(0, surplus)
    .filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0));
}
