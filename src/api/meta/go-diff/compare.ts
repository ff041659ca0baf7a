import { editScript } from './edits.ts';
import type { GoType } from './go-types.ts';
import { fieldOf, isZero } from './go-types.ts';

/** A place in two values that are compared; of one that is in one of them only, the other is `absent`. */
export interface Compared {
  readonly type: GoType;
  readonly before: unknown;
  readonly after: unknown;
  /** Parts, by name (fields), key (entries of a map) or place (items of a list); none where the values were compared as a whole. */
  readonly parts: readonly { readonly key: string; readonly value: Compared }[];
  /** How many values that have no parts are the same below this place, or differ. */
  readonly same: number;
  readonly different: number;
  /** How many places there are below, and how deep they go. */
  readonly count: number;
  readonly depth: number;
}

export const absent = Symbol('absent');

/** Compares as go-cmp does: what is nil on one side as a whole, lists by their shortest edit, structs field by field. */
export function compareGo(type: GoType, before: unknown, after: unknown): Compared {
  const whole = (isSame: boolean): Compared => ({ type, before, after, parts: [], same: isSame ? 1 : 0, different: isSame ? 0 : 1, count: 0, depth: 0 });
  if (before === absent || after === absent) return whole(false);
  if (type.kind === 'scalar') return whole(before === after || (isZero(type, before) && isZero(type, after)));
  if (type.kind === 'quantity') return whole((before ?? '0') === (after ?? '0'));
  const parts = (list: Compared['parts']): Compared => {
    const sum = (count: (one: Compared) => number): number => list.reduce((total, { value }) => total + count(value), 0);
    return {
      type,
      before,
      after,
      parts: list,
      same: sum((one) => one.same),
      different: sum((one) => one.different),
      count: sum((one) => one.count + 1),
      depth: list.reduce((deepest, { value }) => Math.max(deepest, value.depth + 1), 0),
    };
  };
  if (type.kind === 'struct')
    return parts(type.fields().map((field) => ({ key: field.name, value: compareGo(field.type, fieldOf(before, field), fieldOf(after, field)) })));
  if (isNil(type, before) || isNil(type, after)) return whole(isNil(type, before) && isNil(type, after));
  if (type.kind === 'pointer') return parts([{ key: '', value: compareGo(type.of, before, after) }]);
  if (type.kind === 'list') return parts(items(type.of, before as unknown[], after as unknown[]));
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  const entry = (map: Record<string, unknown>, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : absent);
  return parts(keys.map((key) => ({ key, value: compareGo(type.of, entry(old, key), entry(now, key)) })));
}

/** JSON cannot tell an empty list or map from none. */
export function isNil(type: GoType, value: unknown): boolean {
  return type.kind === 'pointer' ? value === undefined || value === null : isZero(type, value);
}

/** Items that are the same stay side by side; of those between them, items that have enough in common do. */
function items(of: GoType, before: readonly unknown[], after: readonly unknown[]): Compared['parts'] {
  const edits = editScript(before.length, after.length, (i, j) => {
    const { same, different } = compareGo(of, before[i], after[j]);
    if (different === 0) return 'equal';
    return same + 1 >= different ? 'similar' : 'different';
  });
  let [i, j] = [0, 0];
  return edits.map((edit) => ({ key: '', value: compareGo(of, edit === '+' ? absent : before[i++], edit === '-' ? absent : after[j++]) }));
}
