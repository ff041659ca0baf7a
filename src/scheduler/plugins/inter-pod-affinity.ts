import type { Pod, PodAffinityTerm } from '../../../generated/types/index.ts';
import { matchesLabels, requirementsOf } from '../../machinery/selectors/labels.ts';
import type { Plugin, Snapshot } from '../framework.ts';
import { unresolvable, unschedulable } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

/**
 * Required affinity and anti-affinity between pods, of the one to be placed and of those in place.
 *
 * Differs from upstream: preferences between pods are not scored, and `namespaceSelector` is not followed.
 */
export const interPodAffinity: Plugin = {
  name: 'InterPodAffinity',
  helpedBy(waiting, placed) {
    const wanted = waiting.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    return wanted.some((term) => selects(term, waiting, placed));
  },
  filter({ pod }, node, snapshot) {
    if (violatesOthers(pod, node, snapshot)) return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
    const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
    const wanted = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    if (wanted.length > 0 && !wanted.every((term) => near(term, pod, node, snapshot) || isFirst(wanted, pod, node, snapshot))) {
      return unresolvable("node(s) didn't match pod affinity rules");
    }
    const unwanted = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    return unwanted.some((term) => near(term, pod, node, snapshot)) ? unschedulable("node(s) didn't match pod anti-affinity rules") : undefined;
  },
};

/** Whether a pod that the term selects runs in the node's domain. */
function near(term: PodAffinityTerm, owner: Readonly<Pod>, node: NodeInfo, snapshot: Snapshot): boolean {
  const domain = node.node?.metadata?.labels?.[term.topologyKey];
  if (domain === undefined) return false;
  return snapshot.nodes.some(
    (other) => other.node?.metadata?.labels?.[term.topologyKey] === domain && [...other.pods.values()].some(({ pod }) => selects(term, owner, pod)),
  );
}

function selects(term: PodAffinityTerm, owner: Readonly<Pod>, pod: Readonly<Pod>): boolean {
  const namespaces = term.namespaces?.length ? term.namespaces : [owner.metadata?.namespace ?? ''];
  const requirements = requirementsOf(term.labelSelector);
  return requirements !== undefined && namespaces.includes(pod.metadata?.namespace ?? '') && matchesLabels(requirements, pod.metadata?.labels);
}

/** The first pod of a group that wants to be together may go anywhere that has the topology keys. */
function isFirst(terms: readonly PodAffinityTerm[], pod: Readonly<Pod>, node: NodeInfo, snapshot: Snapshot): boolean {
  const labels = node.node?.metadata?.labels ?? {};
  if (!terms.every((term) => labels[term.topologyKey] !== undefined && selects(term, pod, pod))) return false;
  return !snapshot.nodes.some((other) => [...other.pods.values()].some((info) => terms.some((term) => selects(term, pod, info.pod))));
}

/** Pods in place may not want the newcomer near them. */
function violatesOthers(pod: Readonly<Pod>, node: NodeInfo, snapshot: Snapshot): boolean {
  const labels = node.node?.metadata?.labels ?? {};
  return snapshot.nodes.some((other) =>
    [...other.pods.values()].some(({ pod: placed }) =>
      (placed.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some((term) => {
        const domain = labels[term.topologyKey];
        return domain !== undefined && other.node?.metadata?.labels?.[term.topologyKey] === domain && selects(term, placed, pod);
      }),
    ),
  );
}
