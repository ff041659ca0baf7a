import type { Strategy } from '../generic/strategy.ts';
import { podDisruptionBudgetStrategy } from './pod-disruption-budgets.ts';

export { podDisruptionBudgetStrategy };

/** The resources of policy/v1. */
export const policyStrategies = [podDisruptionBudgetStrategy] as unknown as readonly Strategy[];
