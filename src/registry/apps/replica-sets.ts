import type { ReplicaSet } from '../../../generated/types/index.ts';
import { nameIsSubdomain, setReplicaSetDefaults, validateReplicaSet, validateReplicaSetStatusUpdate, validateReplicaSetUpdate } from '../../api/index.ts';
import { ageColumn, column, containerColumns, formatSelector, nameColumn, wide } from '../core/columns.ts';
import { replicaScale } from '../generic/replica-scale.ts';
import type { Strategy } from '../generic/strategy.ts';
import { selectorText } from './deployments.ts';
import { setGeneration, templateWarnings } from './workload.ts';

/** pkg/registry/apps/replicaset. */
export const replicaSetStrategy: Strategy<ReplicaSet> = {
  resource: {
    group: 'apps',
    version: 'v1',
    kind: 'ReplicaSet',
    plural: 'replicasets',
    singular: 'replicaset',
    shortNames: ['rs'],
    categories: ['all'],
    namespaced: true,
  },
  applyDefaults: setReplicaSetDefaults,
  prepareForCreate(set) {
    set.status = { replicas: 0 };
    set.metadata!.generation = 1;
  },
  validateName: nameIsSubdomain,
  validate: validateReplicaSet,
  ...templateWarnings,
  prepareForUpdate(next, previous) {
    next.status = previous.status!;
    setGeneration(next, previous, false);
  },
  validateUpdate: validateReplicaSetUpdate,
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec!;
    },
    validateUpdate: validateReplicaSetStatusUpdate,
  },
  scale: replicaScale((set) => selectorText(formatSelector(set.spec?.selector))),
  columns: [
    nameColumn,
    column('Desired', 'How many pods are wanted.', ({ spec }) => spec?.replicas ?? 0, 'integer'),
    column('Current', 'How many pods there are.', ({ status }) => status?.replicas ?? 0, 'integer'),
    column('Ready', 'How many pods are ready.', ({ status }) => status?.readyReplicas ?? 0, 'integer'),
    ageColumn,
    ...containerColumns<ReplicaSet>(({ spec }) => spec?.template, 1),
    wide('Selector', 'Labels of its pods.', ({ spec }) => formatSelector(spec?.selector)),
  ],
};
