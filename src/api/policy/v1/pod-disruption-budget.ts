import type { IntOrString, PodDisruptionBudget } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { numberOf, validateCountOrPercent } from '../../apps/v1/validation.ts';
import { mistakesOf, validateCounts } from '../../meta/checks.ts';
import { validateConditions } from '../../meta/conditions.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isPercent } from '../../meta/names.ts';

/** Counts that Go always writes. */
export function emptyDisruptionStatus(): NonNullable<PodDisruptionBudget['status']> {
  return { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
}

export function setPodDisruptionBudgetDefaults(budget: PodDisruptionBudget): void {
  budget.spec ??= {};
  budget.status = { ...emptyDisruptionStatus(), ...budget.status };
}

const specPath = path('spec');
const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

/** pkg/apis/policy/validation ValidatePodDisruptionBudgetSpec. */
export function validatePodDisruptionBudget({ spec = {} }: PodDisruptionBudget): FieldError[] {
  return mistakesOf((mistakes) => {
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
    if (minAvailable !== undefined && maxUnavailable !== undefined) mistakes.invalid(specPath, spec, 'minAvailable and maxUnavailable cannot be both set');
    validateAmount(mistakes, minAvailable, specPath.child('minAvailable'));
    validateAmount(mistakes, maxUnavailable, specPath.child('maxUnavailable'));
    validateLabelSelector(mistakes, selector, specPath.child('selector'));
    if (policy !== undefined && !evictionPolicies.includes(policy))
      mistakes.notSupported(specPath.child('unhealthyPodEvictionPolicy'), policy, evictionPolicies);
  });
}

function validateAmount(mistakes: Mistakes, amount: IntOrString | undefined, at: FieldPath): void {
  if (amount === undefined) return;
  validateCountOrPercent(mistakes, amount, at);
  if (typeof amount === 'string' && isPercent(amount).length === 0 && numberOf(amount) > 100) mistakes.invalid(at, amount, 'must not be greater than 100%');
}

export function validatePodDisruptionBudgetStatus({ status = emptyDisruptionStatus() }: PodDisruptionBudget): FieldError[] {
  const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods, conditions = [] } = status;
  return mistakesOf((mistakes) => {
    validateConditions(mistakes, conditions, path('status', 'conditions'));
    validateCounts(mistakes, { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods }, path('status'));
  });
}
