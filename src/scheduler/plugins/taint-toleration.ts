import { toleratesTaint } from '../../api/core/v1/node-selection.ts';
import type { Plugin } from '../framework.ts';
import { normalizeByMax, unresolvable } from '../framework.ts';

/** Keeps pods off nodes with taints that they do not tolerate; PreferNoSchedule only costs points. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  filter({ pod }, { node }) {
    const taint = (node?.spec?.taints ?? []).find((one) => one.effect !== 'PreferNoSchedule' && !toleratesTaint(pod.spec?.tolerations, one));
    return taint ? unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`) : undefined;
  },
  score({ pod }, { node }) {
    const tolerations = (pod.spec?.tolerations ?? []).filter((one) => !one.effect || one.effect === 'PreferNoSchedule');
    return (node?.spec?.taints ?? []).filter((one) => one.effect === 'PreferNoSchedule' && !toleratesTaint(tolerations, one)).length;
  },
  normalize: (scores) => normalizeByMax(scores, true),
};
