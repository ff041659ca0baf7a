import { Failure } from '../lib/applet.ts';

/** A decimal number: `digits` over ten to the power of `scale`. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Numbers are worked with at a stretch, so that they must not take long. */
const digitsMax = 50_000;
const bitsMax = digitsMax * 3.33;
/** In another base than ten, where each digit takes a division. */
const otherDigitsMax = 2000;

const tooLong = (digits = digitsMax, where = '') => new Failure(`numbers of more than ${digits} digits${where} are not simulated`);

export const zero: Decimal = { digits: 0n, scale: 0 };
export const one: Decimal = { digits: 1n, scale: 0 };
export const fromInteger = (value: number): Decimal => ({ digits: BigInt(Math.trunc(value)), scale: 0 });

const tens = new Map<number, bigint>();

export function ten(power: number): bigint {
  if (power > digitsMax) throw tooLong();
  const known = tens.get(power);
  if (known !== undefined) return known;
  const value = 10n ** BigInt(power);
  if (tens.size < 64) tens.set(power, value);
  return value;
}

/** Cut or filled up to so many places. */
export function withScale({ digits, scale }: Decimal, wanted: number): Decimal {
  if (scale === wanted) return { digits, scale };
  return { digits: wanted > scale ? digits * ten(wanted - scale) : digits / ten(scale - wanted), scale: wanted };
}

function aligned(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [withScale(a, scale).digits, withScale(b, scale).digits, scale];
}

export function add(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return { digits: x + y, scale };
}

export function negate({ digits, scale }: Decimal): Decimal {
  return { digits: -digits, scale };
}

export function compare(a: Decimal, b: Decimal): number {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function multiply(a: Decimal, b: Decimal, scale: number): Decimal {
  checkSize(bitLength(a.digits) + bitLength(b.digits));
  return withScale({ digits: a.digits * b.digits, scale: a.scale + b.scale }, Math.min(a.scale + b.scale, Math.max(scale, a.scale, b.scale)));
}

/** To `scale` places, cut. Throws Failure for a zero. */
export function divide(a: Decimal, b: Decimal, scale: number): Decimal {
  if (b.digits === 0n) throw new Failure('divide by zero');
  const shift = scale + b.scale - a.scale;
  const digits = shift >= 0 ? (a.digits * ten(shift)) / b.digits : a.digits / (b.digits * ten(-shift));
  return { digits, scale };
}

/** What a division to `scale` places leaves. */
export function remainder(a: Decimal, b: Decimal, scale: number): Decimal {
  const quotient = divide(a, b, scale);
  const kept = Math.max(scale + b.scale, a.scale);
  return withScale(add(a, negate({ digits: quotient.digits * b.digits, scale: quotient.scale + b.scale })), kept);
}

/** To a whole power. */
export function power(base: Decimal, exponent: Decimal, scale: number): Decimal {
  if (exponent.digits % ten(exponent.scale) !== 0n) throw new Failure('not an integer');
  const count = exponent.digits / ten(exponent.scale);
  const size = count < 0n ? -count : count;
  if (base.digits === 0n && count < 0n) throw new Failure('divide by zero');
  checkSize(bitLength(base.digits) * Number(size));
  const places = base.scale * Number(size);
  if (places > digitsMax) throw tooLong();
  const whole = { digits: base.digits ** size, scale: places };
  return count < 0n ? divide(one, whole, scale) : withScale(whole, Math.min(places, Math.max(scale, base.scale)));
}

/** Throws Failure for what is below zero. */
export function squareRoot(value: Decimal, scale: number): Decimal {
  if (value.digits < 0n) throw new Failure('negative number');
  const places = Math.max(scale, value.scale);
  return { digits: integerRoot(withScale(value, places * 2).digits), scale: places };
}

/** The largest whole number whose square is not more (Newton's way). */
function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((bitLength(value) >> 1) + 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function bitLength(value: bigint): number {
  return (value < 0n ? -value : value).toString(16).length * 4;
}

function checkSize(bits: number): void {
  if (bits > bitsMax) throw tooLong();
}

/** How many digits there are, as `length()` counts them. */
export function lengthOf({ digits, scale }: Decimal): number {
  return Math.max(String(digits < 0n ? -digits : digits).length, scale);
}

const letters = '0123456789ABCDEF';

/** Reads digits of a base from 2 to 16; a digit that the base does not have counts as its highest one, but stands for itself where it is alone. */
export function parseDecimal(text: string, base: number): Decimal {
  const [whole = '', fraction = ''] = text.split('.');
  const digitOf = (letter: string) => (text.length === 1 ? letters.indexOf(letter) : Math.min(letters.indexOf(letter), base - 1));
  if (text.length > (base === 10 ? digitsMax : otherDigitsMax)) throw tooLong(base === 10 ? digitsMax : otherDigitsMax, base === 10 ? '' : ' in other bases');
  if (base === 10 && /^[\d.]*$/.test(text)) return { digits: BigInt(whole + fraction || '0'), scale: fraction.length };
  let digits = 0n;
  for (const letter of whole + fraction) digits = digits * BigInt(base) + BigInt(digitOf(letter));
  if (fraction === '') return { digits, scale: 0 };
  return { digits: (digits * ten(fraction.length)) / BigInt(base) ** BigInt(fraction.length), scale: fraction.length };
}

/** As bc prints a number: no zero before the point, digits past 15 as decimal numbers with spaces before. */
export function formatDecimal({ digits, scale }: Decimal, base: number): string {
  if (digits === 0n) return '0';
  const sign = digits < 0n ? '-' : '';
  const size = digits < 0n ? -digits : digits;
  if (base === 10) {
    const text = String(size).padStart(scale, '0');
    const whole = text.slice(0, text.length - scale);
    return `${sign}${whole}${scale > 0 ? `.${text.slice(text.length - scale)}` : ''}`;
  }
  if (scale > otherDigitsMax || bitLength(size) > otherDigitsMax * 4) throw tooLong(otherDigitsMax, ' in other bases');
  const unit = ten(scale);
  const whole = size / unit;
  const fraction = fractionDigits(size % unit, unit, base);
  const separator = base > 16 ? ' ' : '';
  const width = String(base - 1).length;
  const shown = (digit: number) => (base <= 16 ? (letters[digit] as string) : separator + String(digit).padStart(width, '0'));
  const front = whole === 0n ? '' : wholeDigits(whole, base).map(shown).join('');
  return `${sign}${front}${fraction.length > 0 ? `.${fraction.map(shown).join('').replace(/^ /, '')}` : ''}`;
}

function wholeDigits(value: bigint, base: number): number[] {
  if (base >= 2 && base <= 36) return [...value.toString(base)].map((digit) => Number.parseInt(digit, 36));
  const digits: number[] = [];
  for (let rest = value; rest > 0n; rest /= BigInt(base)) digits.unshift(Number(rest % BigInt(base)));
  return digits;
}

/** As many as the decimal places are worth. */
function fractionDigits(value: bigint, unit: bigint, base: number): number[] {
  const digits: number[] = [];
  let rest = value;
  for (let reached = 1n; reached < unit; reached *= BigInt(base)) {
    rest *= BigInt(base);
    digits.push(Number(rest / unit));
    rest %= unit;
  }
  return digits;
}
