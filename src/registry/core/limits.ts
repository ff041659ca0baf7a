import type { LimitRange, ResourceQuota } from '../../../generated/types/index.ts';
import {
  setLimitRangeDefaults,
  setResourceQuotaDefaults,
  validateLimitRange,
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from '../../api/index.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import { ageColumn, column, nameColumn } from './columns.ts';

/** pkg/registry/core/limitrange; upstream has no columns of its own for it. */
export const limitRangeStrategy = resourceStrategy<LimitRange>({
  resource: { group: '', version: 'v1', kind: 'LimitRange', plural: 'limitranges', shortNames: ['limits'], namespaced: true },
  applyDefaults: setLimitRangeDefaults,
  createOnUpdate: true,
  // One without a name gets one. Differs from upstream: it is the object's own uid, not a second one.
  prepareForCreate: ({ metadata }) => void (metadata!.name ||= metadata!.uid!),
  validate: validateLimitRange,
  canonicalize({ spec }) {
    if (spec && !spec.limits?.length) spec.limits = null as never;
  },
});

/** `pods: 1/10, requests.cpu: 0/4`, of limits or of the rest. */
function usage({ status }: Readonly<ResourceQuota>, limits: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}

/** pkg/registry/core/resourcequota. */
export const resourceQuotaStrategy = resourceStrategy<ResourceQuota>({
  resource: { group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', shortNames: ['quota'], namespaced: true },
  applyDefaults: setResourceQuotaDefaults,
  statusOnCreate: () => ({}),
  metadataChecks: { onUpdate: false },
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
  validateStatus: validateResourceQuotaStatus,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    column('Request', 'What is used of what may be requested.', (quota) => usage(quota, false)),
    column('Limit', 'What is used of what limits may add up to.', (quota) => usage(quota, true)),
    ageColumn,
  ],
});
