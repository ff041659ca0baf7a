import { podTemplateTypes } from '../../generated/types/pod-template.ts';
import { formatQuantity, parseQuantity } from '../machinery/quantity.ts';

/** Of a struct its fields, `GoName jsonName type` (`-` for the JSON name of an embedded one); of another named type what it is. */
type GoTypes = Readonly<Record<string, readonly string[] | string>>;

/** Those that read their JSON in a way of their own. */
const special: Readonly<Record<string, (value: unknown) => string>> = {
  'resource.Quantity': dumpQuantity,
  'intstr.IntOrString': dumpIntOrString,
  // Nobody sets a time in a template but the server, which says none.
  'time.Time': () => '{wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}',
};

let types: GoTypes | undefined;

/**
 * A value of the API as go-spew prints the Go struct that holds it, with types and keys in order (apimachinery/pkg/util/dump
 * ForHash): `{Replicas:(*int32)3 Paused:(bool)false}`. What is empty is nil, as it is for everyone who reads protobuf.
 * @param type the Go type of `value`, one that a pod template holds: `v1.Container`
 */
export function goDump(value: unknown, type: string): string {
  types ??= JSON.parse(podTemplateTypes) as GoTypes;
  const own = special[type];
  if (own) return own(value);
  const known = types[type] ?? type;
  if (typeof known !== 'string') return `{${known.map((field) => dumpField(field, value)).join(' ')}}`;
  if (known.startsWith('*')) return value === undefined || value === null ? '<nil>' : goDump(value, known.slice(1));
  if (known.startsWith('[]')) return dumpList(value, known.slice(2));
  if (known.startsWith('map[')) return dumpMap(value, known.slice(known.indexOf(']') + 1));
  if (known === 'string') return String(value ?? '');
  return known === 'bool' ? String(value ?? false) : String(value ?? 0);
}

function dumpField(field: string, object: unknown): string {
  const [goName = '', jsonName = '', type = ''] = field.split(' ');
  const value = jsonName === '-' ? object : (object as Readonly<Record<string, unknown>> | undefined)?.[jsonName];
  return `${goName}:(${type})${goDump(value, type)}`;
}

function dumpList(value: unknown, type: string): string {
  const list = (value ?? []) as readonly unknown[];
  return list.length === 0 ? '<nil>' : `[${list.map((item) => goDump(item, type)).join(' ')}]`;
}

function dumpMap(value: unknown, type: string): string {
  const map = (value ?? {}) as Readonly<Record<string, unknown>>;
  const keys = Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return keys.length === 0 ? '<nil>' : `map[${keys.map((key) => `${key}:${goDump(map[key], type)}`).join(' ')}]`;
}

function dumpIntOrString(value: unknown): string {
  const [number, text] = typeof value === 'string' ? [0, value] : [(value as number | undefined) ?? 0, ''];
  return `{Type:(intstr.Type)${typeof value === 'string' ? 1 : 0} IntVal:(int32)${number} StrVal:(string)${text}}`;
}

const suffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const int64Max = 2n ** 63n - 1n;

/**
 * How a Quantity holds its canonical text (apimachinery/pkg/api/resource ParseQuantity): as a number and a power of ten, with the text
 * where it need not be worked out again; as a decimal of any size where the number might be too large.
 */
function dumpQuantity(value: unknown): string {
  const parsed = parseQuantity(value as string | undefined);
  if (!parsed) return quantityDump({ value: 0n, scale: 0, text: '', format: '' });
  const text = formatQuantity(parsed);
  if (text === '0') return quantityDump({ value: 0n, scale: 0, text, format: 'DecimalSI' });
  const [, sign = '', digits = '', suffix = ''] = /^(-?)(\d+)(.*)$/.exec(text) ?? [];
  const number = BigInt(digits);
  const signed = (amount: bigint) => (sign ? -amount : amount);
  const { format } = parsed;
  const binary = binarySuffixes.indexOf(suffix) + 1;
  if (format === 'BinarySI') {
    const amount = number << BigInt(10 * binary);
    const precision = 15 - digits.length - Math.trunc(binary * 3) - 1;
    if (precision < 0 || amount > int64Max) return quantityDump({ decimal: signed(amount), text: '', format });
    return quantityDump({ value: signed(amount), scale: 0, text: (number & 7n) === 0n ? '' : text, format });
  }
  const scale = format === 'DecimalExponent' ? Number(suffix.slice(1)) : 3 * (suffixes.indexOf(suffix) - 3);
  if (digits.length > 18) return quantityDump({ decimal: signed(number), decimalScale: -scale, text: '', format });
  return quantityDump({ value: signed(number), scale, text: digits.endsWith('000') ? '' : text, format });
}

interface QuantityParts {
  readonly value?: bigint;
  readonly scale?: number;
  readonly decimal?: bigint;
  readonly decimalScale?: number;
  readonly text: string;
  readonly format: string;
}

function quantityDump({ value = 0n, scale = 0, decimal, decimalScale = 0, text, format }: QuantityParts): string {
  const dec = decimal === undefined ? '<nil>' : `{unscaled:(big.Int)${bigDump(decimal)} scale:(inf.Scale)${decimalScale}}`;
  const amount = `i:(resource.int64Amount){value:(int64)${value} scale:(resource.Scale)${scale}} d:(resource.infDecAmount){Dec:(*inf.Dec)${dec}}`;
  return `{${amount} s:(string)${text} Format:(resource.Format)${format}}`;
}

function bigDump(number: bigint): string {
  const words: bigint[] = [];
  for (let rest = number < 0n ? -number : number; rest > 0n; rest >>= 64n) words.push(rest & (2n ** 64n - 1n));
  return `{neg:(bool)${number < 0n} abs:(big.nat)[${words.join(' ')}]}`;
}
