import type { Deployment, ReplicaSet } from '../../generated/types/index.ts';
import {
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  maxSurgeOf,
  replicasOf,
  revisionAnnotation,
  revisionHistoryAnnotation,
  revisionOf,
} from './deployment-plan.ts';

/** What a replica set does not take over from its deployment. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
]);

/** The history may grow to so many characters (upstream: maxRevHistoryLengthInChars). */
const historyLimit = 2000;

/** The sizes that a set was last given under: how a later scaling is recognised. */
export function sizeAnnotations(deployment: Readonly<Deployment>): Record<string, string> {
  const wanted = replicasOf(deployment);
  return { [desiredReplicasAnnotation]: String(wanted), [maxReplicasAnnotation]: String(wanted + maxSurgeOf(deployment)) };
}

/**
 * The annotations of the newest set: the deployment's own, and its revision, which only grows (a rollback makes an old
 * template the newest again and moves its revision into the history).
 */
export function newSetAnnotations(deployment: Readonly<Deployment>, set: Readonly<ReplicaSet>, revision: number, exists: boolean): Record<string, string> {
  const annotations = { ...set.metadata?.annotations };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) if (!notCopied.has(key)) annotations[key] = value;
  const last = annotations[revisionAnnotation];
  if (revisionOf(set) < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (last !== undefined) annotations[revisionHistoryAnnotation] = appended(annotations[revisionHistoryAnnotation], last);
  }
  return exists ? annotations : { ...annotations, ...sizeAnnotations(deployment) };
}

function appended(history: string | undefined, revision: string): string {
  const revisions = history ? history.split(',') : [];
  revisions.push(revision);
  while (revisions.join().length > historyLimit && revisions.length > 1) revisions.shift();
  return revisions.join();
}
