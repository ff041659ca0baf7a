import type { RuntimeClass } from '../../../generated/types/index.ts';
import { deprecatedNodeLabels, setRuntimeClassDefaults, validateRuntimeClass, validateRuntimeClassUpdate } from '../../api/index.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

function warnings({ scheduling }: Readonly<RuntimeClass>): string[] {
  return Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const why = deprecatedNodeLabels.get(key);
    return why ? [`scheduling.nodeSelector: ${why}`] : [];
  });
}

/** pkg/registry/node/runtimeclass. */
export const runtimeClassStrategy = resourceStrategy<RuntimeClass>({
  resource: { group: 'node.k8s.io', version: 'v1', kind: 'RuntimeClass', plural: 'runtimeclasses', namespaced: false },
  conditionalUpdateOnly: true,
  applyDefaults: setRuntimeClassDefaults,
  metadataChecks: { finalizerDomains: false },
  warningsOnCreate: warnings,
  warningsOnUpdate: warnings,
  validate: validateRuntimeClass,
  validateUpdate: validateRuntimeClassUpdate,
  columns: [nameColumn, column('Handler', 'What the container runtime calls it.', (one) => one.handler), ageColumn],
});

/** The resources of node.k8s.io/v1. */
export const nodeStrategies = [runtimeClassStrategy] as unknown as readonly Strategy[];
