import { toleratesTaint } from '../../api/core/v1/node-selection.ts';
import type { Plugin } from '../framework.ts';
import { unresolvable } from '../framework.ts';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Keeps pods off cordoned nodes, unless they tolerate it. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter({ pod }, { node }) {
    if (!node?.spec?.unschedulable || toleratesTaint(pod.spec?.tolerations, taint)) return undefined;
    return unresolvable('node(s) were unschedulable');
  },
};
