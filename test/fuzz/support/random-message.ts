import type { ProtobufField, ProtobufSchema } from '../../../src/machinery/codec/index.ts';
import { specialDefinitions } from '../../../src/machinery/schema/schema.ts';
import type { Dice } from './random-object.ts';

const texts = ['a', 'ü', '\u{1f600}', 'x'.repeat(47), 'y'.repeat(200), 'é'.repeat(300), '\u0000', '"', 'k8s\u0000', '0', 'false'];
const numbers = [1, -1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, -(2 ** 31)];
const longNumbers = [...numbers, 2 ** 31, 2 ** 32, -(2 ** 40), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
const seconds = ['2026-01-02T03:04:05Z', '1969-12-31T23:59:59Z', '0001-01-02T00:00:00Z', '9999-12-31T23:59:59Z'];
const micros = seconds.map((time) => time.replace('Z', '.000001Z'));

/** JSON as Go would write it of an object that fills the message at random: nothing that the way through protobuf and back may change. */
export function randomMessage(schema: ProtobufSchema, name: string, dice: Dice, depth: number): unknown {
  const special = specials[name.slice(name.lastIndexOf('.') + 1)];
  if (special && (specialNames.has(name) || name.includes('.JSONSchemaPropsOr'))) return special(schema, dice, depth);
  const message = schema.message(name)!;
  if (message.bareList) return ['a', 'b'];
  const out: Record<string, unknown> = {};
  for (const field of message.fields) {
    const value = randomField(schema, field, dice, depth - 1);
    if (field.embedded) Object.assign(out, value);
    else if (value !== undefined) out[field.name] = value;
  }
  return out;
}

const specialNames: ReadonlySet<string> = new Set(Object.values(specialDefinitions).filter((name) => !name.endsWith('Meta')));

const specials: Readonly<Record<string, (schema: ProtobufSchema, dice: Dice, depth: number) => unknown>> = {
  Time: (_, dice) => dice.pick(seconds),
  MicroTime: (_, dice) => dice.pick(micros),
  Quantity: (_, dice) => dice.pick(['0', '100m', '1Gi', '-5']),
  IntOrString: (_, dice) => dice.pick([0, 80, -1, '50%', 'http']),
  RawExtension: (_, dice) => dice.pick([{}, { a: [1, null, 'ü'] }, { apiVersion: 'v1', kind: 'X' }]),
  FieldsV1: () => ({ 'f:spec': { '.': {}, 'k:{"name":"a"}': {} } }),
  JSON: (_, dice) => dice.pick([1.5, 'x', [], { a: null }]),
  JSONSchemaPropsOrArray: (schema, dice, depth) => dice.pick([jsonSchema(schema, dice, depth), [jsonSchema(schema, dice, depth)]]),
  JSONSchemaPropsOrBool: (schema, dice, depth) => dice.pick([true, false, jsonSchema(schema, dice, depth)]),
  JSONSchemaPropsOrStringArray: (schema, dice, depth) => dice.pick([['a'], jsonSchema(schema, dice, depth)]),
};

function jsonSchema(schema: ProtobufSchema, dice: Dice, depth: number): unknown {
  return randomMessage(schema, 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps', dice, depth - 1);
}

function randomField(schema: ProtobufSchema, field: ProtobufField, dice: Dice, depth: number): unknown {
  // What Go has no pointer to is always there; of the rest about half is, and nothing where it has gone deep enough.
  const optional = field.map || field.repeated || !field.value || isTime(field.type);
  if (optional && (depth <= 0 || dice.roll(2) === 0)) return undefined;
  if (field.map) return Object.fromEntries(['', 'a', 'ü', 'constructor'].slice(dice.roll(3)).map((key) => [key, randomValue(schema, field, dice, depth)]));
  if (field.repeated) return Array.from({ length: 1 + dice.roll(2) }, () => randomValue(schema, field, dice, depth));
  // The zero of a plain field says nothing unless JSON always has the field.
  const zero = !field.value || field.required ? dice.roll(3) === 0 : false;
  return zero ? zeroOf(field.type, () => randomValue(schema, field, dice, depth)) : randomValue(schema, field, dice, depth);
}

function isTime(type: string): boolean {
  return type === specialDefinitions.time || type === specialDefinitions.microTime;
}

function zeroOf(type: string, otherwise: () => unknown): unknown {
  if (type === 'string' || type === 'bytes') return '';
  if (type === 'bool') return false;
  return type.startsWith('int') || type === 'double' ? 0 : otherwise();
}

function randomValue(schema: ProtobufSchema, { type }: ProtobufField, dice: Dice, depth: number): unknown {
  if (type === 'string') return dice.pick(texts);
  if (type === 'bool') return true;
  if (type === 'bytes') return dice.pick(['AA==', '/+8=', Buffer.alloc(300, 7).toString('base64')]);
  if (type === 'int32') return dice.pick(numbers);
  if (type === 'int64') return dice.pick(longNumbers);
  if (type === 'double') return dice.pick([0.5, -1e9, 1e300]);
  return randomMessage(schema, type, dice, depth);
}
