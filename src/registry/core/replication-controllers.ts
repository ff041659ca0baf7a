import type { ReplicationController } from '../../../generated/types/index.ts';
import {
  labelLikeTemplate,
  podTemplateWarnings,
  setReplicationControllerDefaults,
  validateReplicationController,
  validateReplicationControllerStatus,
  workloadNameWarnings,
} from '../../api/index.ts';
import { replicaScale } from '../generic/replica-scale.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import { ageColumn, column, containerColumns, formatLabels, nameColumn, wide } from './columns.ts';

const selectorText = (controller: Readonly<ReplicationController>): string => formatLabels(controller.spec?.selector);

/** pkg/registry/core/replicationcontroller. */
export const replicationControllerStrategy = resourceStrategy<ReplicationController>({
  resource: {
    group: '',
    version: 'v1',
    kind: 'ReplicationController',
    plural: 'replicationcontrollers',
    shortNames: ['rc'],
    categories: ['all'],
    namespaced: true,
  },
  applyDefaults: setReplicationControllerDefaults,
  // A write of the status may take the labels away; whoever reads the object next sees them filled in from its template again.
  canonicalize: labelLikeTemplate,
  statusOnCreate: () => ({ replicas: 0 }),
  countsGeneration: true,
  defaultPropagation: 'Orphan',
  warningsOnCreate: ({ metadata, spec }) => [...workloadNameWarnings(metadata?.name ?? ''), ...podTemplateWarnings(spec?.template)],
  // Of the template that it had: upstream hands the two over in that order.
  warningsOnUpdate: (next, { metadata, spec }) => (next.metadata?.generation === metadata?.generation ? [] : podTemplateWarnings(spec?.template)),
  validate: validateReplicationController,
  validateStatus: validateReplicationControllerStatus,
  scale: replicaScale((controller) => (controller.spec?.selector ? selectorText(controller) : '')),
  columns: [
    nameColumn,
    column('Desired', 'How many pods are wanted.', ({ spec }) => spec?.replicas ?? 0, 'integer'),
    column('Current', 'How many pods there are.', ({ status }) => status?.replicas ?? 0, 'integer'),
    column('Ready', 'How many pods are ready.', ({ status }) => status?.readyReplicas ?? 0, 'integer'),
    ageColumn,
    ...containerColumns<ReplicationController>(({ spec }) => spec?.template, 1),
    wide('Selector', 'Labels of its pods.', selectorText),
  ],
  selectableFields: (controller) => ({ 'status.replicas': String(controller.status?.replicas ?? 0) }),
});
