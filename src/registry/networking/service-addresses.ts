import type { IPAddress, ServiceCIDR } from '../../../generated/types/index.ts';
import { nameIsIpAddress, validateIpAddress, validateIpAddressUpdate, validateServiceCidr, validateServiceCidrUpdate } from '../../api/index.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resetMetadataForStatus } from '../generic/metadata.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

/** `services/default/web`. */
function parent({ spec }: Readonly<IPAddress>): string {
  const { group, resource, namespace, name } = spec?.parentRef ?? {};
  if (!spec?.parentRef) return '<none>';
  return [`${resource}${group ? `.${group}` : ''}`.toLowerCase(), ...(namespace ? [namespace] : []), name].join('/');
}

/**
 * pkg/registry/networking/ipaddress.
 * Differs from upstream: its rows have a third cell, the age, for which there is no column; nobody shows it.
 */
export const ipAddressStrategy = resourceStrategy<IPAddress>({
  resource: {
    group: 'networking.k8s.io',
    version: 'v1',
    storedVersion: 'v1beta1',
    kind: 'IPAddress',
    plural: 'ipaddresses',
    shortNames: ['ip'],
    namespaced: false,
  },
  validateName: nameIsIpAddress,
  validate: validateIpAddress,
  validateUpdate: validateIpAddressUpdate,
  columns: [nameColumn, column('ParentRef', 'What has this address.', parent)],
});

/** pkg/registry/networking/servicecidr: unlike other kinds it takes a status from everybody who writes it. */
export const serviceCidrStrategy: Strategy<ServiceCIDR> = {
  ...resourceStrategy<ServiceCIDR>({
    resource: { group: 'networking.k8s.io', version: 'v1', storedVersion: 'v1beta1', kind: 'ServiceCIDR', plural: 'servicecidrs', namespaced: false },
    applyDefaults(range) {
      range.status ??= {};
    },
    metadataChecks: { onUpdate: false },
    validate: validateServiceCidr,
    validateUpdate: validateServiceCidrUpdate,
    columns: [nameColumn, column('CIDRs', 'Ranges that services get addresses from.', ({ spec }) => (spec?.cidrs ?? []).join(',')), ageColumn],
  }),
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec;
      resetMetadataForStatus(next, previous);
    },
    validateUpdate: () => [],
  },
};
