import type { Pod, TopologySpreadConstraint } from '../../../generated/types/index.ts';
import { matchesNode, toleratesTaint } from '../../api/core/v1/node-selection.ts';
import type { LabelRequirements, Labels } from '../../machinery/selectors/labels.ts';
import { matchesLabels, requirement, requirementsOf } from '../../machinery/selectors/labels.ts';
import type { Plugin, Snapshot } from '../framework.ts';
import { maxScore, unresolvable, unschedulable } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

/** A constraint with its selector read, and its defaults filled in. */
interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** Undefined if it selects nothing. */
  readonly selector: LabelRequirements | undefined;
  /** Whether the node's pods count at all, and whether its domain does. */
  counts(node: NodeInfo): boolean;
}

/** Pods that a constraint selects, by domain (by value of its topology key). */
type Domains = ReadonlyMap<string, number>;

const mismatch = "node(s) didn't match pod topology spread constraints";
const hostname = 'kubernetes.io/hostname';

/**
 * Keeps the domains of a topology about equally full of the pods that a constraint selects: `DoNotSchedule` filters, `ScheduleAnyway`
 * scores (pkg/scheduler/framework/plugins/podtopologyspread).
 *
 * Differs from upstream: a pod without constraints is not spread over zones and nodes by its Services and its owner.
 */
export const podTopologySpread: Plugin = {
  name: 'PodTopologySpread',
  filter(info, node, snapshot) {
    const { constraints, domains, fewest } = required(info.pod, snapshot);
    for (const [index, constraint] of constraints.entries()) {
      const domain = labelsOf(node)?.[constraint.topologyKey];
      if (domain === undefined) return unresolvable(`${mismatch} (missing required label)`);
      const own = selects(constraint, info.pod.metadata?.labels) ? 1 : 0;
      if ((domains[index]?.get(domain) ?? 0) + own - (fewest[index] ?? 0) > constraint.maxSkew) return unschedulable(mismatch);
    }
    return undefined;
  },
  scores: ({ pod }) => constraintsOf(pod, 'ScheduleAnyway').length > 0,
  score({ pod }, node, snapshot, feasible) {
    const { constraints, domains, weights } = preferred(pod, snapshot, feasible);
    if (!hasAllKeys(node, constraints)) return Number.NaN;
    const score = constraints.reduce((sum, constraint, index) => {
      const { topologyKey, maxSkew } = constraint;
      const count = topologyKey === hostname ? matching(node, constraint, pod) : (domains[index]?.get(labelsOf(node)?.[topologyKey] ?? '') ?? 0);
      return sum + count * (weights[index] ?? 0) + maxSkew - 1;
    }, 0);
    return Math.round(score);
  },
  /** The fewer the better; nodes without the keys are no good at all. */
  normalize(scores) {
    const known = scores.filter((score) => !Number.isNaN(score));
    const [least, most] = [Math.min(...known), Math.max(0, ...known)];
    return scores.map((score) => {
      if (Number.isNaN(score)) return 0;
      return most === 0 ? maxScore : Math.floor((maxScore * (most + least - score)) / most);
    });
  },
  helpedBy: (waiting, placed) =>
    waiting.metadata?.namespace === placed.metadata?.namespace &&
    constraintsOf(waiting, 'DoNotSchedule').some((constraint) => selects(constraint, placed.metadata?.labels)),
};

/** Constraints of one kind with the pods they count in each domain. */
interface Counted {
  readonly constraints: readonly Constraint[];
  readonly domains: readonly Domains[];
}

interface Required extends Counted {
  /** Pods in the emptiest domain; none while there are fewer domains than there should be. */
  readonly fewest: readonly number[];
}

/** Counted once for all nodes that a cycle looks at: each cycle has a snapshot of its own. */
const requiredOf = new WeakMap<Snapshot, Required>();

function required(pod: Readonly<Pod>, snapshot: Snapshot): Required {
  let known = requiredOf.get(snapshot);
  if (!known) {
    const constraints = constraintsOf(pod, 'DoNotSchedule');
    const eligible = constraints.length > 0 ? snapshot.nodes.filter((node) => hasAllKeys(node, constraints)) : [];
    const domains = constraints.map((constraint) => countDomains(eligible, constraint, pod));
    const fewest = domains.map((counts, index) => (counts.size < (constraints[index]?.minDomains ?? 1) ? 0 : Math.min(...counts.values())));
    known = { constraints, domains, fewest };
    requiredOf.set(snapshot, known);
  }
  return known;
}

interface Preferred extends Counted {
  /** What a pod in a domain weighs: more where there are more domains, so that nodes do not outweigh zones. */
  readonly weights: readonly number[];
}

const preferredOf = new WeakMap<readonly NodeInfo[], Preferred>();

function preferred(pod: Readonly<Pod>, snapshot: Snapshot, feasible: readonly NodeInfo[]): Preferred {
  let known = preferredOf.get(feasible);
  if (!known) {
    const constraints = constraintsOf(pod, 'ScheduleAnyway');
    const candidates = feasible.filter((node) => hasAllKeys(node, constraints));
    const others = snapshot.nodes.filter((node) => hasAllKeys(node, constraints));
    const sizes = constraints.map(({ topologyKey }) =>
      topologyKey === hostname ? candidates.length : new Set(candidates.map((node) => labelsOf(node)?.[topologyKey])).size,
    );
    const domains = constraints.map((constraint) => (constraint.topologyKey === hostname ? new Map() : countDomains(others, constraint, pod)));
    known = { constraints, domains, weights: sizes.map((size) => Math.log(size + 2)) };
    preferredOf.set(feasible, known);
  }
  return known;
}

function countDomains(nodes: readonly NodeInfo[], constraint: Constraint, pod: Readonly<Pod>): Domains {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    if (!constraint.counts(node)) continue;
    const domain = labelsOf(node)?.[constraint.topologyKey] ?? '';
    counts.set(domain, (counts.get(domain) ?? 0) + matching(node, constraint, pod));
  }
  return counts;
}

/** Pods of the node that the constraint counts. A selector for everything counts none. */
function matching({ pods }: NodeInfo, { selector }: Constraint, pod: Readonly<Pod>): number {
  if (!selector?.length) return 0;
  let count = 0;
  for (const { pod: placed } of pods.values()) {
    const { namespace, labels, deletionTimestamp } = placed.metadata ?? {};
    if (!deletionTimestamp && namespace === pod.metadata?.namespace && matchesLabels(selector, labels)) count += 1;
  }
  return count;
}

function constraintsOf(pod: Readonly<Pod>, action: 'DoNotSchedule' | 'ScheduleAnyway'): Constraint[] {
  const all = pod.spec?.topologySpreadConstraints ?? [];
  return all.filter((one) => one.whenUnsatisfiable === action).map((one) => readConstraint(pod, one));
}

function readConstraint(pod: Readonly<Pod>, one: TopologySpreadConstraint): Constraint {
  const { topologyKey, maxSkew, minDomains = 1, nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = one;
  const own = (one.matchLabelKeys ?? []).flatMap((key) => {
    const value = pod.metadata?.labels?.[key];
    return value === undefined ? [] : [requirement(key, 'In', [value])];
  });
  const selector = requirementsOf(one.labelSelector);
  return {
    topologyKey,
    maxSkew,
    minDomains,
    selector: selector && [...own, ...selector],
    counts: ({ node }) =>
      node !== undefined &&
      (nodeAffinityPolicy !== 'Honor' || matchesNode(pod, node)) &&
      (nodeTaintsPolicy !== 'Honor' ||
        (node.spec?.taints ?? []).every((taint) => taint.effect === 'PreferNoSchedule' || toleratesTaint(pod.spec?.tolerations, taint))),
  };
}

const selects = ({ selector }: Constraint, labels: Labels): boolean => selector !== undefined && matchesLabels(selector, labels);

const labelsOf = ({ node }: NodeInfo): Labels => node?.metadata?.labels;

const hasAllKeys = (node: NodeInfo, constraints: readonly Constraint[]): boolean =>
  constraints.every(({ topologyKey }) => labelsOf(node)?.[topologyKey] !== undefined);
