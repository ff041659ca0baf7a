import type { NetworkPolicy } from '../../../generated/types/index.ts';
import { networkPolicyWarnings, setNetworkPolicyDefaults, validateNetworkPolicy } from '../../api/index.ts';
import { ageColumn, column, formatSelector, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

/** pkg/registry/networking/networkpolicy. */
export const networkPolicyStrategy = resourceStrategy<NetworkPolicy>({
  resource: { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy', plural: 'networkpolicies', shortNames: ['netpol'], namespaced: true },
  applyDefaults: setNetworkPolicyDefaults,
  countsGeneration: true,
  warningsOnCreate: networkPolicyWarnings,
  warningsOnUpdate: networkPolicyWarnings,
  validate: validateNetworkPolicy,
  columns: [nameColumn, column('Pod-Selector', 'Labels of the pods it is about.', ({ spec }) => formatSelector(spec?.podSelector)), ageColumn],
});
