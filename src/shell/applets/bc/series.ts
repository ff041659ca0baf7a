/** The functions of `bc -l`, as fixed-point series: s, c, a, l, e. Each step gives others a turn. */
import type { Process, Syscall } from '../../kernel/types.ts';
import { Failure } from '../lib/applet.ts';
import type { Decimal } from './number.ts';
import { ten, withScale } from './number.ts';

/** Spare digits that take up the rounding. */
const guardDigits = 12;
const exponentMax = 20_000n;

type Series = (process: Process, x: bigint, unit: bigint) => Syscall<bigint>;

/** Adds terms until they vanish; `next` gives each from the one before. */
function* sum(
  process: Process,
  first: bigint,
  next: (term: bigint, n: bigint) => bigint,
  shown: (term: bigint, n: bigint) => bigint = (term) => term,
): Syscall<bigint> {
  let total = 0n;
  let term = first;
  for (let n = 1n; term !== 0n; n += 1n) {
    total += shown(term, n);
    term = next(term, n);
    process.charge(1 + (term.toString(16).length >> 8));
    yield* process.step();
  }
  return total;
}

function* exponential(process: Process, x: bigint, unit: bigint): Syscall<bigint> {
  if (x < 0n) return (unit * unit) / (yield* exponential(process, -x, unit));
  if (x / unit > exponentMax) throw new Failure('numbers of so many digits are not simulated');
  // e^x = (e^(x/2^k))^(2^k), with a small x that ends soon.
  let halvings = 0n;
  while (x >> halvings > unit >> 4n) halvings += 1n;
  let value = yield* sum(process, unit, (term, n) => (term * (x >> halvings)) / unit / n);
  for (let i = 0n; i < halvings; i += 1n) value = (value * value) / unit;
  return value;
}

function* sine(process: Process, x: bigint, unit: bigint): Syscall<bigint> {
  const circle = 8n * (yield* arctan(process, unit, unit));
  const within = x % circle;
  return yield* sum(process, within, (term, n) => (-term * within * within) / (unit * unit) / (2n * n) / (2n * n + 1n));
}

function* cosine(process: Process, x: bigint, unit: bigint): Syscall<bigint> {
  const quarter = 2n * (yield* arctan(process, unit, unit));
  return yield* sine(process, x + quarter, unit);
}

function* arctan(process: Process, x: bigint, unit: bigint): Syscall<bigint> {
  if (x < 0n) return -(yield* arctan(process, -x, unit));
  // arctan(x) = 2 arctan(x / (1 + sqrt(1 + x^2))), until x is small.
  let small = x;
  let doublings = 0n;
  while (small > unit / 5n) {
    small = (small * unit) / (unit + root(unit * unit + small * small));
    doublings += 1n;
    yield* process.step();
  }
  const square = (small * small) / unit;
  const value = yield* sum(
    process,
    small,
    (term) => (-term * square) / unit,
    (term, n) => term / (2n * n - 1n),
  );
  return value << doublings;
}

function root(value: bigint): bigint {
  let guess = 1n << BigInt((value.toString(16).length * 4) / 2 + 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

function* logarithm(process: Process, x: bigint, unit: bigint): Syscall<bigint> {
  // ln(x) = 2^k ln(x^(1/2^k)), near one, where 2 artanh((y-1)/(y+1)) ends soon.
  let near = x;
  let doublings = 1n;
  while (near > unit + unit / 8n || near < unit - unit / 8n) {
    near = root(near * unit);
    doublings += 1n;
    yield* process.step();
  }
  const ratio = ((near - unit) * unit) / (near + unit);
  const square = (ratio * ratio) / unit;
  const value = yield* sum(
    process,
    ratio,
    (term) => (term * square) / unit,
    (term, n) => term / (2n * n - 1n),
  );
  return value << doublings;
}

const functions: Readonly<Record<string, Series>> = { s: sine, c: cosine, a: arctan, l: logarithm, e: exponential };

export const isSeries = (name: string): boolean => Object.hasOwn(functions, name);

/** The value to `scale` places, cut. Throws Failure. */
export function* seriesValue(process: Process, name: string, x: Decimal, scale: number): Syscall<Decimal> {
  if (name === 'l' && x.digits <= 0n) return { digits: 1n - ten(scale), scale: 0 };
  // What grows in front of the point takes digits of precision away behind it.
  const front = name === 'e' ? Math.max(0, Math.ceil(Number(x.digits / ten(x.scale)) * Math.LOG10E)) : String(x.digits / ten(x.scale)).length;
  const places = scale + guardDigits + front;
  const value = yield* (functions[name] as Series)(process, withScale(x, places).digits, ten(places));
  return withScale({ digits: value, scale: places }, scale);
}
