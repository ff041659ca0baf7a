import type { LabelSelector } from '../../generated/types/index.ts';
import { GoText } from './field-error.ts';

type Strings = Readonly<Record<string, string>>;

const quote = (text: string): string => JSON.stringify(text);

/** A map of texts as Go's `%#v` prints it: `map[string]string{"a":"b"}`, `map[string]string(nil)`. */
export function goStringMap(map: Strings | null | undefined, type = 'map[string]string'): GoText {
  return new GoText(mapText(map, type));
}

function mapText(map: Strings | null | undefined, type = 'map[string]string'): string {
  if (!map) return `${type}(nil)`;
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${type}{${entries.map(([key, value]) => `${quote(key)}:${quote(value)}`).join(', ')}}`;
}

/** A list of texts as Go's `%#v` prints it: `[]string{"a", "b"}`. */
export function goStringList(list: readonly string[] | null | undefined, type = '[]string'): GoText {
  return new GoText(listText(list, type));
}

function listText(list: readonly string[] | null | undefined, type = '[]string'): string {
  return list ? `${type}{${list.map(quote).join(', ')}}` : `${type}(nil)`;
}

/** A list of numbers as Go's `%#v` prints it: `[]int32{1, 2}`. */
export function goNumberList(list: readonly number[] | null | undefined, type = '[]int32'): GoText {
  return new GoText(list ? `${type}{${list.join(', ')}}` : `${type}(nil)`);
}

const bytesPrintedMax = 64 * 1024;

/**
 * Bytes, which JSON holds in base64, as Go's `%#v` prints them: `[]byte{0x66, 0x6f}`.
 * Differs from upstream: of more than 64 KiB none are printed, which would make an answer of 25 MB of a body of 3 MB.
 */
export function goBytes(base64: string | undefined): GoText {
  if (base64 === undefined) return new GoText('[]byte(nil)');
  const bytes = Buffer.from(base64, 'base64');
  const printed = bytes.length > bytesPrintedMax ? '...' : Array.from(bytes, (byte) => `0x${byte.toString(16)}`).join(', ');
  return new GoText(`[]byte{${printed}}`);
}

/** A time as Go prints it for people: `2026-01-01 00:00:00 +0000 UTC`. */
export function goTime(time: string): GoText {
  return new GoText(time.replace('T', ' ').replace(/Z$/, ' +0000 UTC'));
}

/** A struct without pointers; what is no GoText is a text, a number or a flag. */
export function goStruct(type: string, fields: Readonly<Record<string, GoText | string | number | boolean>>): GoText {
  const texts = Object.entries(fields).map(([name, value]) => `${name}:${typeof value === 'string' ? quote(value) : value}`);
  return new GoText(`${type}{${texts.join(', ')}}`);
}

/** JSON that is kept as it came, byte by byte. */
export function goRaw(value: unknown): GoText {
  const bytes = value === undefined || value === null ? undefined : [...Buffer.from(JSON.stringify(value))];
  const raw = bytes ? `{${bytes.map((byte) => `0x${byte.toString(16)}`).join(', ')}}` : '(nil)';
  return new GoText(`runtime.RawExtension{Raw:[]uint8${raw}, Object:runtime.Object(nil)}`);
}

/** A count or a percentage, which Go holds in a struct. */
export function goIntOrString(value: string | number): GoText {
  const isText = typeof value === 'string';
  return goStruct('intstr.IntOrString', { Type: isText ? 1 : 0, IntVal: isText ? 0 : value, StrVal: isText ? value : '' });
}

const decimalSuffixes: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** The whole number that Go holds of a quantity, undefined if there is none, and its decimal scale, undefined if its suffix says none. */
export function quantityAmount(quantity: string): { readonly value: string | undefined; readonly scale: number | undefined; readonly format: string } {
  const [, digits, suffix = ''] = /^(-?\d+)(.*)$/.exec(quantity) ?? [];
  const power = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].indexOf(suffix) + 1;
  if (power > 0) return { value: String(BigInt(digits!) << BigInt(10 * power)), scale: 0, format: 'BinarySI' };
  return { value: digits, scale: decimalSuffixes[suffix], format: 'DecimalSI' };
}

/**
 * A quantity as Go holds it: a whole number with a decimal scale, and what it has been printed as, if it has been.
 * @param quantity canonical: what a client wrote with a fraction has lost it by now, which shows in the scale
 */
export function goQuantity(quantity: string, isPrinted = true): GoText {
  const { value, scale, format } = quantityAmount(quantity);
  if (value === undefined || scale === undefined) return new GoText(quote(quantity)); // Go would print where in memory its digits lie.
  const amount = `resource.int64Amount{value:${value}, scale:${scale}}`;
  const printed = isPrinted ? quantity : '';
  return new GoText(`resource.Quantity{i:${amount}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:${quote(printed)}, Format:${quote(format)}}`);
}

/** A pointer to a selector. */
export function goSelector(selector: LabelSelector | null | undefined): GoText | undefined {
  if (!selector) return undefined;
  const expressions = selector.matchExpressions?.map(({ key, operator, values }) =>
    goStruct('v1.LabelSelectorRequirement', { Key: key ?? '', Operator: operator ?? '', Values: goStringList(values) }),
  );
  return goStruct('v1.LabelSelector', {
    MatchLabels: goStringMap(selector.matchLabels),
    MatchExpressions: new GoText(`[]v1.LabelSelectorRequirement${expressions ? `{${expressions.join(', ')}}` : '(nil)'}`),
  });
}

/** A selector as it prints itself in Go: `&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}`. */
export function selectorString({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`);
  const requirements = matchExpressions.map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${requirements.join('')}},}`;
}

/** Texts as Go's `%q` prints a list of them: `["a" "b"]`. */
export function goQuoted(list: readonly string[]): string {
  return `[${list.map(quote).join(' ')}]`;
}

/** A decoded JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`, keys sorted. */
export function goPlain(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goPlain).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const map = value as Readonly<Record<string, unknown>>;
  const entries = Object.keys(map)
    .sort()
    .map((key) => `${key}:${goPlain(map[key])}`);
  return `map[${entries.join(' ')}]`;
}

/** What encoding/json calls a value that does not fit: `cannot unmarshal array into …`. */
export function goJsonKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** The Go type of a decoded JSON value that is not null. */
export function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
