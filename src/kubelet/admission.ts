import type { Pod } from '../../generated/types/index.ts';
import { podRequests } from '../api/core/v1/pod-resources.ts';
import { quantityMilli, quantityValue } from '../machinery/quantity.ts';

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** Whether a node still has room for a pod that was bound to it (pkg/kubelet/lifecycle predicate.go); undefined if it has. */
export function admitPod(
  pod: Readonly<Pod>,
  others: readonly Readonly<Pod>[],
  node: { readonly labels: Readonly<Record<string, string>>; readonly allocatable: Readonly<Record<string, string>> },
): Rejection | undefined {
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) {
    if (node.labels[key] !== value) {
      return { reason: 'NodeAffinity', message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" };
    }
  }
  const maxPods = quantityValue(node.allocatable.pods);
  if (node.allocatable.pods !== undefined && others.length + 1 > maxPods) return outOf('pods', 1, others.length, maxPods);
  for (const [name, amount] of Object.entries(podRequests(pod))) {
    const measure = name === 'cpu' ? quantityMilli : quantityValue;
    const used = others.reduce((sum, other) => sum + measure(podRequests(other)[name]), 0);
    const capacity = measure(node.allocatable[name]);
    const requested = measure(amount);
    if (requested > 0 && requested + used > capacity) return outOf(name, requested, used, capacity);
  }
  return undefined;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}
