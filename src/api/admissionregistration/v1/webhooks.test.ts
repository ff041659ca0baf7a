import { expect, test } from 'vitest';
import type { ValidatingWebhookConfiguration } from '../../../../generated/types/index.ts';
import { validateWebhooks } from './webhooks.ts';

const fine = { name: 'a.b.c', sideEffects: 'None', admissionReviewVersions: ['v1'], clientConfig: { url: 'https://h/p' } };

/** What is wrong with a webhook, without where in the list it is. */
function about(...webhooks: readonly object[]): string[] {
  const configuration = { metadata: { name: 'w' }, webhooks: webhooks.map((one) => ({ ...fine, ...one })) } as unknown as ValidatingWebhookConfiguration;
  return validateWebhooks(configuration).map((one) => String(one).replace(/^webhooks\[0\]\./, ''));
}
const aboutRule = (rule: object): string[] =>
  about({ rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], ...rule }] }).map((one) =>
    one.replace(/^rules\[0\]\./, ''),
  );
const aboutService = (service: object): string[] =>
  about({ clientConfig: { service: { namespace: 'n', name: 's', ...service } } }).map((one) => one.replace(/^clientConfig\.service\./, ''));
const aboutUrl = (url: string): string[] => about({ clientConfig: { url } }).map((one) => one.replace(/^clientConfig\.url: /, ''));

test('a webhook that says all it must is fine', () => {
  expect(about({})).toEqual([]);
  expect(aboutRule({ resources: ['*', 'pods/log'], scope: '*' })).toEqual([]);
  expect(aboutService({ path: '/a/b/', port: 8443 })).toEqual([]);
});

test('names have three parts, and are told apart', () => {
  expect(about({ name: '' })).toEqual(['name: Required value']);
  expect(about({ name: 'a.b' })).toEqual(['name: Invalid value: "a.b": should be a domain with at least three segments separated by dots']);
  expect(about({}, {})).toEqual(['webhooks[1].name: Duplicate value: "a.b.c"']);
});

test('what is chosen from a few is one of them', () => {
  expect(about({ sideEffects: undefined })).toEqual(['sideEffects: Required value: must specify one of None, NoneOnDryRun']);
  expect(about({ sideEffects: 'Some' })).toEqual(['sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"']);
  expect(about({ failurePolicy: 'x', matchPolicy: 'y', reinvocationPolicy: 'z' })).toEqual([
    'failurePolicy: Unsupported value: "x": supported values: "Fail", "Ignore"',
    'matchPolicy: Unsupported value: "y": supported values: "Equivalent", "Exact"',
    'reinvocationPolicy: Unsupported value: "z": supported values: "IfNeeded", "Never"',
  ]);
  expect(about({ timeoutSeconds: 31 })).toEqual(['timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds']);
});

test('versions of reviews are labels, told once, and one of them is known', () => {
  expect(about({ admissionReviewVersions: [] })).toEqual(['admissionReviewVersions: Required value: must specify one of v1, v1beta1']);
  expect(about({ admissionReviewVersions: ['v1', 'v1'] })).toEqual(['admissionReviewVersions[1]: Invalid value: "v1": duplicate version']);
  expect(about({ admissionReviewVersions: ['a'] })).toEqual([
    'admissionReviewVersions: Invalid value: []string{"a"}: must include at least one of v1, v1beta1',
  ]);
});

test('rules name what they are about, and nothing beside a wildcard that takes it in', () => {
  expect(aboutRule({ operations: ['*', 'CREATE'] })).toEqual([
    'operations: Invalid value: []admissionregistration.OperationType{"*", "CREATE"}: if \'*\' is present, must not specify other operations',
  ]);
  expect(aboutRule({ operations: ['GET'] })).toEqual([
    'operations[0]: Unsupported value: "GET": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
  ]);
  expect(aboutRule({ apiGroups: ['*', 'a'] })).toEqual([
    'apiGroups: Invalid value: []string{"*", "a"}: if \'*\' is present, must not specify other API groups',
  ]);
  expect(aboutRule({ apiVersions: [''] })).toEqual(['apiVersions[0]: Required value']);
  expect(aboutRule({ resources: ['*/*', 'pods'] })).toEqual([
    'resources: Invalid value: []string{"*/*", "pods"}: if \'*/*\' is present, must not specify other resources',
  ]);
  expect(aboutRule({ resources: ['*', 'pods'] })).toEqual([
    'resources: Invalid value: []string{"*", "pods"}: if \'*\' is present, must not specify other resources without subresources',
  ]);
  expect(aboutRule({ resources: ['pods/*', 'pods/log'] })).toEqual([
    'resources[1]: Invalid value: "pods/log": if \'pods/*\' is present, must not specify pods/log',
  ]);
  expect(aboutRule({ resources: ['*/log', 'pods/log'] })).toEqual([
    'resources[1]: Invalid value: "pods/log": if \'*/log\' is present, must not specify pods/log',
  ]);
  expect(aboutRule({ resources: [], scope: 'x' })).toEqual([
    'resources: Required value',
    'scope: Unsupported value: "x": supported values: "*", "Cluster", "Namespaced"',
  ]);
});

test('a service that is asked has a name and a namespace, each told as the other, and a path of segments', () => {
  expect(aboutService({ name: '' })).toEqual(['namespace: Required value: service namespace is required']);
  expect(aboutService({ namespace: '' })).toEqual(['name: Required value: service name is required']);
  expect(aboutService({ port: 70_000 })).toEqual(['port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive']);
  expect(aboutService({ path: '//' })).toEqual(['path: Invalid value: "//": segment[0] may not be empty']);
  expect(aboutService({ path: 'a/b' })).toEqual([
    'path: Invalid value: "a/b": must start with a \'/\'',
    'path: Invalid value: "a/b": segment[0] may not be empty',
  ]);
  expect(aboutService({ path: '/a//b' })).toEqual(['path: Invalid value: "/a//b": segment[1] may not be empty']);
  expect(about({ clientConfig: {} })).toEqual(['clientConfig: Required value: exactly one of url or service is required']);
});

test('a URL is one of https, with a host and a path and nothing else', () => {
  const form = '; desired format: https://host[/path]';
  expect(aboutUrl('http://h')).toEqual([`Invalid value: "http": 'https' is the only allowed URL scheme${form}`]);
  expect(aboutUrl('https:///p')).toEqual([`Invalid value: "": host must be specified${form}`]);
  expect(aboutUrl('https://u:p@h/p?q=1#f')).toEqual([
    'Invalid value: "u:p": user information is not permitted in the URL',
    'Invalid value: "f": fragments are not permitted in the URL',
    'Invalid value: "q=1": query parameters are not permitted in the URL',
  ]);
  expect(aboutUrl(':x')).toEqual([`Required value: url must be a valid URL: parse ":x": missing protocol scheme${form}`]);
  expect(aboutUrl('https://h:x/')).toEqual([`Required value: url must be a valid URL: parse "https://h:x/": invalid port ":x" after host${form}`]);
  expect(aboutUrl('https://h/%zz')).toEqual([`Required value: url must be a valid URL: parse "https://h/%zz": invalid URL escape "%zz"${form}`]);
  for (const [url, scheme] of [
    ['a:b', 'a'],
    ['a b', ''],
  ] as const)
    expect(aboutUrl(url)).toEqual([
      `Invalid value: "${scheme}": 'https' is the only allowed URL scheme${form}`,
      `Invalid value: "": host must be specified${form}`,
    ]);
});

test('conditions have names, each its own, and say something', () => {
  expect(about({ matchConditions: [{ name: '', expression: ' ' }] })).toEqual([
    'matchConditions[0].expression: Required value',
    'matchConditions[0].name: Required value',
  ]);
  const twice = { name: 'a', expression: 'true' };
  expect(about({ matchConditions: [twice, twice] })).toEqual(['matchConditions[1].name: Duplicate value: "a"']);
});
