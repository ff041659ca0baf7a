import type { CustomResourceDefinition } from '../../../generated/types/index.ts';
import {
  newDefinitionStatus,
  setCustomResourceDefinitionDefaults,
  storageVersions,
  validateCustomResourceDefinition,
  validateCustomResourceDefinitionStatus,
  validateCustomResourceDefinitionUpdate,
} from '../../api/index.ts';
import { checkOwnPreconditions } from '../generic/delete.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

/** apiextensions-apiserver/pkg/registry/customresourcedefinition. Definitions are kept; what they define is not served yet. */
export const customResourceDefinitionStrategy = resourceStrategy<CustomResourceDefinition>({
  resource: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    storedVersion: 'v1beta1',
    plural: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
  },
  conditionalUpdateOnly: true,
  applyDefaults: setCustomResourceDefinitionDefaults,
  statusOnCreate: newDefinitionStatus,
  countsGeneration: true,
  prepareForUpdate(next) {
    const status = (next.status = { ...next.status });
    for (const name of storageVersions(next.spec.versions))
      if (!status.storedVersions?.includes(name)) status.storedVersions = [...(status.storedVersions ?? []), name];
  },
  beforeDelete: (definition, query) => checkOwnPreconditions({ group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }, definition, query),
  metadataChecks: { finalizerDomains: false, onUpdate: false },
  validate: validateCustomResourceDefinition,
  validateUpdate: validateCustomResourceDefinitionUpdate,
  validateStatus: validateCustomResourceDefinitionStatus,
});

/** The resources of apiextensions.k8s.io/v1. */
export const apiExtensionsStrategies = [customResourceDefinitionStrategy] as unknown as readonly Strategy[];
