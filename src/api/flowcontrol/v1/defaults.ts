import type { FlowSchema, PriorityLevelConfiguration } from '../../../../generated/types/index.ts';

/** pkg/apis/flowcontrol/v1 SetDefaults_FlowSchemaSpec. */
export function setFlowSchemaDefaults(schema: FlowSchema): void {
  schema.spec ??= { priorityLevelConfiguration: { name: '' } };
  schema.spec.matchingPrecedence ||= 1000;
  schema.status ??= {};
}

/** SetDefaults_LimitedPriorityLevelConfiguration and its exempt counterpart. */
export function setPriorityLevelDefaults(level: PriorityLevelConfiguration): void {
  level.spec ??= { type: '' };
  level.status ??= {};
  const { limited, exempt } = level.spec;
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (!limited) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}
