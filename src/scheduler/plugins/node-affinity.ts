import type { Node, NodeSelectorTerm, Pod } from '../../../generated/types/index.ts';
import type { LabelOperator } from '../../machinery/selectors/labels.ts';
import { matchesLabels, requirement } from '../../machinery/selectors/labels.ts';
import type { Plugin } from '../framework.ts';
import { normalizeByMax, unresolvable } from '../framework.ts';

const operators: Record<string, LabelOperator> = {
  In: 'In',
  NotIn: 'NotIn',
  Exists: 'Exists',
  DoesNotExist: 'DoesNotExist',
  Gt: 'GreaterThan',
  Lt: 'LessThan',
};

/** nodeSelector and node affinity: what is required filters, what is preferred scores. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  filter({ pod }, { node }) {
    return node && matchesNode(pod, node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector");
  },
  scores: ({ pod }) => (pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).length > 0,
  score({ pod }, { node }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return preferred.reduce((sum, { weight, preference }) => sum + (node && matchesTerm(preference, node) ? weight : 0), 0);
  },
  normalize: (scores) => normalizeByMax(scores, false),
};

/** Whether a node satisfies what a pod requires of its node (component-helpers nodeaffinity). */
export function matchesNode(pod: Readonly<Pod>, node: Readonly<Node>): boolean {
  const labels = node.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/** An empty term matches no node. */
function matchesTerm(term: NodeSelectorTerm, node: Readonly<Node>): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const toRequirement = (one: { key: string; operator: string; values?: string[] }) => requirement(one.key, operators[one.operator] ?? 'In', one.values ?? []);
  const fields = { 'metadata.name': node.metadata?.name ?? '' };
  return matchesLabels(matchExpressions.map(toRequirement), node.metadata?.labels) && matchesLabels(matchFields.map(toRequirement), fields);
}
