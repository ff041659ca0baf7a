import { fitErrorMessage, preemptionMessage } from './fit-error.ts';
import type { Rejection, Snapshot, WeightedPlugin } from './framework.ts';
import { unresolvable } from './framework.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';

export type Placement = { readonly node: string } | { readonly message: string };

/**
 * Chooses a node: filters, then scores (pkg/scheduler schedule_one.go). Of equal nodes the first counted from `startIndex` wins.
 *
 * Differs from upstream: ties are not drawn by lot, so that the seed decides nothing here; all nodes are always looked at; and
 * no running pod is preempted yet.
 */
export function choosePlacement(plugins: readonly WeightedPlugin[], info: PodInfo, snapshot: Snapshot, startIndex: number): Placement {
  const { nodes } = snapshot;
  for (const { plugin } of plugins) {
    const rejection = plugin.preFilter?.(info, snapshot);
    if (rejection)
      return failure(
        info,
        nodes.length,
        rejection,
        nodes.map(() => rejection),
      );
  }
  const rotated = nodes.map((_, index) => nodes[(index + startIndex) % nodes.length] as NodeInfo);
  const rejections: Rejection[] = [];
  const choices = plugins.map(({ plugin }) => [plugin.name, plugin.onlyNodes?.(info)] as const);
  const feasible = rotated.filter((node) => {
    const excluding = choices.find(([, names]) => names && !names.has(node.name));
    const rejection = excluding ? unresolvable(`node(s) didn't satisfy plugin(s) [${excluding[0]}]`) : filterNode(plugins, info, node, snapshot);
    if (rejection) rejections.push(rejection);
    return !rejection;
  });
  if (feasible.length === 0) return failure(info, nodes.length, undefined, rejections);
  const totals = feasible.length === 1 ? [0] : scoreNodes(plugins, info, feasible, snapshot);
  return { node: (feasible[totals.indexOf(Math.max(...totals))] as NodeInfo).name };
}

function failure(info: PodInfo, nodeCount: number, preFilter: Rejection | undefined, perNode: readonly Rejection[]): Placement {
  const post = nodeCount === 0 ? '' : preemptionMessage(nodeCount, perNode, info.pod.spec?.preemptionPolicy);
  return { message: fitErrorMessage(nodeCount, preFilter, perNode, post) };
}

function filterNode(plugins: readonly WeightedPlugin[], info: PodInfo, node: NodeInfo, snapshot: Snapshot): Rejection | undefined {
  for (const { plugin } of plugins) {
    const rejection = plugin.filter?.(info, node, snapshot);
    if (rejection) return rejection;
  }
  return undefined;
}

function scoreNodes(plugins: readonly WeightedPlugin[], info: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): number[] {
  const totals = nodes.map(() => 0);
  for (const { plugin, weight } of plugins) {
    if (!plugin.score || plugin.scores?.(info) === false) continue;
    const raw = nodes.map((node) => plugin.score?.(info, node, snapshot, nodes) ?? 0);
    const scores = plugin.normalize?.(raw) ?? raw;
    scores.forEach((score, index) => {
      totals[index] = (totals[index] ?? 0) + score * weight;
    });
  }
  return totals;
}
