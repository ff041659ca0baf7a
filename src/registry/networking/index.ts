import type { Strategy } from '../generic/strategy.ts';
import { ingressClassStrategy, ingressStrategy } from './ingresses.ts';
import { networkPolicyStrategy } from './network-policies.ts';
import { ipAddressStrategy, serviceCidrStrategy } from './service-addresses.ts';

export { ingressClassStrategy, ingressStrategy, ipAddressStrategy, networkPolicyStrategy, serviceCidrStrategy };

/** The resources of networking.k8s.io/v1. */
export const networkingStrategies = [
  ingressClassStrategy,
  ingressStrategy,
  ipAddressStrategy,
  networkPolicyStrategy,
  serviceCidrStrategy,
] as unknown as readonly Strategy[];
