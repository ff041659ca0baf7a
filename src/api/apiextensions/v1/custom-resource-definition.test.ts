import { expect, test } from 'vitest';
import type { CustomResourceDefinition } from '../../../../generated/types/index.ts';
import {
  newDefinitionStatus,
  setCustomResourceDefinitionDefaults,
  validateCustomResourceDefinition,
  validateCustomResourceDefinitionUpdate,
} from './custom-resource-definition.ts';

const v1 = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };

function definition(spec: object = {}, metadata: object = {}): CustomResourceDefinition {
  const names = { plural: 'things', kind: 'Thing' };
  const made = {
    metadata: { name: 'things.example.com', ...metadata },
    spec: structuredClone({ group: 'example.com', scope: 'Namespaced', names, versions: [v1], ...spec }),
  } as unknown as CustomResourceDefinition;
  setCustomResourceDefinitionDefaults(made);
  made.status = newDefinitionStatus(made);
  return made;
}

const about = (spec: object, metadata?: object): string[] => validateCustomResourceDefinition(definition(spec, metadata)).map(String);
const aboutVersion = (version: object): string[] => about({ versions: [{ ...v1, ...version }] });
const aboutSchema = (schema: object, version: object = {}): string[] =>
  aboutVersion({ ...version, schema: { openAPIV3Schema: { type: 'object', ...schema } } }).map((one) =>
    one.replace(/^spec\.validation\.openAPIV3Schema\.?/, ''),
  );
const aboutField = (field: object): string[] =>
  aboutSchema({ properties: { spec: { type: 'object', properties: { a: field } } } }).map((one) => one.replace(/^properties\[spec\]\.properties\[a\]\.?/, ''));

test('a definition that says all it must is fine, and named after its plural and group', () => {
  expect(about({})).toEqual([]);
  expect(about({}, { name: 'others.example.com' })).toEqual(['metadata.name: Invalid value: "others.example.com": must be spec.names.plural+"."+spec.group']);
  expect(about({ versions: [] })).toEqual(
    [
      'spec.versions: Invalid value: []: must have exactly one version marked as storage version',
      'status.storedVersions: Invalid value: []string(nil): must have at least one stored version',
    ].map((one) => one.replace('[]:', '[]:')),
  );
});

test('what all versions have alike is told of the spec, what they differ in of the version', () => {
  const bad = { ...v1, schema: { openAPIV3Schema: {} } };
  const missing = 'schema.openAPIV3Schema.type: Required value: must not be empty at the root';
  expect(about({ versions: [bad] })).toEqual([`spec.validation.${missing.slice('schema.'.length)}`]);
  expect(about({ versions: [bad, { ...v1, name: 'v2', storage: false }] })).toEqual([`spec.versions[0].${missing}`]);
  expect(about({ versions: [{ ...v1, schema: undefined }] })).toEqual(['spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required']);
});

test('only a deprecated version has a warning, and it is short and printable', () => {
  const at = 'spec.versions[0].deprecationWarning: Invalid value';
  expect(aboutVersion({ deprecationWarning: 'x' })).toEqual([`${at}: "x": can only be set for deprecated versions`]);
  expect(aboutVersion({ deprecated: true, deprecationWarning: '' })).toEqual([`${at}: "": must not be an empty string`]);
  expect(aboutVersion({ deprecated: true, deprecationWarning: 'é\n' })).toEqual([
    `${at}: "é\\n": must only contain printable UTF-8 characters; non-printable character found at index 2`,
  ]);
});

test('a scale finds its numbers in spec and status, a column says what it is', () => {
  const scale = { specReplicasPath: '.status.n', statusReplicasPath: 'x', labelSelectorPath: '.metadata.x' };
  expect(aboutVersion({ subresources: { scale } })).toEqual([
    'spec.subresources.scale.specReplicasPath: Invalid value: ".status.n": should be a json path under .spec',
    'spec.subresources.scale.statusReplicasPath: Invalid value: "x": must be a simple json path starting with .',
    'spec.subresources.scale.labelSelectorPath: Invalid value: ".metadata.x": should be a json path under either .spec or .status',
  ]);
  expect(aboutVersion({ additionalPrinterColumns: [{ name: '', type: 'x', format: 'y', jsonPath: '' }] })).toEqual([
    'spec.additionalPrinterColumns[0].name: Required value',
    'spec.additionalPrinterColumns[0].type: Invalid value: "x": must be one of boolean,date,integer,number,string',
    'spec.additionalPrinterColumns[0].format: Invalid value: "y": must be one of byte,date,date-time,double,float,int32,int64,password',
    'spec.additionalPrinterColumns[0].JSONPath: Required value',
  ]);
});

test('fields that are selected by are scalars of the schema', () => {
  const schema = {
    openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string' }, o: { type: 'object' } } } } },
  };
  const paths = ['.spec.a', '.spec.a', '.spec.o', '.spec.b', 'x', ".spec['a']", '.spec.'];
  expect(aboutVersion({ schema, selectableFields: paths.map((jsonPath) => ({ jsonPath })) }).map((one) => one.replace('spec.selectableFields', ''))).toEqual([
    '[1].jsonPath: Duplicate value: ".spec.a"',
    '[2].jsonPath: Invalid value: ".spec.o": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
    '[3].jsonPath: Invalid value: ".spec.b": is an invalid path: does not refer to a valid field',
    '[4].jsonPath: Invalid value: "x": is an invalid path: expected [ or . but got: x',
    '[5].jsonPath: Invalid value: ".spec[\'a\']": is an invalid path: array notation is not allowed',
    '[6].jsonPath: Invalid value: ".spec.": is an invalid path: unexpected end of JSON path',
  ]);
});

test('every field of a schema has a type, and what JSON schemas know beyond that is refused', () => {
  expect(aboutField({})).toEqual(['type: Required value: must not be empty for specified object fields']);
  expect(aboutField({ type: 'array' })).toEqual(['items: Required value: must be specified']);
  expect(aboutField({ type: 'array', items: {} })).toEqual(['items.type: Required value: must not be empty for specified array items']);
  expect(aboutField({ type: 'text' })).toEqual([
    'type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ]);
  expect(aboutField({ type: 'string', $ref: '#/a', uniqueItems: true })).toEqual([
    '$ref: Forbidden: $ref is not supported',
    'uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ]);
  expect(aboutField({ type: 'string', pattern: '(' })).toEqual([
    'pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
  ]);
  expect(aboutField({ type: 'object', additionalProperties: false, properties: { b: { type: 'string' } } })).toEqual([
    'additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
  ]);
});

test('junctors restrict values of fields that are there outside of them, but for the one that means a count or a text', () => {
  const either = [{ type: 'integer' }, { type: 'string' }];
  expect(aboutField({ anyOf: either, 'x-kubernetes-int-or-string': true })).toEqual([]);
  expect(aboutField({ type: 'object', anyOf: [{ type: 'object', required: ['b'], properties: { b: {} } }] })).toEqual([
    'anyOf[0].type: Forbidden: must be empty to be structural',
  ]);
  expect(aboutSchema({ anyOf: [{ properties: { b: { minimum: 1 } } }] })).toEqual([
    'properties[b]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[b]',
  ]);
});

test('of metadata only the name is described, and it has no defaults', () => {
  expect(aboutSchema({ properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 9 } } } } })).toEqual([]);
  expect(aboutSchema({ properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } })).toEqual([
    'properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ]);
  expect(aboutSchema({ properties: { kind: { type: 'string', default: 'x' } } })).toEqual([
    'properties[kind].default: Forbidden: must not be set in top-level kind',
  ]);
});

test('lists that are sets or maps say how their items are told apart', () => {
  const items = { type: 'object', properties: { k: { type: 'string' } } };
  expect(aboutField({ type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k', 'x'] })).toEqual([
    'x-kubernetes-list-map-keys: Invalid value: []string{"k", "x"}: entries must all be names of item properties',
    'items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
  ]);
  expect(aboutField({ type: 'array', items, 'x-kubernetes-list-type': 'set' })).toEqual([
    'items.x-kubernetes-map-type: Invalid value: "null": must be atomic as item of a list with x-kubernetes-list-type=set',
  ]);
  expect(aboutField({ type: 'string', 'x-kubernetes-map-type': 'x' })).toEqual([
    'type: Invalid value: "string": must be object if x-kubernetes-map-type is specified',
    'x-kubernetes-map-type: Unsupported value: "x": supported values: "atomic", "granular"',
  ]);
});

test('the root has no more than the part of the status could be cut out of, if the status is a subresource', () => {
  const [first] = aboutSchema({ maxProperties: 3 }, { subresources: { status: {} } });
  expect(first).toMatch(
    /: only \[Description Type Format Title .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/,
  );
  expect(aboutSchema({ maxProperties: 3 })).toEqual([]);
});

test('who converts versions is told how to be reached, and nobody else is', () => {
  const at = 'spec.conversion';
  expect(about({ conversion: { strategy: 'None', webhook: { clientConfig: { url: 'https://a' }, conversionReviewVersions: ['v1'] } } })).toEqual([
    `${at}.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook`,
    `${at}.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook`,
  ]);
  expect(about({ conversion: { strategy: 'Webhook' } })).toEqual([
    `${at}.webhookClientConfig: Required value: required when strategy is set to Webhook`,
    `${at}.conversionReviewVersions: Required value`,
  ]);
  expect(about({ preserveUnknownFields: true })).toEqual([
    'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
  ]);
});

test("groups of Kubernetes' own need its community's approval", () => {
  const names = { group: 'a.k8s.io' };
  const told = (annotation?: string) =>
    about(names, { name: 'things.a.k8s.io', ...(annotation === undefined ? {} : { annotations: { 'api-approved.kubernetes.io': annotation } }) });
  expect(told()).toEqual([
    'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
  ]);
  expect(told('no')[0]).toContain('with either a URL or a reason starting with "unapproved"');
  expect(told('unapproved, a test')).toEqual([]);
  expect(told('https://example.com/1')).toEqual([]);
});

test('a version that objects are stored in stays until they have been moved', () => {
  const before = definition();
  const after = definition({ versions: [{ ...v1, name: 'v2' }] });
  after.status = { ...before.status!, storedVersions: ['v1', 'v2'] };
  expect(validateCustomResourceDefinitionUpdate(after, before).map(String)).toEqual([
    'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
  ]);
});

test('a schema nested thousands of times is looked at to its bottom', () => {
  let schema: object = {};
  for (let depth = 0; depth < 4500; depth += 1) schema = { type: 'object', properties: { a: schema } };
  const told = validateCustomResourceDefinition(definitionOf(schema)).map(String);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/type: Required value: must not be empty for specified object fields$/);
});

/** Without cloning, which is recursive. */
function definitionOf(openAPIV3Schema: object): CustomResourceDefinition {
  const made = definition();
  made.spec.versions = [{ ...v1, schema: { openAPIV3Schema } } as never];
  return made;
}
