import type { NamespaceCondition } from '../../generated/types/index.ts';
import type { ResourceRef } from '../client/index.ts';
import { formatTime } from '../machinery/time.ts';

/** What a round of emptying a namespace has left behind. */
export interface Remaining {
  /** Instances by resource. */
  readonly byResource: ReadonlyMap<ResourceRef, number>;
  /** Instances by finalizer. */
  readonly byFinalizer: ReadonlyMap<string, number>;
  readonly errors: readonly string[];
}

/** Conditions of a terminating namespace while nothing is wrong, in upstream's order. */
const fine: readonly (readonly [type: string, reason: string, message: string])[] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  ['NamespaceDeletionContentFailure', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
];

/** The conditions after a round; those that say the same as before keep their time. */
export function namespaceConditions(previous: readonly NamespaceCondition[], remaining: Remaining, nowMs: number): NamespaceCondition[] {
  const problems = problemsOf(remaining);
  const known = new Set(fine.map(([type]) => type));
  const others = previous.filter((condition) => !known.has(condition.type));
  const ours = fine.map(([type, reason, message]) => {
    const next = problems.get(type) ?? { status: 'False', reason, message };
    const last = previous.find((condition) => condition.type === type);
    const lastTransitionTime = last?.status === next.status && last.lastTransitionTime ? last.lastTransitionTime : formatTime(nowMs);
    return { type, status: next.status, lastTransitionTime, reason: next.reason, message: next.message };
  });
  return [...others, ...ours];
}

function problemsOf({ byResource, byFinalizer, errors }: Remaining): Map<string, { status: string; reason: string; message: string }> {
  const problems = new Map<string, { status: string; reason: string; message: string }>();
  const put = (type: string, reason: string, message: string) => problems.set(type, { status: 'True', reason, message });
  if (errors.length > 0)
    put('NamespaceDeletionContentFailure', 'ContentDeletionFailed', `Failed to delete all resource types, ${errors.length} remaining: ${errors.join(', ')}`);
  const resources = [...byResource].map(([ref, count]) => `${ref.resource}.${ref.group} has ${count} resource instances`).sort();
  if (resources.length > 0) put('NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${resources.join(', ')}`);
  const finalizers = [...byFinalizer].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
  if (finalizers.length > 0)
    put('NamespaceFinalizersRemaining', 'SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`);
  return problems;
}
