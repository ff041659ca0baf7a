import type { Node } from '../../../generated/types/index.ts';
import type { AdmissionPlugin } from '../types.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** A new node takes no pods until it has said that it is ready (plugin/pkg/admission/nodetaint). */
export function taintNodesByCondition(): AdmissionPlugin<Node> {
  return {
    name: 'TaintNodesByCondition',
    rules: [{ resource: 'nodes', operations: ['CREATE'] }],
    admit({ object: node }) {
      const spec = (node.spec ??= {});
      const has = (spec.taints ?? []).some((taint) => taint.key === notReady.key && taint.effect === notReady.effect);
      if (!has) spec.taints = [...(spec.taints ?? []), { ...notReady }];
    },
  };
}
