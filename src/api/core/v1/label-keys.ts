import type { Pod, PodAffinityTerm } from '../../../../generated/types/index.ts';

/**
 * Puts the values that a new pod's labels have under `matchLabelKeys` and `mismatchLabelKeys` into the selectors of its affinities, which is all that the
 * scheduler looks at (pkg/registry/core/pod mutatePodAffinity). A term without a selector matches nothing, and stays so.
 */
export function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata?.labels ?? {};
  for (const affinity of [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity]) {
    for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) if (podAffinityTerm) mergeInto(podAffinityTerm, labels);
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeInto(term, labels);
  }
}

function mergeInto({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: PodAffinityTerm, labels: Readonly<Record<string, string>>): void {
  if (!labelSelector) return;
  const requirements = (keys: readonly string[], operator: string) =>
    keys.filter((key) => Object.hasOwn(labels, key)).map((key) => ({ key, operator, values: [labels[key] as string] }));
  const added = [...requirements(matchLabelKeys, 'In'), ...requirements(mismatchLabelKeys, 'NotIn')];
  if (added.length > 0) labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...added];
}
