import type { LabelSelector, NodeSelectorTerm } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import { isLabelValue } from '../../meta/names.ts';

/** Labels of nodes that go by another name now, or mean nothing any more (pkg/api/node). */
export const deprecatedNodeLabels: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/**
 * What is said of a term that selects nodes (pkg/api/node GetWarningsForNodeSelectorTerm).
 * @param checkValues whether values that no label can have are told, too
 */
export function nodeTermWarnings(at: FieldPath, term: Readonly<NodeSelectorTerm> | undefined, checkValues = false): string[] {
  return (term?.matchExpressions ?? []).flatMap(({ key, values = [] }, index) => {
    const inExpression = at.child('matchExpressions').index(index);
    const why = deprecatedNodeLabels.get(key);
    const warnings = why ? [`${inExpression.child('key')}: ${key} is ${why}`] : [];
    if (!checkValues) return warnings;
    const wrong = values.flatMap((value, i) => isLabelValue(value).map((text) => `${inExpression.child('values').index(i)}: ${value} is invalid, ${text}`));
    return [...warnings, ...wrong];
  });
}

/** What is said of a selector of nodes by their labels (pkg/api/node GetWarningsForNodeSelector). */
export function nodeSelectorWarnings(at: FieldPath, selector: Readonly<LabelSelector> | undefined): string[] {
  const expressions = nodeTermWarnings(at, selector as NodeSelectorTerm | undefined);
  const labels = Object.keys(selector?.matchLabels ?? {}).flatMap((key) => {
    const why = deprecatedNodeLabels.get(key);
    return why ? [`${at.child('matchLabels').child(key)}: ${why}`] : [];
  });
  return [...expressions, ...labels];
}
