import type { PodDisruptionBudget } from '../../../generated/types/index.ts';
import {
  emptyDisruptionStatus,
  nameIsPathSegment,
  setPodDisruptionBudgetDefaults,
  validatePodDisruptionBudget,
  validatePodDisruptionBudgetStatus,
} from '../../api/index.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

const orNone = (amount: number | string | undefined): string => (amount === undefined ? 'N/A' : String(amount));

/** pkg/registry/policy/poddisruptionbudget. */
export const podDisruptionBudgetStrategy = resourceStrategy<PodDisruptionBudget>({
  resource: { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', shortNames: ['pdb'], namespaced: true },
  conditionalUpdateOnly: true,
  validateName: nameIsPathSegment,
  applyDefaults: setPodDisruptionBudgetDefaults,
  statusOnCreate: emptyDisruptionStatus,
  countsGeneration: true,
  metadataChecks: { finalizerDomains: false, onUpdate: false, onCreate: false },
  validate: validatePodDisruptionBudget,
  validateStatus: validatePodDisruptionBudgetStatus,
  columns: [
    nameColumn,
    column('Min Available', 'How many pods must stay.', ({ spec }) => orNone(spec?.minAvailable)),
    column('Max Unavailable', 'How many pods may be missing.', ({ spec }) => orNone(spec?.maxUnavailable)),
    column('Allowed Disruptions', 'How many pods may be evicted now.', ({ status }) => status?.disruptionsAllowed ?? 0, 'integer'),
    ageColumn,
  ],
});
