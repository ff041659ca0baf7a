import { admissionRegistrationStrategies } from './admissionregistration/index.ts';
import { apiExtensionsStrategies } from './apiextensions/index.ts';
import { apiRegistrationStrategies } from './apiregistration/index.ts';
import { appsStrategies } from './apps/index.ts';
import { autoscalingStrategies } from './autoscaling/index.ts';
import { batchStrategies } from './batch/index.ts';
import { certificatesStrategies } from './certificates/index.ts';
import { coordinationStrategies } from './coordination/index.ts';
import { dropsGatedFields } from './core/gated-pod-fields.ts';
import { coreStrategies, type ServicePools } from './core/index.ts';
import { discoveryStrategies } from './discovery/index.ts';
import type { FeatureGates } from './feature-gates.ts';
import { flowControlStrategies } from './flowcontrol/index.ts';
import type { Strategy } from './generic/strategy.ts';
import { warnOfMissingController } from './missing-controllers.ts';
import { networkingStrategies } from './networking/index.ts';
import { nodeStrategies } from './node/index.ts';
import { policyStrategies } from './policy/index.ts';
import { rbacStrategies } from './rbac/index.ts';
import { schedulingStrategies } from './scheduling/index.ts';
import { storageStrategies } from './storage/index.ts';

export interface BuiltInOptions {
  /** Whether controllers run, so that those which are missing are told of. */
  readonly controllers: boolean;
  /** As in 1.33 if absent. */
  readonly featureGates?: FeatureGates | undefined;
}

/** Every resource that the server serves from storage, group by group. */
export function builtInStrategies(pools: ServicePools, { controllers, featureGates = {} }: BuiltInOptions): readonly Strategy[] {
  const all = [
    ...coreStrategies(pools),
    ...apiRegistrationStrategies,
    ...appsStrategies,
    ...autoscalingStrategies,
    ...batchStrategies,
    ...certificatesStrategies,
    ...networkingStrategies,
    ...policyStrategies,
    ...rbacStrategies,
    ...storageStrategies,
    ...admissionRegistrationStrategies,
    ...apiExtensionsStrategies,
    ...schedulingStrategies,
    ...coordinationStrategies,
    ...nodeStrategies,
    ...discoveryStrategies,
    ...flowControlStrategies,
  ];
  return all.map((strategy) => warnOfMissingController(dropsGatedFields(strategy, featureGates), controllers));
}
