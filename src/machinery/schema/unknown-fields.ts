import type { GroupVersionKind } from '../types.ts';
import { type Schema, type SchemaNode, specialDefinitions } from './schema.ts';

/** Upstream's decoder gives up counting here (sigs.k8s.io/json). */
const errorsMax = 100;

type Json = Record<string, unknown>;

/**
 * Names every field the schema does not know, in the order they stand in the object: `unknown field "spec.replcas"`,
 * items of lists as `spec.containers[0].foo`. At most 100, each once. An unknown kind has no unknown fields.
 */
export function findUnknownFields(schema: Schema, gvk: GroupVersionKind, object: unknown): string[] {
  const found = new Set<string>();
  const root = schema.rootFor(gvk);
  if (root) walk(schema, root, object, '', (path) => void found.add(`unknown field "${path}"`));
  return [...found].slice(0, errorsMax);
}

/**
 * A copy without the fields the schema does not know; parts without anything to drop are shared with the input,
 * which is never changed.
 */
export function pruneUnknownFields<T>(schema: Schema, gvk: GroupVersionKind, object: T): T {
  const root = schema.rootFor(gvk);
  return root ? (prune(schema, root, object) as T) : object;
}

/** Fields of an embedded resource that are known whatever its schema says. */
const resourceFields = new Set(['apiVersion', 'kind', 'metadata']);

function walk(schema: Schema, given: SchemaNode, value: unknown, path: string, report: (path: string) => void): void {
  if (typeof value !== 'object' || value === null) return;
  const node = schema.resolve(given);
  if (Array.isArray(value)) {
    const items = node.items;
    if (items) value.forEach((item, index) => void walk(schema, items, item, `${path}[${index}]`, report));
    return;
  }
  const map = value as Json;
  for (const key in map) {
    const child = childOf(schema, given, node, key);
    const at = path ? `${path}.${key}` : key;
    if (child === undefined) report(at);
    else if (child !== anything) walk(schema, child, map[key], at, report);
  }
}

function prune(schema: Schema, given: SchemaNode, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const node = schema.resolve(given);
  if (Array.isArray(value)) {
    const items = node.items;
    if (!items) return value;
    const out = value.map((item) => prune(schema, items, item));
    return out.every((item, index) => item === value[index]) ? value : out;
  }
  const map = value as Json;
  const out: Json = {};
  let changed = false;
  for (const key in map) {
    const child = childOf(schema, given, node, key);
    if (child === undefined) {
      changed = true;
      continue;
    }
    const kept = child === anything ? map[key] : prune(schema, child, map[key]);
    if (kept !== map[key]) changed = true;
    setOwn(out, key, kept);
  }
  return changed ? out : value;
}

/** A plain assignment would run the setter of `__proto__`. */
function setOwn(target: Json, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

const anything: SchemaNode = {};
const emptyDefinitions = new Set<string | undefined>([specialDefinitions.rawExtension, specialDefinitions.fieldsV1, specialDefinitions.json]);

/** The node of one key of a map: undefined if the schema does not know it, `anything` where it does not look further. */
export function childOf(schema: Schema, given: SchemaNode, node: SchemaNode, key: string): SchemaNode | undefined {
  const known = node.properties && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
  if (known) return known;
  if (node['x-kubernetes-embedded-resource'] && resourceFields.has(key)) return anything;
  if (typeof node.additionalProperties === 'object') return node.additionalProperties;
  if (node.additionalProperties === true || node['x-kubernetes-preserve-unknown-fields'] || given['x-kubernetes-preserve-unknown-fields']) return anything;
  if (node.properties) return undefined;
  // A definition with no fields at all (an empty Go struct) knows none; the special ones and untyped nodes take anything.
  const name = schema.nameOf(given);
  if (name === undefined) return structural(node) ? undefined : anything;
  return emptyDefinitions.has(name) || node.type !== 'object' ? anything : undefined;
}

/** Inline nodes come from custom resources, where an object without properties loses all its fields (structural pruning). */
function structural(node: SchemaNode): boolean {
  return node.type === 'object' && node['x-kubernetes-preserve-unknown-fields'] !== true;
}
