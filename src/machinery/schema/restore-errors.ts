import type { ProtobufSchema } from '../codec/protobuf-schema.ts';
import type { GroupVersionKind } from '../types.ts';
import { goTypeOf } from './go-types.ts';
import type { Schema, SchemaNode } from './schema.ts';
import type { GoShape } from './struct-order.ts';
import { orderedKeys, shapeOf, structOf } from './struct-order.ts';
import { byteNode, checkBase64, fitsInteger, itemsOf, specialDecoder } from './type-errors.ts';

/**
 * The first value that does not fit its field, in the words of the converter that turns maps into Go structs
 * (apimachinery/pkg/runtime FromUnstructured), which strategic patches and applied configurations go through: `cannot restore slice from string`.
 * It never says where, and goes by the order of the structs. Undefined if all fit; null fits everywhere.
 */
export function findRestoreError(schema: Schema, gvk: GroupVersionKind, object: unknown, structs: ProtobufSchema): string | undefined {
  const root = schema.rootFor(gvk);
  return root ? check(schema, root, object, structOf(structs, gvk)) : undefined;
}

function check(schema: Schema, given: SchemaNode, value: unknown, shape: GoShape | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  const special = specialDecoder(schema.nameOf(given));
  if (special) return special(value);
  const node = schema.resolve(given);
  switch (node.type) {
    case 'array':
      return Array.isArray(value) ? checkItems(schema, itemsOf(given, node), value, shape) : `cannot restore slice from ${goKind(value)}`;
    case 'object':
      if (isMap(value)) return checkMap(schema, node, value, shape);
      return `cannot restore ${node.properties ? 'struct' : 'map'} from${node.properties ? ':' : ''} ${goKind(value)}`;
    case 'string':
      if (node.format === 'byte') return Array.isArray(value) ? checkItems(schema, byteNode, value, undefined) : checkBytes(value);
      return checkScalar(schema, given, typeof value === 'string', value);
    case 'boolean':
      return checkScalar(schema, given, typeof value === 'boolean', value);
    case 'integer':
      return checkScalar(schema, given, typeof value === 'number' && fitsInteger(value, 'int64'), value);
    case 'number':
      return checkScalar(schema, given, typeof value === 'number', value);
    default:
      return undefined;
  }
}

function checkItems(schema: Schema, items: SchemaNode | undefined, values: readonly unknown[], shape: GoShape | undefined): string | undefined {
  if (!items) return undefined;
  for (const value of values) {
    const error = check(schema, items, value, shape);
    if (error) return error;
  }
  return undefined;
}

function checkMap(schema: Schema, node: SchemaNode, map: Record<string, unknown>, shape: GoShape | undefined): string | undefined {
  const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  const keys = Object.keys(map);
  for (const key of shape ? orderedKeys(keys, shape) : keys) {
    const child = node.properties && Object.hasOwn(node.properties, key) ? node.properties[key] : values;
    const error = child && check(schema, child, map[key], shape && shapeOf(shape, key));
    if (error) return error;
  }
  return undefined;
}

function checkBytes(value: unknown): string | undefined {
  if (typeof value !== 'string') return `cannot restore slice from ${goKind(value)}`;
  const why = checkBase64(value);
  return why && `error decoding from json: ${why}`;
}

/**
 * The object as that converter leaves it: an integer that is too large for its field loses its higher bits, since Go's conversion does
 * not look. The same object if there is none.
 */
export function wrapIntegers<T>(schema: Schema, gvk: GroupVersionKind, object: T): T {
  const root = schema.rootFor(gvk);
  return root ? (wrapped(schema, root, object) as T) : object;
}

function wrapped(schema: Schema, given: SchemaNode, value: unknown): unknown {
  if (specialDecoder(schema.nameOf(given))) return value;
  const node = schema.resolve(given);
  if (typeof value === 'number') return node.type === 'integer' && node.format === 'int32' ? value | 0 : value;
  const { items, properties = {}, additionalProperties } = node;
  if (Array.isArray(value)) {
    const next = items ? value.map((item) => wrapped(schema, items, item)) : value;
    return next.every((item, index) => item === value[index]) ? value : next;
  }
  if (!isMap(value)) return value;
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const next = Object.entries(value).map(([key, item]) => {
    const child = Object.hasOwn(properties, key) ? properties[key] : values;
    return [key, child ? wrapped(schema, child, item) : item] as const;
  });
  return next.every(([key, item]) => item === value[key]) ? value : Object.fromEntries(next);
}

/** Integers convert to texts in Go, but not here: that is told by type. Anything else is told by the wanted kind alone. */
function checkScalar(schema: Schema, given: SchemaNode, fits: boolean, value: unknown): string | undefined {
  if (fits) return undefined;
  const { type, format } = schema.resolve(given);
  const isConvertible = typeof value === 'number' && (type === 'string' ? fitsInteger(value, 'int64') : type !== 'boolean');
  if (isConvertible) return `cannot convert ${goKind(value)} to ${goTypeOf(schema, given)}`;
  const kind = type === 'string' ? 'string' : type === 'boolean' ? 'bool' : type === 'number' ? 'float64' : (format ?? 'int64');
  return `unrecognized type: ${kind}`;
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return fitsInteger(value, 'int64') ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map';
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
