import type { Pod, PodDisruptionBudget } from '../../../../generated/types/index.ts';
import { matchesLabels, requirementsOf } from '../../../machinery/selectors/index.ts';
import { failure, forbidden, type StatusError } from '../../../machinery/status-error.ts';
import { formatTime } from '../../../machinery/time.ts';
import { podIsReady, podIsTerminal } from '../../core/v1/pod-status.ts';
import { withCondition } from '../../meta/conditions.ts';

/** Evictions that the disruption controller has not confirmed yet; more than these are not taken. */
const disruptedPodsMax = 2000;

/** How a pod may go, as its budgets have it. */
export interface EvictionPlan {
  /** The budget that guards it. */
  readonly budget?: string;
  /** Whether the budget is to be charged. */
  readonly charges: boolean;
  /** It may go as it is now: a change meanwhile makes it another pod for the budget. */
  readonly onlyThisVersion: boolean;
}

/** The budgets that are about a pod; those with a selector that cannot be read are about none. */
function budgetsOf(pod: Readonly<Pod>, budgets: readonly Readonly<PodDisruptionBudget>[]): Readonly<PodDisruptionBudget>[] {
  const labels = pod.metadata?.labels ?? {};
  if (Object.keys(labels).length === 0) return [];
  return budgets.filter(({ spec }) => {
    const requirements = requirementsOf(spec?.selector);
    return requirements !== undefined && matchesLabels(requirements, labels);
  });
}

/**
 * Whether a pod may be evicted, and what that takes (registry/core/pod/storage EvictionREST).
 * @throws StatusError 500 if it has more than one budget
 */
export function planEviction(pod: Readonly<Pod>, budgets: readonly Readonly<PodDisruptionBudget>[]): EvictionPlan {
  const isGoing = podIsTerminal(pod) || pod.metadata?.deletionTimestamp !== undefined;
  // What does not run yet, or any more, is disrupted already.
  if (isGoing || pod.status?.phase === 'Pending') return { charges: false, onlyThisVersion: !isGoing };
  const [budget, ...others] = budgetsOf(pod, budgets);
  if (!budget) return { charges: false, onlyThisVersion: false };
  if (others.length > 0) throw failure(500, '', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  if (!podIsReady(pod)) {
    const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
    const always = budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow';
    // A pod that is not healthy does not count for the budget, so that its end costs nothing.
    if (always || (desiredHealthy > 0 && currentHealthy >= desiredHealthy)) return { budget: nameOf(budget), charges: false, onlyThisVersion: true };
  }
  return { budget: nameOf(budget), charges: true, onlyThisVersion: false };
}

const nameOf = ({ metadata }: Readonly<PodDisruptionBudget>): string => metadata?.name ?? '';

/**
 * Takes one disruption from a budget, in place. `now` in simulated ms.
 * @throws StatusError 429 if it allows none at present, 403 if its status makes no sense
 */
export function chargeBudget(budget: PodDisruptionBudget, podName: string, now: number): void {
  const name = nameOf(budget);
  const status = budget.status!;
  if ((status.observedGeneration ?? 0) < (budget.metadata?.generation ?? 0)) throw stillProcessed(name);
  const refuse = (why: string): StatusError => forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, why);
  if (status.disruptionsAllowed < 0) throw refuse('pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsMax)
    throw refuse('DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (status.disruptionsAllowed === 0) {
    const { desiredHealthy, currentHealthy } = status;
    throw violated(`The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`);
  }
  status.disruptionsAllowed -= 1;
  if (status.disruptionsAllowed === 0) showInsufficient(status, now);
  status.disruptedPods = { ...status.disruptedPods, [podName]: formatTime(now) };
}

/** The budget, or the pod, has changed meanwhile: the client may try again in a while. */
export function stillProcessed(budgetName: string): StatusError {
  return violated(`The disruption budget ${budgetName} is still being processed by the server.`, 10);
}

function violated(why: string, retryAfterSeconds?: number): StatusError {
  const causes = [{ reason: 'DisruptionBudget', message: why }];
  const details = { causes, ...(retryAfterSeconds ? { retryAfterSeconds } : {}) };
  return failure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", details);
}

function showInsufficient(status: NonNullable<PodDisruptionBudget['status']>, now: number): void {
  status.conditions = withCondition(status.conditions, {
    type: 'DisruptionAllowed',
    status: 'False',
    ...(status.observedGeneration ? { observedGeneration: status.observedGeneration } : {}),
    lastTransitionTime: formatTime(now),
    reason: 'InsufficientPods',
    message: '',
  });
}
