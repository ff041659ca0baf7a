import { matchesNode, matchesNodeTerm, nodeReason } from '../../api/core/v1/node-selection.ts';
import type { Plugin } from '../framework.ts';
import { normalizeByMax, unresolvable } from '../framework.ts';
import type { PodInfo } from '../node-info.ts';

/** nodeSelector and node affinity: what is required filters, what is preferred scores. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  preFilter(info) {
    return namedNodes(info)?.size === 0 ? unresolvable('pod affinity terms conflict') : undefined;
  },
  onlyNodes: namedNodes,
  filter({ pod }, { node }) {
    return node && matchesNode(pod, node) ? undefined : unresolvable(nodeReason.affinity);
  },
  scores: ({ pod }) => (pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).length > 0,
  score({ pod }, { node }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return preferred.reduce((sum, { weight, preference }) => sum + (node && matchesNodeTerm(preference, node) ? weight : 0), 0);
  },
  normalize: (scores) => normalizeByMax(scores, false),
};

/** The nodes that the required terms name; undefined if one of them, of which any will do, names none. */
function namedNodes({ pod }: PodInfo): ReadonlySet<string> | undefined {
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const names = terms.map(({ matchFields = [] }) => {
    const lists = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values = [] }) => values);
    return lists[0]?.filter((name) => lists.every((values) => values.includes(name)));
  });
  return terms.length === 0 || names.includes(undefined) ? undefined : new Set(names.flatMap((some) => some ?? []));
}
