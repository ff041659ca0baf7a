import type { Lease } from '../../../generated/types/index.ts';
import { nameIsSubdomain, validateLease } from '../../api/index.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import type { Strategy } from '../generic/strategy.ts';

/** pkg/registry/coordination/lease: a PUT creates, so that whoever holds it need not ask first. */
export const leaseStrategy: Strategy<Lease> = {
  resource: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', singular: 'lease', namespaced: true },
  applyDefaults(lease) {
    lease.spec ??= {};
  },
  validateName: nameIsSubdomain,
  prepareForCreate: dropElectionFields,
  prepareForUpdate: dropElectionFields,
  metadataChecks: { finalizerDomains: false, onUpdate: false },
  validate: validateLease,
  validateUpdate: validateLease,
  createOnUpdate: true,
  conditionalUpdateOnly: true,
  columns: [nameColumn, column('Holder', 'Who holds the lease.', (lease) => lease.spec?.holderIdentity ?? ''), ageColumn],
};

/** What the feature CoordinatedLeaderElection is about, which is off in 1.33. */
function dropElectionFields({ spec }: Lease): void {
  delete spec?.strategy;
  delete spec?.preferredHolder;
}
