import type { Strategy } from '../generic/strategy.ts';
import { deploymentStrategy } from './deployments.ts';
import { replicaSetStrategy } from './replica-sets.ts';

export { deploymentStrategy, replicaSetStrategy };

/** The resources of apps/v1. */
export const appsStrategies = [deploymentStrategy, replicaSetStrategy] as unknown as readonly Strategy[];
