import type { Plugin } from '../framework.ts';
import { maxScore } from '../framework.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';

/** Favours nodes whose CPU and memory would be used to a like degree. Pods that ask for nothing say nothing about that. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  scores: ({ requests }) => Object.values(requests).some((amount) => amount > 0),
  score(info, node) {
    const cpu = fraction(info, node, 'cpu');
    const memory = fraction(info, node, 'memory');
    return Math.floor((1 - Math.abs(cpu - memory) / 2) * maxScore);
  },
};

function fraction(info: PodInfo, node: NodeInfo, name: 'cpu' | 'memory'): number {
  const capacity = node.allocatable[name] ?? 0;
  return capacity === 0 ? 1 : Math.min(1, ((node.requested[name] ?? 0) + (info.requests[name] ?? 0)) / capacity);
}
