import type { FieldError, FieldPath } from '../../../machinery/field-error.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import type { SchemaProps } from './schema-props.ts';
import { itemListOf, itemsOf, valuesOf, workOff } from './schema-props.ts';

/** Where a schema stands: its root, the items of a list, or a field. */
type Level = 'root' | 'item' | 'field';

const unsupported = ['id', '$schema', '$ref', 'patternProperties', 'dependencies', 'additionalItems', 'definitions'] as const;

/**
 * Why a schema cannot be made a structural one at all (apiserver/schema NewStructural), in the order in which upstream looks at it; undefined
 * if it can. Whoever validates the schema itself has said more by then.
 */
export function whyNotStructural(root: SchemaProps): string | undefined {
  const left: SchemaProps[] = [root];
  for (let schema = left.pop(); schema; schema = left.pop()) {
    for (const field of unsupported)
      if (field === 'additionalItems' ? schema[field] !== undefined : isSet(schema[field]))
        return `OpenAPIV3Schema '${field === '$schema' ? 'schema' : field}' is not supported`;
    if (schema['x-kubernetes-preserve-unknown-fields'] === false) return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
    if (itemListOf(schema).length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
    for (const one of below(schema).reverse()) left.push(one);
  }
  return undefined;
}

function isSet(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null;
}

const present = (schemas: readonly (SchemaProps | undefined)[]): SchemaProps[] => schemas.filter((one) => one !== undefined);

function below(schema: SchemaProps): SchemaProps[] {
  const { not, allOf = [], anyOf = [], oneOf = [], properties = {} } = schema;
  return present([not, ...allOf, ...anyOf, ...oneOf, itemsOf(schema), ...Object.values(properties), valuesOf(schema)]);
}

/**
 * What keeps a schema from being structural (apiserver/schema ValidateStructural): every field has a type, junctors say nothing of types, and
 * what they speak of is there outside of them too. Sorted by their texts, as upstream has them.
 * Schemas may be nested as deep as a body is long, so that what is left to look at is a list, and no recursion.
 */
export function structuralMistakes(root: SchemaProps, at: FieldPath): FieldError[] {
  const mistakes = new Mistakes();
  const left: (() => void)[] = [];
  const later = (work: () => void): void => void left.push(work);
  later(() => validateInvariants(mistakes, root, 'root', at, later));
  later(() => validateJunctorsComplete(mistakes, root, root, at, at, later));
  workOff(mistakes, left);
  const texts = new Map(mistakes.list.map((one) => [one, String(one)]));
  return mistakes.list.sort((a, b) => (texts.get(a)! < texts.get(b)! ? -1 : 1));
}

type Later = (work: () => void) => void;

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function validateInvariants(mistakes: Mistakes, schema: SchemaProps, level: Level, at: FieldPath, later: Later): void {
  const { type = '', properties = {}, additionalProperties } = schema;
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  if (type === 'array' && !items) mistakes.required(at.child('items'), 'must be specified');
  if (items) later(() => validateInvariants(mistakes, items, 'item', at.child('items'), later));
  for (const [name, one] of Object.entries(properties)) later(() => validateInvariants(mistakes, one, 'field', at.child('properties').key(name), later));
  if (additionalProperties !== undefined && level === 'root') mistakes.forbidden(at.child('additionalProperties'), 'must not be used at the root');
  if (values) later(() => validateInvariants(mistakes, values, 'field', at.child('additionalProperties'), later));
  validateExtensions(mistakes, schema, at);
  validateValues(mistakes, schema, at, later, {
    skipAnyOf: isIntOrString(schema.anyOf),
    skipFirstAllOf: isIntOrString(schema.allOf?.[0]?.anyOf),
  });
  validateType(mistakes, schema, level, at);
  const embedded = schema['x-kubernetes-embedded-resource'];
  if (embedded && additionalProperties !== undefined)
    mistakes.forbidden(at.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set');
  if (level === 'root' && type && type !== 'object') mistakes.invalid(at.child('type'), type, 'must be object at the root');
  const isObject = level === 'root' || embedded === true;
  for (const name of ['kind', 'apiVersion'] as const) {
    const one = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (isObject && one && one.type !== 'string') mistakes.invalid(at.child('properties').key(name).child('type'), one.type ?? '', 'must be string');
  }
  if (Object.hasOwn(properties, 'metadata')) validateMetadata(mistakes, properties.metadata!, isObject, level, at.child('properties').key('metadata'));
  if (embedded && !schema['x-kubernetes-preserve-unknown-fields'] && Object.keys(properties).length === 0)
    mistakes.required(at.child('properties'), 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields');
}

function validateType(mistakes: Mistakes, schema: SchemaProps, level: Level, at: FieldPath): void {
  const { type = '' } = schema;
  if (schema['x-kubernetes-embedded-resource'] && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    if (type) mistakes.invalid(at.child('type'), type, why);
    else mistakes.required(at.child('type'), why);
  } else if (!type && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields'])
    mistakes.required(at.child('type'), missingType[level]);
}

const notOfMetadata = new Set(['type', 'default', 'properties', 'externalDocs', 'example']);

/** Of an object's own metadata only the name can be said more of. */
function validateMetadata(mistakes: Mistakes, schema: SchemaProps, isObject: boolean, level: Level, at: FieldPath): void {
  if (isObject && schema.type !== 'object') mistakes.invalid(at.child('type'), schema.type ?? '', 'must be object');
  if (level !== 'root') return;
  const names = Object.keys(schema.properties ?? {});
  const isMore = names.some((name) => name !== 'name' && name !== 'generateName') || Object.keys(schema).some((field) => !notOfMetadata.has(field));
  if (isMore) mistakes.forbidden(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified');
}

/** `anyOf: [{type: integer}, {type: string}]`, which is the one place where a junctor may speak of types. */
function isIntOrString(anyOf: readonly SchemaProps[] | undefined): boolean {
  const isOnly = (schema: SchemaProps | undefined, type: string): boolean =>
    schema?.type === type && Object.keys(schema).every((field) => field === 'type' || field === 'externalDocs' || field === 'example');
  return anyOf?.length === 2 && isOnly(anyOf[0], 'integer') && isOnly(anyOf[1], 'string');
}

function validateExtensions(mistakes: Mistakes, schema: SchemaProps, at: FieldPath): void {
  if (!schema['x-kubernetes-int-or-string']) return;
  for (const field of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    if (schema[field]) mistakes.invalid(at.child(field), true, 'must be false if x-kubernetes-int-or-string is true');
}

interface Exceptions {
  readonly skipAnyOf?: boolean;
  /** Of the first of `allOf` that it may be an integer or a text. */
  readonly skipFirstAllOf?: boolean;
}

function validateValues(mistakes: Mistakes, schema: SchemaProps, at: FieldPath, later: Later, { skipAnyOf, skipFirstAllOf }: Exceptions): void {
  for (const junctor of ['anyOf', 'allOf', 'oneOf'] as const) {
    if (junctor === 'anyOf' && skipAnyOf) continue;
    (schema[junctor] ?? []).forEach((one, i) => {
      const skip = junctor === 'allOf' && i === 0 && skipFirstAllOf === true;
      later(() => validateNested(mistakes, one, at.child(junctor).index(i), later, { skipAnyOf: skip }));
    });
  }
  const { not, pattern } = schema;
  if (not) later(() => validateNested(mistakes, not, at.child('not'), later, {}));
  const wrong = pattern ? whatIsWrongWithPattern(pattern) : undefined;
  if (wrong) mistakes.invalid(at.child('pattern'), pattern, `must be a valid regular expression, but isn't: error parsing regexp: ${wrong}`);
}

/** Differs from upstream: only what Go's expressions lack, and what neither language takes, is found, and this in few of Go's words. */
function whatIsWrongWithPattern(pattern: string): string | undefined {
  const perl = /\((\?(?:[=!]|<[=!]))|(\\[1-9])/.exec(pattern.replace(/\\\\/g, ''));
  if (perl?.[1]) return `invalid or unsupported Perl syntax: \`(${perl[1].slice(0, 2)}\``;
  if (perl?.[2]) return `invalid escape sequence: \`${perl[2]}\``;
  try {
    // Go knows flags inside, and quoted texts, which have no counterpart here.
    if (!/\(\?[a-zA-Z-]+[:)]|\(\?P<|\\[QpPzAC]|\[\[:/.test(pattern)) new RegExp(pattern);
    return undefined;
  } catch {
    if (/^[*+?]/.test(pattern)) return `missing argument to repetition operator: \`${pattern[0]}\``;
    if (/\[[^\]]*$/.test(pattern)) return `missing closing ]: \`${/\[[^\]]*$/.exec(pattern)?.[0]}\``;
    return `missing closing ): \`${pattern}\``;
  }
}

const emptyFields = ['type', 'title', 'description', 'x-kubernetes-list-map-keys', 'x-kubernetes-validations'] as const;
const undefinedFields = ['additionalProperties', 'default', 'x-kubernetes-list-type', 'x-kubernetes-map-type'] as const;
const falseFields = ['nullable', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string'] as const;

/** What stands under a junctor restricts values, and says nothing of how they are built. */
function validateNested(mistakes: Mistakes, schema: SchemaProps, at: FieldPath, later: Later, exceptions: Exceptions): void {
  validateValues(mistakes, schema, at, later, exceptions);
  const items = itemsOf(schema);
  if (items) later(() => validateNested(mistakes, items, at.child('items'), later, {}));
  for (const [name, one] of Object.entries(schema.properties ?? {})) later(() => validateNested(mistakes, one, at.child('properties').key(name), later, {}));
  for (const field of emptyFields) if (isSet(schema[field])) mistakes.forbidden(at.child(field), 'must be empty to be structural');
  for (const field of undefinedFields) {
    const value = schema[field];
    const isNone = value === undefined || value === null || (field === 'additionalProperties' && value === false);
    if (!isNone) mistakes.forbidden(at.child(field), 'must be undefined to be structural');
  }
  for (const field of falseFields) if (schema[field]) mistakes.forbidden(at.child(field), 'must be false to be structural');
  if (Object.hasOwn(schema.properties ?? {}, 'metadata'))
    mistakes.forbidden(at.child('properties').key('metadata'), 'must not be specified in a nested context');
}

/** Whatever a junctor speaks of is there outside of it (validateStructuralCompleteness). */
function validateJunctorsComplete(
  mistakes: Mistakes,
  schema: SchemaProps,
  structure: SchemaProps | undefined,
  structureAt: FieldPath,
  at: FieldPath,
  later: Later,
): void {
  const { not } = schema;
  if (not) later(() => validateComplete(mistakes, not, structure, structureAt, at.child('not'), later));
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const)
    (schema[junctor] ?? []).forEach((one, i) => {
      later(() => validateComplete(mistakes, one, structure, structureAt, at.child(junctor).index(i), later));
    });
}

function validateComplete(
  mistakes: Mistakes,
  schema: SchemaProps,
  structure: SchemaProps | undefined,
  structureAt: FieldPath,
  at: FieldPath,
  later: Later,
): void {
  if (!structure) {
    mistakes.required(structureAt, `because it is defined in ${at}`);
    return;
  }
  validateJunctorsComplete(mistakes, schema, structure, structureAt, at, later);
  const items = itemsOf(schema);
  if (items) later(() => validateComplete(mistakes, items, itemsOf(structure), structureAt.child('items'), at.child('items'), later));
  const fields = structure.properties ?? {};
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    const [theirs, here] = [structureAt.child('properties').key(name), at.child('properties').key(name)];
    if (Object.hasOwn(fields, name)) later(() => validateComplete(mistakes, one, fields[name], theirs, here, later));
    else mistakes.required(theirs, `because it is defined in ${here}`);
  }
}
