import type { FlowSchema, PriorityLevelConfiguration } from '../../../generated/types/index.ts';
import { setFlowSchemaDefaults, setPriorityLevelDefaults, validateFlowControlStatus, validateFlowSchema, validatePriorityLevel } from '../../api/index.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resetMetadataForStatus } from '../generic/metadata.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

const group = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', namespaced: false };
const none = '<none>';

/** In the order in which they are tried, as upstream prints them (apihelpers FlowSchemaSequence). */
function comparePrecedence(a: Readonly<FlowSchema>, b: Readonly<FlowSchema>): number {
  const byPrecedence = (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0);
  return byPrecedence || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
}

/** pkg/registry/flowcontrol/flowschema. What they do is src/apiserver/flowcontrol's business. */
export const flowSchemaStrategy = resourceStrategy<FlowSchema>({
  resource: { ...group, kind: 'FlowSchema', plural: 'flowschemas' },
  applyDefaults: setFlowSchemaDefaults,
  validate: validateFlowSchema,
  validateStatus: validateFlowControlStatus,
  statusOnCreate: () => ({}),
  prepareForStatusUpdate: resetMetadataForStatus,
  countsGeneration: true,
  compareRows: comparePrecedence,
  columns: [
    nameColumn,
    column('PriorityLevel', 'The priority level of its requests.', ({ spec }) => spec?.priorityLevelConfiguration?.name ?? ''),
    column('MatchingPrecedence', 'Which of several that match is chosen: the least.', ({ spec }) => spec?.matchingPrecedence ?? 0),
    column('DistinguisherMethod', 'What makes two flows of it.', ({ spec }) => spec?.distinguisherMethod?.type ?? none),
    ageColumn,
    column('MissingPL', 'Whether its priority level is missing.', ({ status }) => status?.conditions?.find((one) => one.type === 'Dangling')?.status ?? '?'),
  ],
});

const queuingOf = ({ spec }: Readonly<PriorityLevelConfiguration>) => spec?.limited?.limitResponse?.queuing;

/** pkg/registry/flowcontrol/prioritylevelconfiguration. */
export const priorityLevelStrategy = resourceStrategy<PriorityLevelConfiguration>({
  resource: { ...group, kind: 'PriorityLevelConfiguration', plural: 'prioritylevelconfigurations' },
  applyDefaults: setPriorityLevelDefaults,
  validate: validatePriorityLevel,
  validateStatus: validateFlowControlStatus,
  statusOnCreate: () => ({}),
  prepareForStatusUpdate: resetMetadataForStatus,
  countsGeneration: true,
  columns: [
    nameColumn,
    column('Type', 'Whether it is limited.', ({ spec }) => spec?.type ?? ''),
    column('NominalConcurrencyShares', 'Its share of the seats.', ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? none),
    column('Queues', 'How many queues it has.', (level) => queuingOf(level)?.queues ?? none),
    column('HandSize', 'How many queues a flow may use.', (level) => queuingOf(level)?.handSize ?? none),
    column('QueueLengthLimit', 'How long a queue may be.', (level) => queuingOf(level)?.queueLengthLimit ?? none),
    ageColumn,
  ],
});

/** The resources of flowcontrol.apiserver.k8s.io/v1. */
export const flowControlStrategies = [flowSchemaStrategy, priorityLevelStrategy] as unknown as readonly Strategy[];
