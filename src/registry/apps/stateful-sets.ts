import type { StatefulSet } from '../../../generated/types/index.ts';
import { nameIsLabel, setStatefulSetDefaults, validateStatefulSet, validateStatefulSetStatus, validateStatefulSetUpdate } from '../../api/index.ts';
import { ageColumn, column, containerColumns, formatSelector, nameColumn } from '../core/columns.ts';
import { replicaScale } from '../generic/replica-scale.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import { selectorText } from './deployments.ts';

/** pkg/registry/apps/statefulset. */
export const statefulSetStrategy = resourceStrategy<StatefulSet>({
  resource: { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', shortNames: ['sts'], categories: ['all'], namespaced: true },
  applyDefaults: setStatefulSetDefaults,
  statusOnCreate: () => ({ replicas: 0, availableReplicas: 0 }),
  countsGeneration: true,
  validateName: nameIsLabel,
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  validateStatus: validateStatefulSetStatus,
  scale: replicaScale((set) => selectorText(formatSelector(set.spec?.selector))),
  columns: [
    nameColumn,
    column('Ready', 'How many of the wanted pods are ready.', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn,
    ...containerColumns<StatefulSet>(({ spec }) => spec?.template, 1),
  ],
});
