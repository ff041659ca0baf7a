/** Reads the models of the pinned client package: fields, types, formats, required ones and descriptions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaNode } from '../src/machinery/schema/schema.ts';
import { listModels } from './types.ts';

/** A node while it is being built. */
export type Draft = { -readonly [Key in keyof SchemaNode]: SchemaNode[Key] } & Record<string, unknown>;

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const apiextensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Definitions the client package has no model for, by the short names used in facts/fields.json and by the package. */
const specialNames: Record<string, string> = {
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  Time: `${meta}.Time`,
  Date: `${meta}.Time`,
  MicroTime: `${meta}.MicroTime`,
  V1MicroTime: `${meta}.MicroTime`,
  FieldsV1: `${meta}.FieldsV1`,
  CustomResourceSubresourceStatus: `${apiextensions}.CustomResourceSubresourceStatus`,
  JSON: `${apiextensions}.JSON`,
  JSONSchemaPropsOrArray: `${apiextensions}.JSONSchemaPropsOrArray`,
  JSONSchemaPropsOrBool: `${apiextensions}.JSONSchemaPropsOrBool`,
  JSONSchemaPropsOrStringArray: `${apiextensions}.JSONSchemaPropsOrStringArray`,
};

/** The special definitions themselves, in OpenAPI v2. */
export const specialDefinitionNodes: Record<string, SchemaNode> = {
  [specialNames.Quantity as string]: { type: 'string', description: 'A fixed-point number, such as 100m, 1.5 or 128Mi.' },
  [specialNames.RawExtension as string]: { type: 'object', description: 'An object of any kind.' },
  [specialNames.IntOrString as string]: { type: 'string', format: 'int-or-string', description: 'A number or a string.' },
  [specialNames.Time as string]: { type: 'string', format: 'date-time', description: 'A time in RFC 3339 form with whole seconds.' },
  [specialNames.MicroTime as string]: { type: 'string', format: 'date-time', description: 'A time in RFC 3339 form with microseconds.' },
  [specialNames.FieldsV1 as string]: { type: 'object', description: 'A set of fields, as a trie.' },
  [specialNames.CustomResourceSubresourceStatus as string]: { type: 'object', description: 'There is a status, with a path of its own.' },
  [specialNames.JSON as string]: { description: 'Any JSON value.' },
  [specialNames.JSONSchemaPropsOrArray as string]: { description: 'A schema or a list of schemas.' },
  [specialNames.JSONSchemaPropsOrBool as string]: { description: 'A schema or a boolean.' },
  [specialNames.JSONSchemaPropsOrStringArray as string]: { description: 'A schema or a list of strings.' },
  [`${meta}.Patch`]: { type: 'object', description: 'A patch in the form its media type says.' },
};

export interface FieldFacts {
  readonly list?: 'atomic' | 'set' | 'map';
  readonly keys?: readonly string[];
  readonly map?: 'atomic' | 'granular';
  readonly patch?: string;
  readonly mergeKey?: string;
  readonly default?: unknown;
  readonly go?: string;
  readonly ref?: string;
  readonly enum?: readonly string[];
}

export interface Facts {
  readonly definitions: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, Readonly<Record<string, FieldFacts>>>>;
  readonly structs: Readonly<Record<string, 'atomic' | 'granular'>>;
  readonly unions: Readonly<Record<string, readonly object[]>>;
}

const reference = (name: string): Draft => ({ $ref: `#/definitions/${name}` });

/** Every definition by its full name, without group-version-kinds. */
export function readDefinitions(modelsFolder: string, facts: Facts): Record<string, Draft> {
  const out: Record<string, Draft> = { ...(specialDefinitionNodes as Record<string, Draft>) };
  for (const model of listModels(modelsFolder)) {
    const name = facts.definitions[model];
    if (name === undefined) throw new Error(`facts/definitions.json does not know ${model}`);
    // Special types have models as well, which say less than the table above.
    if (!Object.hasOwn(specialDefinitionNodes, name)) out[name] = readModel(modelsFolder, model, name, facts);
  }
  return out;
}

function readModel(folder: string, model: string, name: string, facts: Facts): Draft {
  const declared = readDeclaration(readFileSync(join(folder, `${model}.d.ts`), 'utf8'));
  const script = readFileSync(join(folder, `${model}.js`), 'utf8');
  const list = script.slice(script.indexOf('attributeTypeMap = [') + 'attributeTypeMap = '.length, script.lastIndexOf('];') + 1);
  const attributes = JSON.parse(list) as { name: string; baseName: string; type: string; format: string }[];
  const known = facts.fields[name] ?? {};
  const properties: Record<string, Draft> = {};
  for (const { name: ownName, baseName, type, format } of attributes) {
    const field = known[baseName] ?? {};
    const node = { ...withEnum(typeNode(type, format, field, facts), field.enum), ...extensions(field) } as Draft;
    const description = declared.descriptions.get(ownName);
    if (description) node.description = description;
    properties[baseName] = node;
  }
  const draft: Draft = { type: 'object', ...(declared.description ? { description: declared.description } : {}) };
  if (attributes.length > 0) draft.properties = properties;
  const required = attributes.filter((one) => declared.required.has(one.name)).map((one) => one.baseName);
  if (required.length > 0) draft.required = required;
  if (facts.structs[name]) draft['x-kubernetes-map-type'] = facts.structs[name];
  if (facts.unions[name]) draft['x-kubernetes-unions'] = facts.unions[name];
  return draft;
}

function typeNode(type: string, format: string, field: FieldFacts, facts: Facts): Draft {
  if (field.ref) return specialNode(field.ref);
  const list = /^Array<(.+)>$/.exec(type);
  if (list) return { type: 'array', items: typeNode(list[1] as string, format, {}, facts) };
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map) return { type: 'object', additionalProperties: typeNode(map[1] as string, format, {}, facts) };
  const special = specialNames[type];
  if (special) return reference(special);
  if (type === 'number') return format === 'double' ? { type: 'number', format } : { type: 'integer', ...(format ? { format } : {}) };
  if (type === 'string' || type === 'boolean') return { type, ...(format ? { format } : {}) };
  if (type === 'any' || type === 'object') return { type: 'object' };
  const name = facts.definitions[type];
  if (name === undefined) throw new Error(`no definition for the type ${type}`);
  return reference(name);
}

/** Values belong to what has them: the field, the items of its list, or those of its map. */
function withEnum(node: Draft, values: FieldFacts['enum']): Draft {
  if (!values) return node;
  if (node.items) return { ...node, items: withEnum(node.items as Draft, values) };
  if (typeof node.additionalProperties === 'object') return { ...node, additionalProperties: withEnum(node.additionalProperties as Draft, values) };
  return { ...node, enum: values };
}

function specialNode(text: string): Draft {
  const [, shape, short] = /^(?:(map|list):)?(\w+)$/.exec(text) as unknown as [string, string | undefined, string];
  const node = reference(specialNames[short] as string);
  if (shape === 'map') return { type: 'object', additionalProperties: node };
  return shape === 'list' ? { type: 'array', items: node } : node;
}

function extensions(field: FieldFacts): Draft {
  return {
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.list ? { 'x-kubernetes-list-type': field.list } : {}),
    ...(field.keys ? { 'x-kubernetes-list-map-keys': field.keys } : {}),
    ...(field.map ? { 'x-kubernetes-map-type': field.map } : {}),
    ...(field.patch ? { 'x-kubernetes-patch-strategy': field.patch } : {}),
    ...(field.mergeKey ? { 'x-kubernetes-patch-merge-key': field.mergeKey } : {}),
    ...(field.go ? { 'x-go-type': field.go } : {}),
  };
}

interface Declaration {
  readonly description: string;
  readonly descriptions: ReadonlyMap<string, string>;
  readonly required: ReadonlySet<string>;
}

/** Comments and question marks of a `.d.ts` file, by the package's own names (`_default`, `x_kubernetes_map_type`). */
function readDeclaration(text: string): Declaration {
  const start = text.indexOf('export declare class');
  const body = text.slice(start, text.indexOf('static readonly discriminator'));
  const descriptions = new Map<string, string>();
  const required = new Set<string>();
  for (const match of body.matchAll(/^ {4}(?:\/\*\*\n {4}\* (.*)\n {4}\*\/\n {4})?'([^']+)'(\?)?: /gm)) {
    const name = match[2] as string;
    if (match[1]) descriptions.set(name, cleanComment(match[1]));
    if (!match[3]) required.add(name);
  }
  const comment = /\/\*\*\n\* (.*)\n\*\/\s*$/.exec(text.slice(0, start));
  return { description: cleanComment(comment?.[1] ?? ''), descriptions, required };
}

const entities: Record<string, string> = { '&#39;': "'", '&quot;': '"', '&#x60;': '`', '&#x3D;': '=', '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** Undoes what the generator did to a text so that it fits into a comment. */
export function cleanComment(text: string): string {
  return text
    .replace(/\\?(&#39;|&quot;|&#x60;|&#x3D;|&lt;|&gt;|&amp;)/g, (_, entity: string) => entities[entity] as string)
    .replaceAll('*_/', '*/')
    .replace(/\\(['"])/g, '$1');
}
