import type { Mistakes } from '../../meta/mistakes.ts';

/** A schema of custom resources as JSON has it (apiextensions JSONSchemaProps). Values that Go counts as none are absent. */
export interface SchemaProps {
  readonly $ref?: string;
  readonly $schema?: string;
  readonly id?: string;
  readonly description?: string;
  readonly title?: string;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly uniqueItems?: boolean;
  readonly required?: readonly string[];
  /** A schema, or a list of them. */
  readonly items?: unknown;
  /** A schema, or whether there may be any. */
  readonly additionalProperties?: unknown;
  readonly additionalItems?: unknown;
  readonly properties?: Schemas;
  readonly patternProperties?: Schemas;
  readonly definitions?: Schemas;
  /** Schemas, or lists of names. */
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly not?: SchemaProps;
  readonly allOf?: readonly SchemaProps[];
  readonly anyOf?: readonly SchemaProps[];
  readonly oneOf?: readonly SchemaProps[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly RuleProps[];
}

export interface RuleProps {
  readonly rule?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
}

export type Schemas = Readonly<Record<string, SchemaProps>>;

const isSchema = (value: unknown): value is SchemaProps => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of mistakes that take more room than this are enough: names may be long, schemas deep, and both are told with each. */
const foundLengthMax = 1024 * 1024;

/** Does what is left to do, the last first, which may add to it, until nothing is left or enough has been found. */
export function workOff(mistakes: Mistakes, left: (() => void)[]): void {
  let [seen, length] = [0, 0];
  for (let next = left.pop(); next && length <= foundLengthMax; next = left.pop()) {
    next();
    for (; seen < mistakes.list.length; seen += 1) length += mistakes.list[seen]!.field.length;
  }
}

/** The schema of all items, if there is one for all. */
export const itemsOf = ({ items }: SchemaProps): SchemaProps | undefined => (isSchema(items) ? items : undefined);

/** The schemas of the first, the second and the next items, which is not allowed; empty if there are none. */
export const itemListOf = ({ items }: SchemaProps): readonly SchemaProps[] => (Array.isArray(items) ? (items as SchemaProps[]) : []);

/** The schema of properties that have none of their own. */
export const valuesOf = ({ additionalProperties: values }: SchemaProps): SchemaProps | undefined => (isSchema(values) ? values : undefined);

/** The schemas that a list of names depends on. */
export const dependentSchemas = ({ dependencies }: SchemaProps): (readonly [string, SchemaProps])[] =>
  Object.entries(dependencies ?? {}).flatMap(([name, one]) => (isSchema(one) ? [[name, one] as const] : []));

/** The schema of a version, if it has one. */
export const schemaOf = ({ schema }: { readonly schema?: { readonly openAPIV3Schema?: unknown } }): SchemaProps | undefined =>
  isSchema(schema?.openAPIV3Schema) ? schema.openAPIV3Schema : undefined;

/** Whether a schema or one within it is such. */
export function someSchema(root: SchemaProps | undefined, isSuch: (schema: SchemaProps) => boolean): boolean {
  const left = root ? [root] : [];
  for (let schema = left.pop(); schema; schema = left.pop()) {
    if (isSuch(schema)) return true;
    const { not, allOf = [], anyOf = [], oneOf = [], properties = {}, patternProperties = {}, definitions = {} } = schema;
    for (const one of [not, itemsOf(schema), valuesOf(schema)]) if (one) left.push(one);
    for (const list of [allOf, anyOf, oneOf, itemListOf(schema)]) for (const one of list) left.push(one);
    for (const map of [properties, patternProperties, definitions]) for (const one of Object.values(map)) left.push(one);
    for (const [, one] of dependentSchemas(schema)) left.push(one);
  }
  return false;
}
