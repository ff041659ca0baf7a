import type { ProtobufSchema } from '../codec/protobuf-schema.ts';
import type { GroupVersionKind, KubeObject } from '../types.ts';
import { formatGroupVersion, parseGroupVersion } from '../types.ts';
import { specialDefinitions } from './schema.ts';

type Json = Record<string, unknown>;

/** In which order Go writes the keys of one value, or of each item of a list. */
export interface GoOrder {
  /** Of a struct: all its keys. A map, whose keys are sorted, has none. */
  readonly names: readonly string[] | undefined;
  /** Of a struct: what lies below each of its keys; undefined for scalars, and for what Go copies as it came. */
  readonly below: readonly (GoOrder | undefined)[];
  /** Of a map: what lies below its keys. */
  readonly values: GoOrder | undefined;
}

const schemaPackage = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const schemaProps = `${schemaPackage}.JSONSchemaProps`;
/** What is a schema, or something else that has no keys. */
const schemaUnions = new Set(['Array', 'Bool', 'StringArray'].map((other) => `${schemaProps}Or${other}`));

/** Whose JSON is no struct's. Raw objects are written as they came, and sets of fields have an order of their own. */
const opaque: ReadonlySet<string> = new Set([
  specialDefinitions.time,
  specialDefinitions.microTime,
  specialDefinitions.quantity,
  specialDefinitions.intOrString,
  specialDefinitions.rawExtension,
  specialDefinitions.fieldsV1,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Duration',
]);

const sortedMap = (values?: GoOrder): GoOrder => ({ names: undefined, below: [], values });
/** Texts by key. */
const sortedKeys = sortedMap();
/** JSON that Go keeps in maps, all through. */
const sortedJson: GoOrder = {
  ...sortedKeys,
  get values() {
    return sortedJson;
  },
};

const known = new WeakMap<ProtobufSchema, Map<string, GoOrder | undefined>>();

/** The order of a built-in kind; undefined for kinds that the schema does not know. */
export function goOrderOf(schema: ProtobufSchema, gvk: GroupVersionKind): GoOrder | undefined {
  const message = schema.messageFor(formatGroupVersion(gvk), gvk.kind);
  return message && orderOf(schema, message.name);
}

function orderOf(schema: ProtobufSchema, type: string): GoOrder | undefined {
  let cache = known.get(schema);
  if (!cache) known.set(schema, (cache = new Map()));
  if (cache.has(type)) return cache.get(type);
  if (type === specialDefinitions.json) return sortedJson;
  if (schemaUnions.has(type)) return orderOf(schema, schemaProps);
  const message = opaque.has(type) ? undefined : schema.message(type);
  if (!message || message.bareList) {
    cache.set(type, undefined);
    return undefined;
  }
  const [names, below]: [string[], (GoOrder | undefined)[]] = [[], []];
  const order: GoOrder = { names, below, values: undefined };
  cache.set(type, order); // Before its fields: schemas contain themselves.
  const fields = new Map<string, GoOrder | undefined>();
  for (const field of message.fields) {
    const inner = orderOf(schema, field.type);
    if (field.embedded) for (const [name, at] of placesIn(inner)) fields.set(name, inner?.below[at]);
    else fields.set(field.name, field.map ? (inner ? sortedMap(inner) : sortedKeys) : inner);
  }
  // Messages have no fields for these two, which stand first in every struct that has them.
  names.push(...keyTexts([...typeMeta.filter((name) => !fields.has(name)), ...fields.keys()]));
  below.push(...names.map((name) => fields.get(name)));
  return order;
}

const typeMeta = ['kind', 'apiVersion'];

/** The keys of a struct that is inlined in another one, with their places. */
function placesIn(order: GoOrder | undefined): readonly (readonly [name: string, at: number])[] {
  return (order?.names ?? []).map((name, at) => [name, at] as const).filter(([name]) => !typeMeta.includes(name));
}

/** The same texts as V8 keeps the keys of objects, each of them once: two of those are told apart without a look at what they say. */
function keyTexts(names: readonly string[]): string[] {
  return Object.keys(Object.fromEntries(names.map((name) => [name, 0])));
}

/** An object that says of which kind it is, with its keys as Go writes them. */
export function inOrderOfKind<T extends KubeObject>(schema: ProtobufSchema, object: T): T {
  const order = goOrderOf(schema, { ...parseGroupVersion(object.apiVersion ?? ''), kind: object.kind ?? '' });
  return order ? inGoOrder(order, object) : object;
}

/**
 * The same object with its keys as Go writes them: fields of structs in the order of the struct, keys of maps sorted. Parts in which
 * all is in order are shared; the input is never changed. What the struct has no field for comes last.
 * @param sound an object in order: parts that are the very ones in their place there are not looked at
 */
export function inGoOrder<T>(order: GoOrder, value: T, sound?: unknown): T {
  return arranged(order, value, sound) as T;
}

function arranged(order: GoOrder, value: unknown, sound: unknown): unknown {
  if (typeof value !== 'object' || value === null || value === sound) return value;
  if (Array.isArray(value)) return arrangedItems(order, value, sound);
  return order.names ? arrangedStruct(order.names, order.below, value as Json, sound as Json) : arrangedMap(order.values, value as Json, sound as Json);
}

function arrangedItems(order: GoOrder, list: readonly unknown[], sound: unknown): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < list.length; index += 1) {
    const item = list[index];
    if (typeof item !== 'object' || item === null) continue;
    const next = arranged(order, item, (sound as unknown[] | null | undefined)?.[index]);
    if (next !== item) (copy ??= list.slice())[index] = next;
  }
  return copy ?? list;
}

type Below = GoOrder['below'];

function arrangedStruct(names: readonly string[], below: Below, struct: Json, sound: Json | null | undefined): Json {
  let copy: Json | undefined;
  let at = 0;
  for (const key in struct) {
    // The next key of a struct in order is never far.
    while (at < names.length && names[at] !== key) at += 1;
    if (at === names.length) return rebuiltStruct(names, below, struct, sound);
    const inner = below[at];
    at += 1;
    if (inner === undefined) continue;
    const value = struct[key];
    const next = arranged(inner, value, sound?.[key]);
    if (next !== value) (copy ??= { ...struct })[key] = next;
  }
  return copy ?? struct;
}

function rebuiltStruct(names: readonly string[], below: Below, struct: Json, sound: Json | null | undefined): Json {
  const known: string[] = []; // By place, with holes.
  const unknown: string[] = [];
  for (const key in struct) {
    const place = names.indexOf(key);
    if (place < 0) unknown.push(key);
    else known[place] = key;
  }
  const out: Json = {};
  known.forEach((key, place) => {
    const inner = below[place];
    out[key] = inner ? arranged(inner, struct[key], sound?.[key]) : struct[key];
  });
  for (const key of unknown) withKey(out, key, struct[key]);
  return out;
}

function arrangedMap(values: GoOrder | undefined, map: Json, sound: Json | null | undefined): Json {
  let copy: Json | undefined;
  let sorted = true;
  let last = '';
  for (const key in map) {
    if (key < last) sorted = false;
    last = key;
    if (!values) continue;
    const value = map[key];
    const next = arranged(values, value, sound?.[key]);
    if (next !== value) copy = withKey(copy ?? withKeys(map, Object.keys(map)), key, next);
  }
  const content = copy ?? map;
  return sorted ? content : withKeys(content, Object.keys(content).sort());
}

function withKeys(map: Json, keys: readonly string[]): Json {
  const out: Json = {};
  for (const key of keys) withKey(out, key, map[key]);
  return out;
}

function withKey(map: Json, key: string, value: unknown): Json {
  // A plain assignment would run the setter.
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
  return map;
}
