import type { Node, Pod } from '../../generated/types/index.ts';
import { hostPorts, hostPortsConflict, matchesNode, nodeReason, toleratesTaint } from '../api/core/v1/node-selection.ts';
import { podRequests } from '../api/core/v1/pod-resources.ts';
import { quantityValue, resourceAmount } from '../machinery/quantity.ts';
import { isStaticPod } from './manifests.ts';
import type { ResizeRefusal } from './pod-allocation.ts';

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** What a kubelet knows of its own node. */
export interface NodeRoom {
  /** As it is registered; as it will be, before. */
  readonly node: Readonly<Node>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/**
 * Whether a node can have a pod that was bound to it (pkg/kubelet/lifecycle predicate.go); undefined if it can. Of several
 * reasons the first in upstream's order counts.
 *
 * Differs from upstream: a critical pod does not push others out.
 */
export function admitPod(pod: Readonly<Pod>, others: readonly Readonly<Pod>[], { node, allocatable }: NodeRoom): Rejection | undefined {
  const os = pod.spec?.nodeSelector?.['kubernetes.io/os'];
  if (os !== undefined && os !== node.metadata?.labels?.['kubernetes.io/os']) {
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label" };
  }
  if (pod.spec?.os?.name && pod.spec.os.name !== 'linux') {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  const short = insufficient(pod, others, allocatable);
  if (short) return short;
  if (!matchesNode(pod, node)) return failed('NodeAffinity', nodeReason.affinity);
  const wanted = hostPorts(pod);
  const taken = wanted.length > 0 ? others.flatMap(hostPorts) : [];
  if (wanted.some((one) => taken.some((other) => hostPortsConflict(one, other)))) return failed('NodePorts', nodeReason.ports);
  const taints = (node.spec?.taints ?? []).filter((taint) => taint.effect === 'NoExecute');
  if (!isStaticPod(pod) && taints.some((taint) => !toleratesTaint(pod.spec?.tolerations, taint))) return failed('TaintToleration', nodeReason.taint);
  return undefined;
}

const failed = (predicate: string, why: string): Rejection => ({ reason: predicate, message: `Predicate ${predicate} failed: ${why}` });

/** In the order in which the scheduler counts; extended resources that the node does not have are not looked at. */
function insufficient(pod: Readonly<Pod>, others: readonly Readonly<Pod>[], allocatable: Readonly<Record<string, string>>): Rejection | undefined {
  const maxPods = quantityValue(allocatable.pods);
  if (allocatable.pods !== undefined && others.length + 1 > maxPods) return outOf('pods', 1, others.length, maxPods);
  const requests = podRequests(pod);
  const names = ['cpu', 'memory', 'ephemeral-storage', ...Object.keys(requests)];
  const counted = [...new Set(names)].filter((name) => resourceAmount(name, requests[name]) > 0 && !(name.includes('/') && allocatable[name] === undefined));
  const held = counted.length > 0 ? others.map((other) => podRequests(other, { withStatus: true })) : [];
  for (const name of counted) {
    const requested = resourceAmount(name, requests[name]);
    const used = held.reduce((sum, amounts) => sum + resourceAmount(name, amounts[name]), 0);
    const capacity = resourceAmount(name, allocatable[name]);
    if (requested + used > capacity) return outOf(name, requested, used, capacity);
  }
  return undefined;
}

/**
 * Why a pod that runs on a node does not get the resources it asks for by now (canResizePod); undefined if it does. What is more
 * than the whole node is never given; what others use at present is given when they have gone.
 */
export function resizeRefusal(pod: Readonly<Pod>, others: readonly Readonly<Pod>[], node: NodeRoom): ResizeRefusal | undefined {
  const requests = podRequests(pod);
  for (const name of ['memory', 'cpu']) {
    const [requested, capacity] = [resourceAmount(name, requests[name]), resourceAmount(name, node.allocatable[name])];
    if (requested <= capacity) continue;
    return { reason: 'Infeasible', message: `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}` };
  }
  const rejection = admitPod(pod, others, node);
  return rejection && { reason: 'Deferred', message: rejection.message };
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}
