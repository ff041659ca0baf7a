/** awk's values: a field that looks like a number is compared as one, but keeps its text. */
export class NumericText {
  constructor(readonly text: string) {}
}

export type Scalar = number | string | NumericText;

const numberText = /^\s*[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)\s*$/;

/** What comes from outside: fields, getline, `-v`. */
export function fromInput(text: string): Scalar {
  return numberText.test(text) ? new NumericText(text) : text;
}

export function toNumber(value: Scalar | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  return Number.parseFloat(typeof value === 'string' ? value : value.text) || 0;
}

export function toText(value: Scalar | undefined, format: string): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof NumericText) return value.text;
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? String(value) : formatNumber(format, value);
}

export function truthy(value: Scalar | undefined): boolean {
  if (typeof value === 'string') return value !== '';
  return toNumber(value) !== 0;
}

/** Below, equal or above zero, as awk compares: by number where both are numbers, else by text. */
export function compareValues(a: Scalar | undefined, b: Scalar | undefined, format: string): number {
  if (typeof a !== 'string' && typeof b !== 'string') return toNumber(a) - toNumber(b);
  const [x, y] = [toText(a, format), toText(b, format)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function formatNumber(format: string, value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return sprintf(format, [value]);
}

/** Nothing is filled up further. */
const widthMax = 1_000_000;

/** C's printf over awk's values. */
export function sprintf(format: string, values: readonly (Scalar | undefined)[]): string {
  let next = 0;
  return format.replace(/%([-+ 0#]*)(\*|[1-9]\d*)?(?:\.(\*|\d+)?)?([a-zA-Z%])/g, (whole, flags: string, wide?: string, exact?: string, letter?: string) => {
    if (letter === '%') return '%';
    const star = () => Math.trunc(toNumber(values[next++]));
    let width = wide === '*' ? star() : Number(wide ?? 0);
    const hasPoint = /\./.test(whole);
    const precision = exact === '*' ? star() : exact === undefined ? (hasPoint ? 0 : undefined) : Number(exact);
    const left = flags.includes('-') || width < 0;
    width = Math.min(Math.abs(width), widthMax);
    const value = values[next++];
    const text = convert(letter as string, value, flags, precision);
    if (left) return text.padEnd(width);
    if (!flags.includes('0') || /[sc]/.test(letter as string)) return text.padStart(width);
    const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
    return sign + text.slice(sign.length).padStart(width - sign.length, '0');
  });
}

function convert(letter: string, value: Scalar | undefined, flags: string, precision: number | undefined): string {
  if (letter === 's') return toText(value, '%.6g').slice(0, precision ?? Number.POSITIVE_INFINITY);
  if (letter === 'c')
    return typeof value === 'number' ? String.fromCodePoint(Math.max(0, Math.trunc(value)) & 0x1fffff || 0) : toText(value, '%.6g').slice(0, 1);
  const number = toNumber(value);
  const sign = number < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const size = Math.abs(number);
  const integer = (radix: number) =>
    BigInt(Number.isFinite(size) ? Math.trunc(size) : 0)
      .toString(radix)
      .padStart(Math.min(precision ?? 1, widthMax), '0');
  const exponent = (text: string) => text.replace(/e([-+])(\d)$/, 'e$10$2');
  switch (letter) {
    case 'd':
    case 'i':
      return sign + integer(10);
    case 'u':
      return integer(10);
    case 'o':
      return integer(8);
    case 'x':
      return (flags.includes('#') ? '0x' : '') + integer(16);
    case 'X':
      return integer(16).toUpperCase();
    case 'e':
    case 'E':
      return sign + exponent(size.toExponential(Math.min(precision ?? 6, 100)));
    case 'f':
    case 'F':
      return sign + size.toFixed(Math.min(precision ?? 6, 100));
    case 'g':
    case 'G':
      return sign + general(size, precision ?? 6, exponent);
    default:
      return `%${letter}`;
  }
}

/** `%g`: the shorter of both forms, without zeros at the end. */
function general(size: number, precision: number, exponent: (text: string) => string): string {
  if (size === 0) return '0';
  const digits = Math.min(Math.max(precision, 1), 100);
  const power = Number(size.toExponential(digits - 1).split('e')[1]);
  const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (power < -4 || power >= digits) {
    const [mantissa = '', tail = ''] = size.toExponential(digits - 1).split('e');
    return exponent(`${trim(mantissa)}e${tail}`);
  }
  return trim(size.toFixed(Math.max(0, digits - 1 - power)));
}
