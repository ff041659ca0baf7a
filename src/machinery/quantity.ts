/**
 * Resource quantities (apimachinery/pkg/api/resource): an exact number with a family of suffixes.
 * The value is kept in nano units as a BigInt, so nothing is rounded on the way.
 */
export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

export interface ParsedQuantity {
  /** The value times 10^9. */
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

const giga = 1_000_000_000n;
const binary: Record<string, bigint> = { Ki: 1n << 10n, Mi: 1n << 20n, Gi: 1n << 30n, Ti: 1n << 40n, Pi: 1n << 50n, Ei: 1n << 60n };
const decimalExponents: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** Reads a quantity as it stands in an object; undefined if it is not one. Digits below nano are rounded up, as upstream does. */
export function parseQuantity(value: string | number | undefined | null): ParsedQuantity | undefined {
  if (value === undefined || value === null) return undefined;
  const text = String(value);
  if (text.length > parsedLengthMax) return parseText(text);
  const known = parsed.get(text);
  if (known !== undefined || parsed.has(text)) return known;
  const quantity = parseText(text);
  if (parsed.size >= parsedMax) parsed.clear();
  parsed.set(text, quantity);
  return quantity;
}

/** A cluster has few quantities, each in every pod, read several times per write. */
const parsed = new Map<string, ParsedQuantity | undefined>();
const parsedMax = 1000;
const parsedLengthMax = 32;

function parseText(text: string): ParsedQuantity | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|([KMGTPE]i)|([numkMGTPE]?))$/.exec(text);
  // Go counts a text without digits as nothing: `-`, `k`, `e3`.
  if (!match || text === '') return undefined;
  if (match[2]!.length + (match[3]?.length ?? 0) > 400) return undefined;
  const digits = BigInt(`0${match[2]}${match[3] ?? ''}`);
  const fraction = match[3]?.length ?? 0;
  const sign = match[1] === '-' ? -1n : 1n;
  if (match[5]) return { nano: sign * scaled(digits * (binary[match[5]] as bigint), 9 - fraction), format: 'BinarySI' };
  const exponent = match[4] ? Number(match[4].slice(1)) : (decimalExponents[match[6] ?? ''] as number);
  if (Math.abs(exponent) > 400) return undefined;
  return { nano: sign * scaled(digits, 9 + exponent - fraction), format: match[4] ? 'DecimalExponent' : 'DecimalSI' };
}

/** `digits` times 10^`exponent`, rounded away from zero. */
function scaled(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (digits + divisor - 1n) / divisor;
}

/** The canonical text: no fraction, the largest suffix that fits. */
export function formatQuantity({ nano, format }: ParsedQuantity): string {
  if (nano === 0n) return '0';
  const sign = nano < 0n ? '-' : '';
  const size = nano < 0n ? -nano : nano;
  if (format === 'BinarySI' && size >= 1024n * giga && size % giga === 0n) {
    let units = size / giga;
    let suffix = '';
    for (const next of Object.keys(binary)) {
      if (units % 1024n !== 0n) break;
      units /= 1024n;
      suffix = next;
    }
    return `${sign}${units}${suffix}`;
  }
  let units = size;
  let exponent = -9;
  while (exponent < 18 && units % 1000n === 0n) {
    units /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${sign}${units}` : `${sign}${units}e${exponent}`;
  const suffix = Object.keys(decimalExponents).find((name) => decimalExponents[name] === exponent) as string;
  return `${sign}${units}${suffix}`;
}

/** A quantity's text in canonical form; texts that are none come back as they are. */
export function canonicalQuantity(value: string | number): string {
  const parsed = parseQuantity(value);
  return parsed ? formatQuantity(parsed) : String(value);
}

/** Whole units, rounded up: bytes of memory, pieces. */
export function quantityValue(value: string | number | undefined): number {
  const parsed = parseQuantity(value);
  return parsed ? Number(ceilDiv(parsed.nano, giga)) : 0;
}

/** Thousandths, rounded up: CPU in millicores. */
export function quantityMilli(value: string | number | undefined): number {
  const parsed = parseQuantity(value);
  return parsed ? Number(ceilDiv(parsed.nano, 1_000_000n)) : 0;
}

/** An amount of a resource as upstream counts it: CPU in thousandths, everything else in whole units. */
export function resourceAmount(resource: string, value: string | number | undefined): number {
  return resource === 'cpu' ? quantityMilli(value) : quantityValue(value);
}

function ceilDiv(value: bigint, divisor: bigint): bigint {
  return value >= 0n ? (value + divisor - 1n) / divisor : value / divisor;
}

export function addQuantities(a: ParsedQuantity, b: ParsedQuantity): ParsedQuantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format };
}

export function compareQuantities(a: string | number, b: string | number): number {
  const [left, right] = [parseQuantity(a)?.nano ?? 0n, parseQuantity(b)?.nano ?? 0n];
  return left < right ? -1 : left > right ? 1 : 0;
}
