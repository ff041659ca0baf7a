import type { Node, NodeSelectorTerm, Pod, Taint, Toleration } from '../../../../generated/types/index.ts';
import type { LabelOperator } from '../../../machinery/selectors/labels.ts';
import { matchesLabels, requirement } from '../../../machinery/selectors/labels.ts';

/** What decides whether a pod may be on a node: the scheduler asks before it binds one, a kubelet once it has got it. */

const operators: Record<string, LabelOperator> = {
  In: 'In',
  NotIn: 'NotIn',
  Exists: 'Exists',
  DoesNotExist: 'DoesNotExist',
  Gt: 'GreaterThan',
  Lt: 'LessThan',
};

/** Upstream's words for the three reasons that are the same in both places. */
export const nodeReason = {
  affinity: "node(s) didn't match Pod's node affinity/selector",
  ports: "node(s) didn't have free ports for the requested pod ports",
  taint: "node(s) had taints that the pod didn't tolerate",
} as const;

/** Whether a node satisfies what a pod requires of its node (component-helpers nodeaffinity). */
export function matchesNode(pod: Readonly<Pod>, node: Readonly<Node>): boolean {
  const labels = node.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => matchesNodeTerm(term, node));
}

/** An empty term matches no node. */
export function matchesNodeTerm(term: NodeSelectorTerm, node: Readonly<Node>): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const toRequirement = (one: { key: string; operator: string; values?: string[] }) => requirement(one.key, operators[one.operator] ?? 'In', one.values ?? []);
  const fields = { 'metadata.name': node.metadata?.name ?? '' };
  return matchesLabels(matchExpressions.map(toRequirement), node.metadata?.labels) && matchesLabels(matchFields.map(toRequirement), fields);
}

/** Whether any of the tolerations covers the taint (api/core/v1 ToleratesTaint). */
export function toleratesTaint(tolerations: readonly Toleration[] | undefined, taint: Readonly<Taint>): boolean {
  return (tolerations ?? []).some((one) => {
    if (one.effect && one.effect !== taint.effect) return false;
    if (one.key && one.key !== taint.key) return false;
    return one.operator === 'Exists' || (one.value ?? '') === (taint.value ?? '');
  });
}

/** A port of the node that leads to one of a pod's. */
export interface HostPort {
  /** `0.0.0.0` for all addresses of the node. */
  readonly ip: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly containerPort: number;
}

/** The host ports of a pod's app containers and sidecars. */
export function hostPorts({ spec }: Readonly<Pod>): HostPort[] {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter((one) => one.restartPolicy === 'Always')];
  return containers.flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort, hostIP, protocol, containerPort }) =>
      hostPort ? [{ ip: hostIP || '0.0.0.0', protocol: (protocol ?? 'TCP') as HostPort['protocol'], port: hostPort, containerPort }] : [],
    ),
  );
}

/** Whether one node cannot have both. */
export function hostPortsConflict(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
}
