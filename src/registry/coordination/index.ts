import type { Strategy } from '../generic/strategy.ts';
import { leaseStrategy } from './leases.ts';

export { leaseStrategy };

/** The resources of coordination.k8s.io/v1. */
export const coordinationStrategies = [leaseStrategy] as unknown as readonly Strategy[];
