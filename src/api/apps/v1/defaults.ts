import type { Deployment, ReplicaSet } from '../../../../generated/types/index.ts';
import { setPodTemplateDefaults } from '../../core/v1/pod-defaults.ts';

/** pkg/apis/apps/v1 SetDefaults_Deployment. */
export function setDeploymentDefaults(deployment: Deployment): void {
  const spec = (deployment.spec ??= {} as NonNullable<Deployment['spec']>);
  deployment.status ??= {};
  spec.replicas ??= 1;
  setPodTemplateDefaults((spec.template ??= {}));
  const strategy = (spec.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= '25%';
    strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}

/** pkg/apis/apps/v1 SetDefaults_ReplicaSet. */
export function setReplicaSetDefaults(set: ReplicaSet): void {
  const spec = (set.spec ??= {} as NonNullable<ReplicaSet['spec']>);
  set.status ??= { replicas: 0 };
  set.status.replicas ??= 0;
  spec.replicas ??= 1;
  setPodTemplateDefaults((spec.template ??= {}));
}
