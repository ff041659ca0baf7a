import type { FieldError, FieldPath } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { fieldPathMistake } from './field-paths.ts';
import type { RuleProps, SchemaProps } from './schema-props.ts';
import { dependentSchemas, itemListOf, itemsOf, valuesOf, workOff } from './schema-props.ts';
import { structuralMistakes, whyNotStructural } from './structural-schema.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** Fields of Go's struct in its order, and whether the root may have them where the status is a subresource. */
const rootFields: readonly (readonly [json: string, name: string, allowed: boolean])[] = (
  'id ID, $schema Schema, $ref Ref, description Description *, type Type *, nullable Nullable, format Format *, title Title *, default Default, maximum Maximum *, ' +
  'exclusiveMaximum ExclusiveMaximum *, minimum Minimum *, exclusiveMinimum ExclusiveMinimum *, maxLength MaxLength *, minLength MinLength *, pattern Pattern *, ' +
  'maxItems MaxItems *, minItems MinItems *, uniqueItems UniqueItems *, multipleOf MultipleOf *, enum Enum, maxProperties MaxProperties, minProperties MinProperties, ' +
  'required Required *, items Items *, allOf AllOf, oneOf OneOf, anyOf AnyOf, not Not, properties Properties *, additionalProperties AdditionalProperties, ' +
  'patternProperties PatternProperties, dependencies Dependencies, additionalItems AdditionalItems, definitions Definitions, externalDocs ExternalDocs *, example Example *, ' +
  'x-kubernetes-preserve-unknown-fields XPreserveUnknownFields *, x-kubernetes-embedded-resource XEmbeddedResource, x-kubernetes-int-or-string XIntOrString, ' +
  'x-kubernetes-list-map-keys XListMapKeys, x-kubernetes-list-type XListType, x-kubernetes-map-type XMapType, x-kubernetes-validations XValidations *'
)
  .split(', ')
  .map((one) => one.split(' '))
  .map(([json = '', name = '', mark]) => [json, name, mark !== undefined]);

const allowedAtRoot = rootFields.flatMap(([, name, allowed]) => (allowed ? [name] : [])).join(' ');

/**
 * What is wrong with the schema of a version (validateCustomResourceDefinitionValidation). `at` is where the version has it, without `openAPIV3Schema`.
 *
 * Differs from upstream: rules are not compiled, and default values not held against the schema.
 */
export function validateSchema(root: SchemaProps, hasStatus: boolean, at: FieldPath): FieldError[] {
  const here = at.child('openAPIV3Schema');
  const unstructured = whyNotStructural(root);
  const found = mistakesOf((mistakes) => {
    if (hasStatus) validateRootWithStatus(mistakes, root, here);
    if (root.nullable) mistakes.forbidden(here.child('nullable'), 'nullable cannot be true at the root');
    if (unstructured === undefined) mistakes.add(structuralMistakes(root, here));
    validateParts(mistakes, root, here);
  });
  // What keeps a schema from being looked at is told only if nothing else is.
  return found.length === 0 && unstructured !== undefined ? mistakesOf((mistakes) => mistakes.invalid(here, '', unstructured)) : found;
}

/** Upstream cuts the part of the status out of the schema, so that there may be nothing at the root that speaks of it too. */
function validateRootWithStatus(mistakes: Mistakes, root: SchemaProps, at: FieldPath): void {
  for (const [json, , allowed] of rootFields) {
    const value = root[json as keyof SchemaProps];
    if (value === undefined) continue;
    if (json === 'type' && value !== 'object') {
      mistakes.invalid(at.child('type'), value, 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled');
      return;
    }
    if (!allowed) {
      mistakes.invalid(at, root, `only [${allowedAtRoot}] fields are allowed at the root of the schema if the status subresource is enabled`);
      return;
    }
  }
}

/** What holds for everything below. */
interface Place {
  readonly isRoot?: boolean;
  /** Why there may be no default here; '' where there may be. */
  readonly noDefaults: string;
  readonly insideMeta: boolean;
}

const metaFields = new Set(['metadata', 'kind', 'apiVersion']);

/** Every schema within, before and after those below it (ValidateCustomResourceDefinitionOpenAPISchema); a list of what is left, since bodies nest deeply. */
function validateParts(mistakes: Mistakes, root: SchemaProps, start: FieldPath): void {
  const left: (() => void)[] = [];
  const visit = (schema: SchemaProps, at: FieldPath, place: Place): void => {
    validateSupported(mistakes, schema, at, place);
    if (schema.uniqueItems) mistakes.forbidden(at.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
    const { properties = {}, additionalProperties } = schema;
    if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(properties).length > 0)
      mistakes.forbidden(at.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive');
    const below = partsOf(schema, at, place).map(
      ([part, where, what]) =>
        () =>
          visit(part, where, what),
    );
    left.push(() => validateKinds(mistakes, schema, at), ...below.reverse());
  };
  visit(root, start, { isRoot: true, noDefaults: '', insideMeta: false });
  workOff(mistakes, left);
}

/** The schemas directly below one, in upstream's order. */
function partsOf(schema: SchemaProps, at: FieldPath, { isRoot = false, noDefaults, insideMeta }: Place): (readonly [SchemaProps, FieldPath, Place])[] {
  const same: Place = { noDefaults, insideMeta };
  const parts: (readonly [SchemaProps, FieldPath, Place])[] = [];
  const values = valuesOf(schema);
  const inMap = insideMeta ? { ...same, noDefaults: 'inside additionalProperties applying to object metadata' } : same;
  if (values) parts.push([values, at.child('additionalProperties'), inMap]);
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    const isMeta = (isRoot || schema['x-kubernetes-embedded-resource'] === true) && metaFields.has(name);
    const place = isMeta ? { insideMeta: true, noDefaults: isRoot ? `in top-level ${name}` : noDefaults } : same;
    parts.push([one, at.child('properties').key(name), place]);
  }
  if (schema.not) parts.push([schema.not, at.child('not'), same]);
  for (const junctor of ['allOf', 'oneOf', 'anyOf'] as const)
    for (const [i, one] of (schema[junctor] ?? []).entries()) parts.push([one, at.child(junctor).index(i), same]);
  for (const [name, one] of Object.entries(schema.definitions ?? {})) parts.push([one, at.child('definitions').key(name), same]);
  const items = itemsOf(schema);
  if (items) parts.push([items, at.child('items'), same]);
  for (const [i, one] of itemListOf(schema).entries()) parts.push([one, at.child('items').index(i), same]);
  for (const [name, one] of dependentSchemas(schema)) parts.push([one, at.child('dependencies').key(name), same]);
  return parts;
}

/** What JSON schemas know and custom resources do not (specStandardValidatorV3). */
function validateSupported(mistakes: Mistakes, schema: SchemaProps, at: FieldPath, { noDefaults, insideMeta }: Place): void {
  const { type } = schema;
  if (type && !types.includes(type)) mistakes.notSupported(at.child('type'), type, types);
  if (schema.default !== undefined && noDefaults) mistakes.forbidden(at.child('default'), `must not be set ${noDefaults}`);
  for (const field of ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const)
    if (schema[field] !== undefined) mistakes.forbidden(at.child(field), `${field} is not supported`);
  if (type === 'null') mistakes.forbidden(at.child('type'), 'type cannot be set to null, use nullable as an alternative');
  if (itemListOf(schema).length > 0) mistakes.forbidden(at.child('items'), 'items must be a schema object and not an array');
  if (insideMeta && schema['x-kubernetes-embedded-resource'])
    mistakes.forbidden(at.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta');
}

/** What Kubernetes' own extensions ask of each other. */
function validateKinds(mistakes: Mistakes, schema: SchemaProps, at: FieldPath): void {
  const { 'x-kubernetes-preserve-unknown-fields': preserves, 'x-kubernetes-map-type': mapType, 'x-kubernetes-list-type': listType } = schema;
  if (preserves === false) mistakes.invalid(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined');
  if (mapType !== undefined) {
    requireType(mistakes, schema, 'object', 'x-kubernetes-map-type', at);
    if (mapType !== 'atomic' && mapType !== 'granular') mistakes.notSupported(at.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']);
  }
  if (listType !== undefined) {
    if (schema.type !== 'array') requireType(mistakes, schema, 'array', 'x-kubernetes-list-type', at);
    else if (listType === 'set') validateSet(mistakes, itemsOf(schema), at.child('items'));
    if (!['atomic', 'set', 'map'].includes(listType)) mistakes.notSupported(at.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']);
  }
  if ((schema['x-kubernetes-list-map-keys'] ?? []).length > 0) {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty';
    if (listType === undefined) mistakes.required(at.child('x-kubernetes-list-type'), why);
    else if (listType !== 'map') mistakes.invalid(at.child('x-kubernetes-list-type'), listType, why);
  }
  if (listType === 'map') validateListMap(mistakes, schema, at);
  if (listType === 'map' || listType === 'set') validateItemsPresent(mistakes, schema, listType, at.child('items'));
  (schema['x-kubernetes-validations'] ?? []).forEach((rule, i) => {
    validateRule(mistakes, rule, schema, at.child('x-kubernetes-validations').index(i));
  });
}

function requireType(mistakes: Mistakes, { type }: SchemaProps, wanted: string, extension: string, at: FieldPath): void {
  const why = `must be ${wanted} if ${extension} is specified`;
  if (type === wanted) return;
  if (type) mistakes.invalid(at.child('type'), type, why);
  else mistakes.required(at.child('type'), why);
}

/** The items of a set are compared whole. Upstream shows the type of a list for that of a map. */
function validateSet(mistakes: Mistakes, items: SchemaProps | undefined, at: FieldPath): void {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items?.['x-kubernetes-list-type'];
  if (items?.type === 'array' && listType !== undefined && listType !== 'atomic') mistakes.invalid(at.child('x-kubernetes-list-type'), listType, why);
  if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') mistakes.invalid(at.child('x-kubernetes-map-type'), listType, why);
}

/** A list whose items are told apart by some of their fields. */
function validateListMap(mistakes: Mistakes, schema: SchemaProps, at: FieldPath): void {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const items = itemsOf(schema);
  if (keys.length === 0) mistakes.required(at.child('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map');
  if (schema.items === undefined) mistakes.required(at.child('items'), 'must have a schema if x-kubernetes-list-type is map');
  else if (!items) mistakes.invalid(at.child('items'), schema.items, 'must only have a single schema if x-kubernetes-list-type is map');
  if (!items) return;
  if (items.type !== 'object') {
    mistakes.invalid(at.child('items', 'type'), items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map");
    return;
  }
  const { properties = {} } = items;
  const told = new Set<string>();
  // The list is printed whole, once for each thing that is wrong with it: a mistake told twice counts once.
  const wrong = (why: string): void => {
    if (!told.has(why)) mistakes.invalid(at.child('x-kubernetes-list-map-keys'), goStringList(keys), why);
    told.add(why);
  };
  const seen = new Set<string>();
  for (const key of keys) {
    const field = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!field) wrong('entries must all be names of item properties');
    else if (field.type === 'array' || field.type === 'object') {
      const where = at.child('items', 'properties').key(key).child('type');
      mistakes.invalid(where, items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
    }
    if (seen.has(key)) wrong('must not contain duplicate entries');
    seen.add(key);
  }
}

/** Items of sets and maps are there, and so are their keys (validateMapListKeysMapSet). */
function validateItemsPresent(mistakes: Mistakes, schema: SchemaProps, listType: string, at: FieldPath): void {
  const items = itemsOf(schema);
  if (!items) return;
  if (items.nullable) mistakes.forbidden(at.child('nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`);
  if (listType !== 'map') return;
  const { properties = {}, required = [] } = items;
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const field = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const where = at.child('properties').key(key);
    if (field && field.default === undefined && !required.includes(key))
      mistakes.required(where.child('default'), 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property');
    if (field?.nullable) mistakes.forbidden(where.child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable');
  }
}

function validateRule(mistakes: Mistakes, props: RuleProps, schema: SchemaProps, at: FieldPath): void {
  const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = props;
  const hasLines = (text: string): boolean => /[\n\r]/.test(text);
  if (!rule.trim()) mistakes.required(at.child('rule'), 'rule is not specified');
  else if (message && !message.trim()) mistakes.invalid(at.child('message'), message, 'message must be non-empty if specified');
  else if (hasLines(message.trim())) mistakes.invalid(at.child('message'), message, 'message must not contain line breaks');
  else if (hasLines(rule.trim()) && !message.trim()) mistakes.required(at.child('message'), 'message must be specified if rule contains line breaks');
  if (messageExpression && !messageExpression.trim()) mistakes.required(at.child('messageExpression'), 'messageExpression must be non-empty if specified');
  if (reason !== undefined && !reasons.includes(reason)) mistakes.notSupported(at.child('reason'), reason, reasons);
  if (!fieldPath) return;
  const where = at.child('fieldPath');
  if (!fieldPath.trim()) mistakes.invalid(where, fieldPath, 'fieldPath must be non-empty if specified');
  if (hasLines(fieldPath)) mistakes.invalid(where, fieldPath, 'fieldPath must not contain line breaks');
  const isPath = whyNotStructural(schema) !== undefined || fieldPathMistake(schema, fieldPath, { allowArrays: true }).why === undefined;
  if (!isPath) mistakes.invalid(where, fieldPath, 'fieldPath must be a valid path');
}
