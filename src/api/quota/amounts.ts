import type { ParsedQuantity } from '../../machinery/quantity.ts';
import { addQuantities, formatQuantity, parseQuantity } from '../../machinery/quantity.ts';

/** Amounts by resource name, exact. */
export type Amounts = ReadonlyMap<string, ParsedQuantity>;

const zero: ParsedQuantity = { nano: 0n, format: 'DecimalSI' };

export function parseAmounts(texts: Readonly<Record<string, string>> | undefined): Map<string, ParsedQuantity> {
  const out = new Map<string, ParsedQuantity>();
  for (const [name, text] of Object.entries(texts ?? {})) {
    const parsed = parseQuantity(text);
    if (parsed) out.set(name, parsed);
  }
  return out;
}

/** By name, as texts in canonical form. */
export function formatAmounts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(sorted(amounts).map(([name, amount]) => [name, formatQuantity(amount)]));
}

/** `pods=1,requests.cpu=200m`: how messages show them. */
export function printAmounts(amounts: Amounts): string {
  return sorted(amounts)
    .map(([name, amount]) => `${name}=${formatQuantity(amount)}`)
    .join(',');
}

const sorted = (amounts: Amounts) => [...amounts].sort(([a], [b]) => (a < b ? -1 : 1));

export function count(pieces: number): ParsedQuantity {
  return { nano: BigInt(pieces) * 1_000_000_000n, format: 'DecimalSI' };
}

export function zeros(names: readonly string[]): Map<string, ParsedQuantity> {
  return new Map(names.map((name) => [name, zero]));
}

export function addAmounts(a: Amounts, b: Amounts): Map<string, ParsedQuantity> {
  const out = new Map(a);
  for (const [name, amount] of b) out.set(name, addQuantities(out.get(name) ?? zero, amount));
  return out;
}

/** What `a` has more than `b`; never below zero. */
export function excessOf(a: Amounts, b: Amounts): Map<string, ParsedQuantity> {
  const out = new Map<string, ParsedQuantity>();
  for (const [name, amount] of a) {
    const nano = amount.nano - (b.get(name)?.nano ?? 0n);
    out.set(name, { nano: nano < 0n ? 0n : nano, format: amount.format });
  }
  return out;
}

export function onlyNamed(amounts: Amounts, names: Iterable<string>): Map<string, ParsedQuantity> {
  const wanted = new Set(names);
  return new Map([...amounts].filter(([name]) => wanted.has(name)));
}

export function withoutZeros(amounts: Amounts): Map<string, ParsedQuantity> {
  return new Map([...amounts].filter(([, { nano }]) => nano !== 0n));
}

/** Names of which there is more in `a` than `limits` allow. */
export function namesAbove(a: Amounts, limits: Amounts): string[] {
  return [...a].filter(([name, amount]) => limits.has(name) && amount.nano > (limits.get(name) as ParsedQuantity).nano).map(([name]) => name);
}

export function sameAmounts(a: Amounts, b: Amounts): boolean {
  return a.size === b.size && [...a].every(([name, amount]) => b.get(name)?.nano === amount.nano);
}
