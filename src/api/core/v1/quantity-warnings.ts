import type { FieldPath } from '../../../machinery/field-error.ts';
import { canonicalQuantity, parseQuantity } from '../../../machinery/quantity.ts';

/** Bytes come in whole numbers: what is said of quantities of them that do not, in the order of `names`. */
export function fractionWarnings(at: FieldPath, quantities: Readonly<Record<string, string>> | undefined, names: readonly string[]): string[] {
  if (!quantities) return [];
  return names.flatMap((name) => {
    const value = quantities[name];
    const parsed = value === undefined ? undefined : parseQuantity(value);
    if (!parsed || parsed.nano % 1_000_000_000n === 0n) return [];
    return [`${at.key(name)}: fractional byte value "${canonicalQuantity(value as string)}" is invalid, must be an integer`];
  });
}
