import type { Deployment } from '../../../generated/types/index.ts';
import { nameIsSubdomain, setDeploymentDefaults, validateDeployment, validateDeploymentStatusUpdate, validateDeploymentUpdate } from '../../api/index.ts';
import { ageColumn, column, containerColumns, formatSelector, nameColumn, wide } from '../core/columns.ts';
import { replicaScale } from '../generic/replica-scale.ts';
import type { Strategy } from '../generic/strategy.ts';
import { setGeneration, templateWarnings } from './workload.ts';

/** pkg/registry/apps/deployment. */
export const deploymentStrategy: Strategy<Deployment> = {
  resource: {
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    plural: 'deployments',
    singular: 'deployment',
    shortNames: ['deploy'],
    categories: ['all'],
    namespaced: true,
  },
  applyDefaults: setDeploymentDefaults,
  prepareForCreate(deployment) {
    deployment.status = {};
    deployment.metadata!.generation = 1;
  },
  validateName: nameIsSubdomain,
  metadataChecks: { onUpdate: false },
  validate: validateDeployment,
  ...templateWarnings,
  prepareForUpdate(next, previous) {
    next.status = previous.status!;
    setGeneration(next, previous, true);
  },
  validateUpdate: validateDeploymentUpdate,
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec!;
      if (previous.metadata?.labels) next.metadata!.labels = previous.metadata.labels;
      else delete next.metadata!.labels;
    },
    validateUpdate: validateDeploymentStatusUpdate,
  },
  scale: replicaScale((deployment) => selectorText(formatSelector(deployment.spec?.selector))),
  columns: [
    nameColumn,
    column('Ready', 'How many of the wanted pods are ready.', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    column('Up-to-date', 'How many pods come from the newest template.', ({ status }) => status?.updatedReplicas ?? 0),
    column('Available', 'How many pods have been ready for long enough.', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns<Deployment>(({ spec }) => spec?.template, 1),
    wide('Selector', 'Labels of its pods.', ({ spec }) => formatSelector(spec?.selector)),
  ],
};

/** A selector as text is empty where a table shows `<none>`. */
export function selectorText(shown: string): string {
  return shown === '<none>' ? '' : shown;
}
