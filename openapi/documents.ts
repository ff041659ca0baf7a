/** Puts definitions and operations together into OpenAPI v2 and v3 documents. */
import type { GroupVersionKind } from '../src/machinery/types.ts';
import { groupVersionOf } from './kinds.ts';
import { type Draft, specialDefinitionNodes } from './models.ts';
import type { Operation, QueryParameter } from './operations.ts';

export interface Sources {
  readonly definitions: Readonly<Record<string, Draft>>;
  readonly operations: readonly Operation[];
  readonly kinds: ReadonlyMap<string, GroupVersionKind>;
  readonly definitionOf: (model: string) => string | undefined;
  /** By definition, the fields whose default is what Go begins with: nothing, an empty text, zero or false. */
  readonly zeroes: Readonly<Record<string, readonly string[]>>;
  readonly version: string;
}

type Json = Record<string, unknown>;

const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const streamTypes = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'];
const patchName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
const info = (version: string) => ({ title: 'Kubernetes', version });
const bearerToken = { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' };

/** The properties of a node that stay within this project. */
const privateKeys = new Set(['x-go-type', 'default']);

/** The v2 document; `inline` repeats query parameters in each operation instead of referring to shared ones. */
export function buildV2(sources: Sources, inline = false): Json {
  const shared = new Map<string, QueryParameter>();
  for (const { query } of sources.operations) for (const one of query) if (!shared.has(one.name)) shared.set(one.name, one);
  const paths = byPath(sources.operations, (group) => {
    const item: Json = {};
    for (const operation of group) item[operation.method] = v2Operation(sources, operation, inline);
    item.parameters = pathParameters(group[0] as Operation).map((name) => ({ name, in: 'path', required: true, type: 'string', uniqueItems: true }));
    return item;
  });
  return {
    swagger: '2.0',
    info: info(sources.version),
    paths,
    definitions: mapValues(sources.definitions, (node) => publicNode(node)),
    ...(inline
      ? {}
      : {
          parameters: Object.fromEntries([...shared].map(([name, one]) => [name, v2Query(one)])),
          securityDefinitions: { BearerToken: bearerToken },
          security: [{ BearerToken: [] }],
        }),
  };
}

function v2Query({ name, type, description }: QueryParameter): Json {
  return { name, in: 'query', type, uniqueItems: true, ...(description ? { description } : {}) };
}

function v2Operation(sources: Sources, operation: Operation, inline: boolean): Json {
  const parameters: Json[] = operation.query.map((one) => (inline ? v2Query({ ...one, description: '' }) : { $ref: `#/parameters/${one.name}` }));
  const body = bodyOf(sources, operation);
  if (body) parameters.unshift({ name: 'body', in: 'body', required: operation.method !== 'delete', schema: { $ref: `#/definitions/${body}` } });
  const schema = answerSchema(sources, operation, '#/definitions/');
  return {
    ...commonPart(sources, operation),
    consumes: operation.method === 'patch' ? patchTypes : ['*/*'],
    produces: answerTypes(operation),
    parameters,
    responses: responses(operation, schema ? { schema } : {}),
  };
}

/** Media types of what an operation answers. */
function answerTypes({ action, path }: Operation): readonly string[] {
  if (action === 'connect') return ['*/*'];
  if (path === '/openid/v1/jwks/') return ['application/jwk-set+json'];
  if (path === '/version/' || path.startsWith('/.well-known/')) return ['application/json'];
  if (path.endsWith('/pods/{name}/log')) return [...bodyTypes, 'text/plain'];
  return action === 'list' ? [...bodyTypes, ...streamTypes] : bodyTypes;
}

function answerSchema({ definitionOf }: Sources, { response }: Operation, definitions: string): Json | undefined {
  if (response === 'string') return { type: 'string' };
  const name = response && definitionOf(response);
  return name ? { $ref: `${definitions}${name}` } : undefined;
}

const furtherCodes: Readonly<Record<string, readonly number[]>> = { post: [201, 202], put: [201], patch: [201], delete: [202] };
const codeTexts: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** Answers by their codes, all of which show the same. */
function responses({ action = '' }: Operation, shown: Json): Json {
  const codes = [200, ...(furtherCodes[action] ?? [])];
  return { ...Object.fromEntries(codes.map((code) => [code, { description: codeTexts[code], ...shown }])), 401: { description: 'Unauthorized' } };
}

/** The v3 documents by their path below `/openapi/v3/`. */
export function buildV3(sources: Sources): Record<string, Json> {
  const groups = new Map<string, Operation[]>();
  for (const operation of sources.operations) {
    const key = documentOf(operation.path);
    groups.set(key, [...(groups.get(key) ?? []), operation]);
  }
  const schemas = mapValues(sources.definitions, (node, name) => v3Schema(withZeroes(node, sources.zeroes[name] ?? []), name));
  const out: Record<string, Json> = {};
  for (const key of [...groups.keys()].sort()) {
    const operations = groups.get(key) as Operation[];
    const paths = byPath(operations, (group) => v3PathItem(sources, group));
    const own = Object.keys(schemas).filter((name) => belongsTo(sources.definitions[name] as Draft, key));
    const names = closure([...references(paths), ...own], schemas);
    out[key] = {
      openapi: '3.0.0',
      info: { ...info(sources.version) },
      paths,
      components: { schemas: Object.fromEntries(names.map((name) => [name, schemas[name]])), securitySchemes: { BearerToken: bearerToken } },
    };
  }
  return out;
}

/** `/apis/apps/v1/deployments` is described in `apis/apps/v1`. */
function documentOf(path: string): string {
  const version = groupVersionOf(path);
  if (version) return version.group ? `apis/${version.group}/${version.version}` : `api/${version.version}`;
  return path.replace(/^\/|\/$/g, '').replace(/\/\{.*$/, '');
}

/** Kinds of a version that no path mentions still belong into its document; those of every group do not count. */
function belongsTo(node: Draft, key: string): boolean {
  const kinds = (node['x-kubernetes-group-version-kind'] ?? []) as GroupVersionKind[];
  return kinds.length === 1 && kinds.some(({ group, version }) => (group ? `apis/${group}/${version}` : `api/${version}`) === key);
}

function v3PathItem(sources: Sources, group: readonly Operation[]): Json {
  const item: Json = {};
  const [first] = group as [Operation];
  // What all operations of a path take is said once.
  const shared = first.query.filter(({ name }) => group.every(({ query }) => query.some((one) => one.name === name)));
  for (const operation of group) item[operation.method] = v3Operation(sources, operation, new Set(shared.map(({ name }) => name)));
  const inPath = pathParameters(first).map((name) => ({
    name,
    in: 'path',
    ...described(first.pathTexts.get(name)),
    required: true,
    schema: { type: 'string', uniqueItems: true },
  }));
  const parameters = [...inPath, ...shared.map(v3Query)].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (parameters.length > 0) item.parameters = parameters;
  return item;
}

function v3Query({ name, type, description }: QueryParameter) {
  return { name, in: 'query', ...described(description), schema: { type, uniqueItems: true } };
}

const described = (description = ''): { readonly description?: string } => (description ? { description } : {});

function v3Operation(sources: Sources, operation: Operation, shared: ReadonlySet<string>): Json {
  const body = bodyOf(sources, operation);
  const content = (name: string, types: readonly string[]): Json =>
    Object.fromEntries(types.map((type) => [type, { schema: { $ref: `#/components/schemas/${name}` } }]));
  const schema = answerSchema(sources, operation, '#/components/schemas/');
  const parameters = operation.query.filter(({ name }) => !shared.has(name)).map(v3Query);
  const shown = schema ? { content: Object.fromEntries(answerTypes(operation).map((type) => [type, { schema }])) } : {};
  return {
    ...commonPart(sources, operation),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? {
          requestBody: {
            content: content(body, operation.method === 'patch' ? patchTypes : ['*/*']),
            ...(operation.method === 'delete' ? {} : { required: true }),
          },
        }
      : {}),
    responses: responses(operation, shown),
  };
}

function commonPart(sources: Sources, operation: Operation): Json {
  const gvk = sources.kinds.get(operation.path);
  return {
    ...(operation.description ? { description: operation.description } : {}),
    operationId: operationId(operation),
    tags: [tagOf(operation)],
    ...(operation.action ? { 'x-kubernetes-action': operation.action } : {}),
    ...(gvk ? { 'x-kubernetes-group-version-kind': gvk } : {}),
  };
}

/** `flowcontrol.apiserver.k8s.io` is called flowcontrolApiserver. */
const groupName = (group: string): string =>
  group
    .replace(/\.k8s\.io$/, '')
    .split('.')
    .map((part, index) => (index === 0 ? part : capital(part)))
    .join('') || 'core';

function tagOf({ path }: Operation): string {
  const version = groupVersionOf(path);
  if (version) return `${groupName(version.group)}_${version.version}`;
  const [, root = '', group] = path.split('/');
  if (root === 'apis' && group) return groupName(group);
  return { api: 'core', '.well-known': 'WellKnown' }[root] ?? root;
}

/** Upstream puts group and version behind the verb: `readAppsV1NamespacedDeployment`. */
function operationId({ name, path, method }: Operation): string {
  const version = groupVersionOf(path);
  const [, root, group = ''] = path.split('/');
  if (root === 'version') return `${name}Version`;
  if (!version) {
    const ofGroup = root === 'api' ? 'Core' : root === 'apis' && group ? capital(groupName(group)) : '';
    return name.replace('get', `get${ofGroup}`);
  }
  const verb = /^(list|read|create|replace|patch|delete|connect|get)/.exec(name)?.[0] ?? method;
  return `${verb}${capital(groupName(version.group))}${capital(version.version)}${name.slice(verb.length)}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function bodyOf(sources: Sources, operation: Operation): string | undefined {
  if (operation.method === 'patch' && operation.body) return patchName;
  return operation.body && sources.definitionOf(operation.body);
}

const pathParameters = ({ path }: Operation): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string).reverse();

function byPath(operations: readonly Operation[], build: (group: readonly Operation[]) => Json): Json {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) groups.set(operation.path, [...(groups.get(operation.path) ?? []), operation]);
  return Object.fromEntries([...groups.keys()].sort().map((path) => [path, build(groups.get(path) as Operation[])]));
}

function publicNode(node: Draft): Json {
  return mapNode(node, (one) => Object.fromEntries(Object.entries(one).filter(([key]) => !privateKeys.has(key))));
}

/** What the special types are in v3, which can say "a number or a string". */
const v3Special: Record<string, Json> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
};

function v3Schema(node: Draft, name: string): Json {
  const special = v3Special[name];
  if (special) return { ...(node.description ? { description: node.description } : {}), ...special };
  return mapNode(node, (one) => {
    const { $ref, 'x-go-type': _, ...rest } = one as Json;
    if (typeof $ref !== 'string') return rest;
    const target = { $ref: $ref.replace('#/definitions/', '#/components/schemas/') };
    // A reference may have no neighbours, so what the field says about itself goes around it.
    return Object.keys(rest).length > 0 ? { ...rest, allOf: [target] } : target;
  });
}

const zeroOf: Readonly<Record<string, unknown>> = { string: '', integer: 0, number: 0, boolean: false };

/** What lists and maps hold has such a default always, but for bytes and what has a form of its own in JSON. */
function withZeroes(node: Draft, fields: readonly string[]): Draft {
  if (!node.properties) return node;
  const properties = Object.entries(node.properties as Record<string, Draft>).map(([name, property]) => {
    const held = { ...property };
    if (held.items) held.items = withZero(held.items as Draft);
    if (typeof held.additionalProperties === 'object') held.additionalProperties = withZero(held.additionalProperties as Draft);
    return [name, fields.includes(name) ? withZero(held) : held];
  });
  return { ...node, properties: Object.fromEntries(properties) };
}

function withZero(node: Draft): Draft {
  const special = node.$ref !== undefined && node.$ref.replace('#/definitions/', '') in specialDefinitionNodes;
  const zero = node.$ref ? {} : node.format === 'byte' ? undefined : zeroOf[node.type ?? ''];
  return special || zero === undefined || node.default !== undefined ? node : { ...node, default: zero };
}

/** Rebuilds a node from the inside out. */
function mapNode(node: Draft, change: (node: Json) => Json): Json {
  const out: Json = { ...node };
  if (node.properties) out.properties = mapValues(node.properties as Record<string, Draft>, (one) => mapNode(one, change));
  if (node.items) out.items = mapNode(node.items as Draft, change);
  if (typeof node.additionalProperties === 'object') out.additionalProperties = mapNode(node.additionalProperties as Draft, change);
  return change(out);
}

function mapValues<In, Out>(map: Readonly<Record<string, In>>, change: (value: In, key: string) => Out): Record<string, Out> {
  return Object.fromEntries(
    Object.keys(map)
      .sort()
      .map((key) => [key, change(map[key] as In, key)]),
  );
}

/** Names of all definitions that a document mentions. */
export function references(document: unknown): string[] {
  const out = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        if (key === '$ref' && typeof child === 'string' && !child.startsWith('#/parameters/')) out.add(child.slice(child.lastIndexOf('/') + 1));
        else visit(child);
      }
    }
  };
  visit(document);
  return [...out];
}

/** The names and everything they lead to, sorted. */
export function closure(names: readonly string[], definitions: Readonly<Record<string, unknown>>): string[] {
  const seen = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name) || !(name in definitions)) continue;
    seen.add(name);
    open.push(...references(definitions[name]));
  }
  return [...seen].sort();
}
