import type { PriorityClass } from '../../../generated/types/index.ts';
import { setPriorityClassDefaults, systemPriorityClasses, validatePriorityClass, validatePriorityClassUpdate } from '../../api/index.ts';
import { forbidden } from '../../machinery/status-error.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

const priorityClasses = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };

/** pkg/registry/scheduling/priorityclass. */
export const priorityClassStrategy = resourceStrategy<PriorityClass>({
  resource: { group: 'scheduling.k8s.io', version: 'v1', kind: 'PriorityClass', plural: 'priorityclasses', shortNames: ['pc'], namespaced: false },
  applyDefaults: setPriorityClassDefaults,
  // Nothing of a class that can be changed counts.
  prepareForCreate(created) {
    created.metadata!.generation = 1;
  },
  beforeDelete({ metadata }) {
    const name = metadata?.name ?? '';
    if (systemPriorityClasses.some((one) => one.metadata?.name === name))
      throw forbidden(priorityClasses, name, 'this is a system priority class and cannot be deleted');
  },
  metadataChecks: { onUpdate: false },
  validate: validatePriorityClass,
  validateUpdate: validatePriorityClassUpdate,
  columns: [
    nameColumn,
    column('Value', 'How important pods of this class are.', (one) => one.value, 'integer'),
    column('Global-Default', 'Whether pods without a class get this one.', (one) => one.globalDefault ?? false, 'boolean'),
    ageColumn,
    column('PreemptionPolicy', 'Whether its pods may drive out others.', (one) => one.preemptionPolicy ?? ''),
  ],
});

/** The resources of scheduling.k8s.io/v1. */
export const schedulingStrategies = [priorityClassStrategy] as unknown as readonly Strategy[];
