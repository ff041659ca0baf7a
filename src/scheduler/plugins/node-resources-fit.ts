import type { Plugin } from '../framework.ts';
import { maxScore, unschedulable } from '../framework.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';

/** What is asked for must be left; of the nodes where it is, the emptier is the better (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  filter(info, node) {
    const reasons: string[] = [];
    if (node.pods.size + 1 > (node.allocatable.pods ?? 0)) reasons.push('Too many pods');
    for (const [name, amount] of Object.entries(info.requests)) {
      const capacity = node.allocatable[name] ?? 0;
      if (amount === 0 || amount <= capacity - (node.requested[name] ?? 0)) continue;
      reasons.push(`Insufficient ${name}`);
    }
    return reasons.length > 0 ? unschedulable(...reasons) : undefined;
  },
  score: (info, node) => (leastAllocated(info, node, 'cpu') + leastAllocated(info, node, 'memory')) / 2,
};

function leastAllocated(info: PodInfo, node: NodeInfo, name: 'cpu' | 'memory'): number {
  const capacity = node.allocatable[name] ?? 0;
  const used = node.nonZero[name] + info.nonZero[name];
  return capacity === 0 || used > capacity ? 0 : Math.floor(((capacity - used) * maxScore) / capacity);
}
