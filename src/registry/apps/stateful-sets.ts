import type { StatefulSet } from '../../../generated/types/index.ts';
import {
  claimSpecWarnings,
  nameIsLabel,
  podTemplateWarnings,
  setStatefulSetDefaults,
  validateStatefulSet,
  validateStatefulSetStatus,
  validateStatefulSetUpdate,
} from '../../api/index.ts';
import type { FieldPath } from '../../machinery/field-error.ts';
import { path } from '../../machinery/field-error.ts';
import { ageColumn, column, containerColumns, formatSelector, nameColumn } from '../core/columns.ts';
import { replicaScale } from '../generic/replica-scale.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import { selectorText } from './deployments.ts';

/**
 * Beside those of the template (pkg/registry/apps/statefulset).
 * @param inClaim where upstream says that the spec of a template of claims is
 */
function ownWarnings({ spec }: Readonly<StatefulSet>, inClaim: (template: FieldPath) => FieldPath): string[] {
  const at = path('spec', 'volumeClaimTemplates');
  const claims = (spec?.volumeClaimTemplates ?? []).flatMap((claim, index) => claimSpecWarnings(inClaim(at.index(index)), claim.spec));
  if ((spec?.revisionHistoryLimit ?? 0) >= 0) return claims;
  return [...claims, 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'];
}

/** pkg/registry/apps/statefulset. */
export const statefulSetStrategy = resourceStrategy<StatefulSet>({
  resource: { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', shortNames: ['sts'], categories: ['all'], namespaced: true },
  applyDefaults: setStatefulSetDefaults,
  statusOnCreate: () => ({ replicas: 0, availableReplicas: 0 }),
  countsGeneration: true,
  validateName: nameIsLabel,
  metadataChecks: { onUpdate: false },
  // Behind a gate that is off (MaxUnavailableStatefulSet).
  prepareForCreate: ({ spec }) => delete spec?.updateStrategy?.rollingUpdate?.maxUnavailable,
  prepareForUpdate(next, previous) {
    if (previous.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) delete next.spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
  },
  warningsOnCreate: (set) => [...podTemplateWarnings(set.spec?.template), ...ownWarnings(set, (template) => template)],
  warningsOnUpdate: (next, previous) => [
    ...(next.metadata?.generation === previous.metadata?.generation ? [] : podTemplateWarnings(next.spec?.template)),
    ...ownWarnings(next, (template) => template.child('Spec')),
  ],
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
