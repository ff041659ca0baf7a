import type { GroupVersionKind } from '../types.ts';
import type { Schema, SchemaNode } from './schema.ts';
import { specialDefinitions } from './schema.ts';

type Json = Record<string, unknown>;

/**
 * A copy of a built-in object without nulls, as Go keeps it: a field that is null is a field that is absent, and a null
 * among texts (a label, an argument) is an empty text, among structs (a container) one without fields. Parts without nulls are shared; the input is never changed.
 * Not for custom resources, whose nulls are kept and validated.
 */
export function dropNulls<T>(schema: Schema, gvk: GroupVersionKind, object: T): T {
  const root = schema.rootFor(gvk);
  return root ? (clean(schema, root, object) as T) : object;
}

function clean(schema: Schema, given: SchemaNode, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const node = schema.resolve(given);
  if (Array.isArray(value)) {
    const items = node.items;
    if (!items) return value;
    let list: unknown[] | undefined;
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      const kept = item === null ? emptyOf(schema, items) : clean(schema, items, item);
      if (kept !== item) (list ??= value.slice())[index] = kept;
    }
    return list ?? value;
  }
  const map = value as Json;
  // Hardly ever is there anything to change, and then nothing is copied.
  let changes: Map<string, unknown> | undefined;
  for (const key in map) {
    const known = node.properties && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
    const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
    const child = known ?? values;
    // What the schema does not describe (managed fields, raw objects) may mean something by null.
    const kept = child === undefined ? map[key] : map[key] !== null ? clean(schema, child, map[key]) : known ? undefined : emptyOf(schema, child);
    if (kept !== map[key]) (changes ??= new Map()).set(key, kept);
  }
  return changes ? changedMap(map, changes) : value;
}

/** A copy with the changes made, in the order of the original; what has become undefined is left out. */
function changedMap(map: Json, changes: ReadonlyMap<string, unknown>): Json {
  const entries = Object.entries(map).map(([key, value]): [string, unknown] => [key, changes.has(key) ? changes.get(key) : value]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The zero value that Go has where a list or map holds null: no text, no number, no quantity, a struct without fields. */
function emptyOf(schema: Schema, node: SchemaNode): unknown {
  const { type, properties } = schema.resolve(node);
  if (type === 'object' && properties) return {};
  if (schema.nameOf(node) === specialDefinitions.quantity) return '0';
  if (schema.nameOf(node) !== undefined) return null;
  return type === 'string' ? '' : type === 'integer' ? 0 : null;
}
