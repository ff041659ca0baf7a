import type { Strategy } from '../generic/strategy.ts';
import { controllerRevisionStrategy } from './controller-revisions.ts';
import { daemonSetStrategy } from './daemon-sets.ts';
import { deploymentStrategy } from './deployments.ts';
import { replicaSetStrategy } from './replica-sets.ts';
import { statefulSetStrategy } from './stateful-sets.ts';

export { controllerRevisionStrategy, daemonSetStrategy, deploymentStrategy, replicaSetStrategy, statefulSetStrategy };

/** The resources of apps/v1. */
export const appsStrategies = [
  controllerRevisionStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
] as unknown as readonly Strategy[];
