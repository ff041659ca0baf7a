import { matchesNode, matchesNodeTerm, nodeReason } from '../../api/core/v1/node-selection.ts';
import type { Plugin } from '../framework.ts';
import { normalizeByMax, unresolvable } from '../framework.ts';

/** nodeSelector and node affinity: what is required filters, what is preferred scores. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
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
