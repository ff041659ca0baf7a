import { jsonSchemaDefinitions } from '../codec/json-schema-definitions.ts';
import { goJsonKind } from '../go-syntax.ts';
import { parseQuantity } from '../quantity.ts';
import type { GroupVersionKind } from '../types.ts';
import { goTypeOf } from './go-types.ts';
import { type Schema, type SchemaNode, specialDefinitions } from './schema.ts';

type Json = Record<string, unknown>;

/**
 * The first value that does not fit its field, in the words of Go's decoder:
 * `json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container`. Undefined if all fit.
 * The struct is the innermost one, the path names no indices and no map keys (sigs.k8s.io/json). Null fits everywhere.
 * A value of the wrong type is remembered while the decoder goes on; what a type with a decoder of its own (a time, a quantity) says
 * ends it, and so comes before.
 */
export function findTypeError(schema: Schema, gvk: GroupVersionKind, object: unknown): string | undefined {
  const root = schema.rootFor(gvk);
  const name = schema.definitionFor(gvk);
  if (!root || !name) return undefined;
  const checker = new TypeChecker(schema);
  return checker.check({ $ref: name }, object, top) ?? checker.remembered;
}

/** Where the decoder stands: the Go struct it fills and the field that led there. A chain, since hardly ever somebody reads it. */
interface Place {
  readonly struct: string;
  readonly key: string;
  readonly outer: Place | undefined;
}

const top: Place = { struct: '', key: '', outer: undefined };

/** `PodSpec.spec.containers` */
function describePlace(place: Place): string {
  const path: string[] = [];
  for (let at = place; at.outer; at = at.outer) path.unshift(at.key);
  return `${place.struct}.${path.join('.')}`;
}

class TypeChecker {
  /** The first value of the wrong type. */
  remembered: string | undefined;

  constructor(readonly schema: Schema) {}

  /** Why the decoder ends here, if it does. */
  check(given: SchemaNode, value: unknown, place: Place): string | undefined {
    if (value === null || value === undefined) return undefined;
    const special = specialChecks[this.schema.nameOf(given) ?? ''];
    if (special) return inPlace(special(value), place);
    const node = this.schema.resolve(given);
    switch (node.type) {
      case 'array':
        return Array.isArray(value) ? this.checkItems(itemsOf(given, node), value, place) : this.mismatch(given, value, place);
      case 'object':
        return isMap(value) ? this.checkMap(given, node, value, place) : this.mismatch(given, value, place);
      case 'string':
        if (node.format === 'byte' && Array.isArray(value)) return this.checkItems(byteNode, value, place);
        if (typeof value !== 'string') return this.mismatch(given, value, place);
        if (node.format === 'byte') this.remembered ??= checkBase64(value);
        return undefined;
      case 'boolean':
        return typeof value === 'boolean' ? undefined : this.mismatch(given, value, place);
      case 'integer':
        return typeof value === 'number' && fitsInteger(value, node.format) ? undefined : this.mismatch(given, value, place, true);
      case 'number':
        return typeof value === 'number' ? undefined : this.mismatch(given, value, place);
      default:
        return undefined;
    }
  }

  private checkItems(of: SchemaNode | undefined, items: unknown[], place: Place): string | undefined {
    if (!of) return undefined;
    for (const item of items) {
      const error = this.check(of, item, place);
      if (error) return error;
    }
    return undefined;
  }

  private checkMap(given: SchemaNode, node: SchemaNode, map: Json, place: Place): string | undefined {
    const name = this.schema.nameOf(given);
    const struct = name ? name.slice(name.lastIndexOf('.') + 1) : place.struct;
    for (const key in map) {
      const known = node.properties && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
      const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
      const child = known ?? values;
      const error = child && this.check(child, map[key], known ? { struct, key, outer: place } : place);
      if (error) return error;
    }
    return undefined;
  }

  private mismatch(given: SchemaNode, value: unknown, place: Place, withDigits = false): undefined {
    this.remembered ??= this.describeMismatch(given, value, place, withDigits);
  }

  private describeMismatch(given: SchemaNode, value: unknown, place: Place, withDigits: boolean): string {
    const what = withDigits && typeof value === 'number' ? `number ${String(value)}` : goJsonKind(value);
    const type = goTypeOf(this.schema, given);
    if (place === top) return `json: cannot unmarshal ${what} into Go value of type ${type}`;
    return `json: cannot unmarshal ${what} into Go struct field ${describePlace(place)} of type ${type}`;
  }
}

/** Bytes may come one by one. */
export const byteNode: SchemaNode = { type: 'integer', format: 'uint8' };

/** What the items of a list are: texts may have a type with a name, which is known from that of the list. */
export function itemsOf(given: SchemaNode, { items }: SchemaNode): SchemaNode | undefined {
  const list = given['x-go-type'];
  return items && !items.$ref && list?.startsWith('[]') ? { 'x-go-type': list.slice(2), ...items } : items;
}

/** The decoder of its own that a type has (Time, Quantity, IntOrString …), which says what is wrong with a value. */
export function specialDecoder(definition: string | undefined): ((value: unknown) => string | undefined) | undefined {
  return definition === undefined ? undefined : specialChecks[definition];
}

const noPlace = 'into Go value of type ';

/** Of the errors that types with a decoder of their own give, those about the JSON type are told their place. */
function inPlace(error: string | undefined, place: Place): string | undefined {
  return place === top ? error : error?.replace(noPlace, `into Go struct field ${describePlace(place)} of type `);
}

/** Types with a decoder of their own. */
const specialChecks: Record<string, (value: unknown) => string | undefined> = {
  [specialDefinitions.time]: (value) => checkTime(value, ''),
  [specialDefinitions.microTime]: (value) => checkTime(value, '.000000'),
  [specialDefinitions.quantity]: checkQuantity,
  [specialDefinitions.intOrString]: checkIntOrString,
  [specialDefinitions.json]: () => undefined,
  [jsonSchemaDefinitions.orBool]: (value) => (typeof value === 'boolean' || isMap(value) ? undefined : 'boolean or JSON schema expected'),
  [specialDefinitions.rawExtension]: () => undefined,
  [specialDefinitions.fieldsV1]: () => undefined,
};

/** @param fraction what stands in Go's layout behind the seconds; without one they may have any */
function checkTime(value: unknown, fraction: '' | '.000000'): string | undefined {
  if (typeof value !== 'string') return `json: cannot unmarshal ${goJsonKind(value)} into Go value of type string`;
  return (fraction ? microTime : time).test(value) ? checkTimeRange(value) : timeError(value, fraction);
}

const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const microTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[.,]\d{6}(?:Z|[+-]\d{2}:\d{2})$/;

/** A text in the quotes of Go's time package, which knows ASCII only. */
function quoted(text: string): string {
  const bytes = (character: string): string => [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return `"${text.replace(/["\\]/g, '\\$&').replace(/[\u0000-\u001f\u0080-\u{10ffff}]/gu, bytes)}"`;
}

/** Names the first part of the layout that the text does not follow (Go's time.Parse). */
function timeError(text: string, fraction: '' | '.000000'): string {
  const layout = `2006-01-02T15:04:05${fraction}Z07:00`;
  const parts: [RegExp, string][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d{2}/, '01'],
    [/^-/, '-'],
    [/^\d{2}/, '02'],
    [/^T/, 'T'],
    [/^\d{2}/, '15'],
    [/^:/, ':'],
    [/^\d{2}/, '04'],
    [/^:/, ':'],
    ...(fraction
      ? ([
          [/^\d{2}/, '05'],
          [/^[.,]\d{6}/, fraction],
        ] as [RegExp, string][])
      : ([[/^\d{2}(?:[.,]\d+)?/, '05']] as [RegExp, string][])),
    [/^(?:Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
  ];
  let rest = text;
  for (const [pattern, element] of parts) {
    const match = pattern.exec(rest);
    if (!match) return `parsing time ${quoted(text)} as "${layout}": cannot parse ${quoted(rest)} as "${element}"`;
    rest = rest.slice(match[0].length);
  }
  return `parsing time ${quoted(text)}: extra text: ${quoted(rest)}`;
}

/** The parts of a text that has the form of a time, in the order in which Go looks at them. */
function checkTimeRange(text: string): string | undefined {
  const outOfRange = (what: string): string => `parsing time ${quoted(text)}: ${what} out of range`;
  const month = twoDigits(text, 5);
  if (month < 1 || month > 12) return outOfRange('month');
  if (twoDigits(text, 11) > 23) return outOfRange('hour');
  if (twoDigits(text, 14) > 59) return outOfRange('minute');
  if (twoDigits(text, 17) > 59) return outOfRange('second');
  const day = twoDigits(text, 8);
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  return day < 1 || day > daysIn(month, year) ? outOfRange('day') : undefined;
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function checkQuantity(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (parseQuantity(text.trim())) return undefined;
  return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

function checkIntOrString(value: unknown): string | undefined {
  if (typeof value === 'string') return undefined;
  if (typeof value === 'number' && fitsInteger(value, 'int32')) return undefined;
  const what = typeof value === 'number' ? `number ${String(value)}` : goJsonKind(value);
  return `json: cannot unmarshal ${what} into Go value of type int32`;
}

/** Whether it does. */
export function isBase64(text: string): boolean {
  return checkBase64(text) === undefined;
}

/** Why Go's decoder of base64 does not take a text: it skips line ends, and counts them. */
export function checkBase64(text: string): string | undefined {
  const plain = text.replace(/[\r\n]/g, '');
  const match = /^[A-Za-z0-9+/]*/.exec(plain) as RegExpExecArray;
  const padding = plain.slice(match[0].length);
  const wanted = (4 - (match[0].length % 4)) % 4;
  if (wanted !== 3 && padding === '='.repeat(wanted)) return undefined;
  if (padding !== '' && !padding.startsWith('=')) return `illegal base64 data at input byte ${/[^A-Za-z0-9+/\r\n]/.exec(text)?.index}`;
  return `illegal base64 data at input byte ${plain.length - (plain.length % 4 === 0 ? 1 : plain.length % 4)}`;
}

export function fitsInteger(value: number, format: string | undefined): boolean {
  if (!Number.isInteger(value)) return false;
  if (format === 'uint8') return value >= 0 && value < 2 ** 8;
  return format === 'int32' ? value >= -(2 ** 31) && value < 2 ** 31 : Math.abs(value) < 2 ** 63;
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
