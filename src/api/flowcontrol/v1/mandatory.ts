import type { FlowSchemaSpec, PolicyRulesWithSubjects, PriorityLevelConfigurationSpec } from '../../../../generated/types/index.ts';

const everyone = (...names: readonly string[]): PolicyRulesWithSubjects => ({
  subjects: names.map((name) => ({ kind: 'Group', group: { name } })),
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
});

/** Flow schemas that every cluster has, and that nobody changes (apiserver/pkg/apis/flowcontrol/bootstrap MandatoryFlowSchemas). */
export const mandatoryFlowSchemas = {
  exempt: { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 1, rules: [everyone('system:masters')] },
  'catch-all': {
    priorityLevelConfiguration: { name: 'catch-all' },
    matchingPrecedence: 10_000,
    distinguisherMethod: { type: 'ByUser' },
    rules: [everyone('system:unauthenticated', 'system:authenticated')],
  },
} satisfies Readonly<Record<string, FlowSchemaSpec>>;

/** MandatoryPriorityLevelConfigurations: of these only the numbers of `exempt` may change. */
export const mandatoryPriorityLevels = {
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'catch-all': { type: 'Limited', limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } } },
} satisfies Readonly<Record<string, PriorityLevelConfigurationSpec>>;
