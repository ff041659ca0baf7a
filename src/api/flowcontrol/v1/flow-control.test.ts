import { expect, test } from 'vitest';
import type { FlowSchema, FlowSchemaSpec, PriorityLevelConfigurationSpec } from '../../../../generated/types/index.ts';
import { setPriorityLevelDefaults } from './defaults.ts';
import { validateFlowControlStatus, validateFlowSchema } from './flow-schema.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from './mandatory.ts';
import { validatePriorityLevel } from './priority-level.ts';

const fine: FlowSchemaSpec = { priorityLevelConfiguration: { name: 'p' }, matchingPrecedence: 9 };

const aboutSchema = (spec: object, name = 's'): string[] =>
  validateFlowSchema({ metadata: { name }, spec: { ...fine, ...spec } } as FlowSchema).map((one) => String(one).replace(/^spec\./, ''));
const aboutRule = (rule: object): string[] => aboutSchema({ rules: [rule] }).map((one) => one.replace(/^rules\[0\]\.?/, ''));
const subject = { kind: 'User', user: { name: 'u' } };
const urls = { verbs: ['get'], nonResourceURLs: ['/healthz'] };
const aboutSubject = (one: object): string[] => aboutRule({ subjects: [one], nonResourceRules: [urls] }).map((text) => text.replace(/^subjects\[0\]\./, ''));
const resources = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] };
const aboutResources = (rule: object): string[] =>
  aboutRule({ subjects: [subject], resourceRules: [{ ...resources, ...rule }] }).map((text) => text.replace(/^resourceRules\[0\]\./, ''));
const aboutUrls = (...nonResourceURLs: string[]): string[] =>
  aboutRule({ subjects: [subject], nonResourceRules: [{ verbs: ['get'], nonResourceURLs }] }).map((text) =>
    text.replace(/^nonResourceRules\[0\]\.nonResourceURLs/, ''),
  );

test('a schema says where it stands, what makes two flows of it, and which level serves it', () => {
  expect(aboutSchema({ matchingPrecedence: -1 })).toEqual(['matchingPrecedence: Invalid value: -1: must be a positive value']);
  expect(aboutSchema({ matchingPrecedence: 10_001 })).toEqual(['matchingPrecedence: Invalid value: 10001: must not be greater than 10000']);
  expect(aboutSchema({ matchingPrecedence: 1 })).toEqual([
    "matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  ]);
  expect(aboutSchema({ distinguisherMethod: { type: 'ByName' } })).toEqual([
    'distinguisherMethod.type: Unsupported value: flowcontrol.FlowDistinguisherMethod{Type:"ByName"}: supported values: "ByNamespace", "ByUser"',
  ]);
  expect(aboutSchema({ priorityLevelConfiguration: { name: '' } })).toEqual([
    'priorityLevelConfiguration.name: Required value: must reference a priority level',
  ]);
});

test('a rule names subjects, and resources or paths that they ask for', () => {
  expect(aboutRule({})).toEqual([
    'subjects: Required value: subjects must contain at least one value',
    ': Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
  ]);
  expect(aboutSubject({ kind: 'Robot' })).toEqual(['kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"']);
  expect(aboutSubject({ kind: 'User', group: { name: 'g' } })).toEqual([
    "user: Required value: user is required when subject kind is 'User'",
    "group: Forbidden: group is forbidden when subject kind is not 'Group'",
  ]);
  expect(aboutSubject({ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: '' } })).toEqual([
    'serviceAccount.namespace: Required value: must specify namespace for service account',
  ]);
  expect(aboutResources({ verbs: ['*', 'get'], apiGroups: [] })).toEqual([
    'verbs: Invalid value: []string{"*", "get"}: if \'*\' is present, must not specify other verbs',
    'apiGroups: Required value: resource rules must supply at least one api group',
  ]);
  expect(aboutResources({ verbs: ['fly'] })[0]).toMatch(/^verbs: Unsupported value: \[\]string\{"fly"\}: supported values: "create", "delete",/);
  expect(aboutResources({ namespaces: [] })).toEqual([
    'namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
  ]);
  expect(aboutResources({ namespaces: [], clusterScope: true })).toEqual([]);
  expect(aboutResources({ namespaces: ['A'] })[0]).toMatch(
    /^namespaces\[0\]: Invalid value: "A": each member of this list must be '\*' or a DNS-1123 label; a lowercase/,
  );
});

test('paths begin with a slash, and have a wildcard at their end only', () => {
  expect(aboutUrls('/', '/a/*', '/a')).toEqual([]);
  expect(aboutUrls('', 'a', '/a b', '/a//b', '/a*')).toEqual([
    '[0]: Invalid value: "": must not be empty',
    '[1]: Invalid value: "a": must start with slash',
    '[2]: Invalid value: "/a b": must not contain white-space',
    '[3]: Invalid value: "/a//b": must not contain double slash',
    '[4]: Invalid value: "/a*": wildcard can only do suffix matching',
  ]);
});

test('what every cluster has stays as it is, but for the numbers of the exempt level', () => {
  const schema = (name: string, spec: object) => validateFlowSchema({ metadata: { name }, spec } as FlowSchema);
  for (const [name, spec] of Object.entries(mandatoryFlowSchemas)) {
    expect(schema(name, spec)).toEqual([]);
    expect(schema(name, { ...spec, rules: [] }).map(String)[0]).toMatch(new RegExp(`spec of '${name}' must equal the fixed value$`));
  }
  const { exempt, 'catch-all': catchAll } = mandatoryPriorityLevels;
  expect(aboutLevel({ ...exempt, exempt: { nominalConcurrencyShares: 3, lendablePercent: 100 } }, 'exempt')).toEqual([]);
  expect(aboutLevel({ ...catchAll, limited: { ...catchAll.limited, nominalConcurrencyShares: 6 } }, 'catch-all')[0]).toMatch(/must equal the fixed value$/);
});

function aboutLevel(spec: object, name = 'p'): string[] {
  const level = { metadata: { name }, spec: structuredClone(spec) as PriorityLevelConfigurationSpec };
  setPriorityLevelDefaults(level);
  return validatePriorityLevel(level).map(String);
}

const limited = (more: object) => ({ type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...more } });
const queuing = (more: object) => limited({ limitResponse: { type: 'Queue', queuing: more } });

test('a level is limited or exempt, and says so where its type says', () => {
  expect(aboutLevel({})).toEqual(['spec.type: Unsupported value: "": supported values: "Exempt", "Limited"']);
  expect(aboutLevel({ type: 'Exempt', limited: {} })).toEqual([
    "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
    'spec.limited: Forbidden: must be nil if the type is not Limited',
  ]);
  expect(aboutLevel({ type: 'Limited', exempt: {} })).toEqual([
    'spec.exempt: Forbidden: must be nil if the type is Limited',
    'spec.limited: Required value: must not be empty when type is Limited',
  ]);
  expect(aboutLevel(limited({ nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 }))).toEqual([
    'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
    'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
    'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
  ]);
  expect(aboutLevel(limited({ limitResponse: { type: 'Reject', queuing: {} } }))).toEqual([
    'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
  ]);
});

test('a hand of queues is no larger than the deck, and dealt with sixty bits', () => {
  const at = 'spec.limited.limitResponse.queuing';
  expect(aboutLevel(queuing({ queues: 64, handSize: 8 }))).toEqual([]);
  expect(aboutLevel(queuing({ queues: 4, handSize: 5 }))).toEqual([`${at}.handSize: Invalid value: 5: should not be greater than queues (4)`]);
  expect(aboutLevel(queuing({ queues: 1024, handSize: 7 }))).toEqual([
    `${at}.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60`,
  ]);
  expect(aboutLevel(queuing({ queues: 10_000_001, handSize: 1, queueLengthLimit: -1 }))).toEqual([
    `${at}.queueLengthLimit: Invalid value: -1: must be positive`,
    `${at}.queues: Invalid value: 10000001: must not be greater than 10000000`,
  ]);
});

test('conditions have a type each', () => {
  expect(validateFlowControlStatus({ status: { conditions: [{ type: 'A' }, { type: 'A' }, {}] } }).map(String)).toEqual([
    'status.conditions[1].type: Duplicate value: "A"',
    'status.conditions[2].type: Required value: must not be empty',
  ]);
});
