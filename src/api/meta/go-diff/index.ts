import { quantityAmount, selectorString } from '../../../machinery/go-syntax.ts';
import type { Compared } from './compare.ts';
import { absent, compareGo, isNil } from './compare.ts';
import type { GoType, GoTypes } from './go-types.ts';
import { fieldOf, isZero } from './go-types.ts';
import { context, ellipsis, type Layout, layOut, leftOut, type Row } from './layout.ts';
import { areLongTexts, differentTexts, quoted } from './text-diff.ts';

export { GoTypes } from './go-types.ts';

/**
 * The difference of two values as go-cmp's Diff prints it in the messages of refused updates: `-` before, `+` after, equal parts left out but for
 * two on each side, and shortened.
 * @param name of the values' Go type; the values themselves are JSON
 */
export function goDiff(types: GoTypes, name: string, before: unknown, after: unknown): string {
  return layOut(differenceOf(compareGo(types.type(name), before, after), 'always'));
}

/** Whether a value's type stands before it: always, if it is made of parts, or never. */
type Typed = 'always' | 'composite' | 'never';
/** Which side is shown: `=` for parts that are the same in both. */
type Side = '=' | '-' | '+';

/** After so many parts that differ, or of what has gone or come, the rest is only counted; after so many of what is the same too. */
const mostDifferent = 16;
const mostSame = 4;
const braces = (rows: readonly Row[]): Layout => ({ before: '{', value: rows, behind: '}' });
const partTypes: Readonly<Record<string, Typed>> = { struct: 'composite', list: 'never', map: 'never' };
const partNames: Readonly<Record<string, readonly [string, string]>> = {
  struct: ['field', 'fields'],
  list: ['element', 'elements'],
  map: ['entry', 'entries'],
};

function differenceOf(place: Compared, typed: Typed): Layout {
  const { type } = place;
  if (place.depth === 0) {
    if (place.different === 0) return sideOf(place, '=', typed)!;
    const rows = (['-', '+'] as const).map((sign) => ({ sign, value: sideOf(place, sign, 'never') ?? 'nil' }));
    return { before: `${type.name}(`, value: rows, behind: ')' };
  }
  if (type.kind === 'pointer') return { before: '&', value: differenceOf(place.parts[0]!.value, typed), behind: '' };
  return withType(type, braces(differentParts(place)), typed);
}

function differentParts({ type, parts }: Compared): Row[] {
  const typed = partTypes[type.kind]!;
  const rows: Row[] = [];
  let shown = 0;
  for (let i = 0; i < parts.length; ) {
    const isSame = parts[i]!.value.different === 0;
    let end = i;
    while (end < parts.length && (parts[end]!.value.different === 0) === isSame) end += 1;
    const group = parts.slice(i, end);
    if (shown >= mostDifferent) {
      rows.push({ value: ellipsis, comment: counted(parts.slice(i), type) });
      break;
    }
    if (isSame) rows.push(...samePart(group, i === 0, end === parts.length, type, typed));
    else {
      rows.push(...group.flatMap((part) => differentPart(keyOf(type, part.key), part.value, typed)));
      shown += group.length;
    }
    i = end;
  }
  return rows;
}

function samePart(group: Compared['parts'], isFirst: boolean, isLast: boolean, type: GoType, typed: Typed): Row[] {
  const low = isFirst ? 0 : Math.min(context, group.length);
  let high = isLast ? 0 : Math.min(context, group.length - low);
  // A single one is shown rather than counted.
  if (group.length - low - high === 1) high += 1;
  const row = ({ key, value }: Compared['parts'][number]): Row => ({ key: keyOf(type, key), value: sideOf(value, '=', typed)! });
  const hidden = group.slice(low, group.length - high);
  return [
    ...group.slice(0, low).map(row),
    ...(hidden.length > 0 ? [{ value: ellipsis, comment: counted(hidden, type) }] : []),
    ...group.slice(group.length - high).map(row),
  ];
}

/** What differs in one thing only is shown before and after; otherwise the difference goes on inside. */
function differentPart(key: string, value: Compared, typed: Typed): Row[] {
  if (areLongTexts(value.before, value.after)) return [{ key, value: differentTexts(value.before, value.after as string) }];
  if (value.count !== value.depth) return [{ key, value: differenceOf(value, typed) }];
  const rows: Row[] = [];
  for (const sign of ['-', '+'] as const) {
    const layout = sideOf(value, sign, typed);
    if (layout !== undefined) rows.push({ sign, key, value: layout });
  }
  return rows;
}

function counted(parts: Compared['parts'], { kind }: GoType): string {
  const counts: Record<string, number> = { identical: 0, removed: 0, inserted: 0, modified: 0 };
  for (const { value } of parts) {
    if (value.different === 0) counts.identical! += 1;
    else if (value.after === absent) counts.removed! += 1;
    else if (value.before === absent) counts.inserted! += 1;
    else counts.modified! += 1;
  }
  return leftOut(counts, partNames[kind]!);
}

/** One side of a place, its parts as they were compared; undefined where it is absent. */
function sideOf(place: Compared, side: Side, typed: Typed): Layout | undefined {
  // What is the same is shown with little detail, what has gone or come with much, however deep it lies.
  const detail = side === '=' ? 1 : 3;
  const { type, parts } = place;
  const value = side === '+' ? place.after : place.before;
  if (place.depth === 0) return wholeValue(type, value, side, { detail, typed });
  if (type.kind === 'pointer') return { before: '&', value: sideOf(parts[0]!.value, side, typed)!, behind: '' };
  const most = side === '=' ? mostSame : mostDifferent;
  const rows: Row[] = [];
  for (const { key, value: part } of parts) {
    if (rows.length === most) {
      rows.push({ value: ellipsis });
      break;
    }
    const isEmpty = side === '=' ? isZero(part.type, part.before) || isZero(part.type, part.after) : isZero(part.type, side === '-' ? part.before : part.after);
    if (type.kind === 'struct' && isEmpty) continue;
    const layout = sideOf(part, side, partTypes[type.kind]!);
    if (layout !== undefined) rows.push({ key: keyOf(type, key), value: layout });
  }
  return withType(type, braces(rows), typed, side);
}

interface Options {
  /** How much of a value is shown; one less for each level of parts. */
  readonly detail: number;
  readonly typed: Typed;
}

/** A value that was compared as a whole. */
function wholeValue(type: GoType, value: unknown, side: Side, options: Options): Layout | undefined {
  if (value === absent) return undefined;
  const { detail, typed } = options;
  const inner = (of: GoType, part: unknown, next: Typed): Layout => wholeValue(of, part, side, { detail: detail - 1, typed: next })!;
  const most = detail > 0 ? 2 ** (detail + 1) : 0;
  const rowsOf = <T>(items: readonly T[], row: (item: T) => Row): Layout =>
    withType(type, braces(items.length > most ? [...items.slice(0, most).map(row), { value: ellipsis }] : items.map(row)), typed, side);
  switch (type.kind) {
    case 'scalar':
      return scalar(type, value, detail);
    case 'quantity':
      return withType(type, quantity(String(value ?? '0'), detail, side !== '='), typed, side);
    case 'pointer':
      if (value === undefined || value === null) return 'nil';
      if (printers[type.of.name]) return text('s', printers[type.of.name]!(value as never), detail);
      return { before: '&', value: wholeValue(type.of, value, side, options)!, behind: '' };
    case 'struct': {
      const set = type.fields().filter((field) => !isZero(field.type, fieldOf(value, field)));
      return rowsOf(set, (field) => ({ key: field.name, value: inner(field.type, fieldOf(value, field), 'composite') }));
    }
    case 'list':
      if (isNil(type, value)) return 'nil';
      return rowsOf(value as unknown[], (item) => ({ value: inner(type.of, item, 'never') }));
    default: {
      if (isNil(type, value)) return 'nil';
      const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
      return rowsOf(entries, ([key, item]) => ({ key: keyOf(type, key), value: inner(type.of, item, 'never') }));
    }
  }
}

/** `side` is absent in the midst of a difference. */
function withType({ name, kind }: GoType, layout: Layout, typed: Typed, side?: Side): Layout {
  if (typed === 'never' || kind === 'scalar' || kind === 'pointer') return layout;
  if (typed === 'composite' && side === '=') return layout;
  return { before: name, value: layout, behind: '' };
}

/** Keys of a map are texts; those of a type that prints itself say so. */
function keyOf(type: GoType, key: string): string {
  if (type.kind !== 'map') return key;
  return type.key.name === 'core.ResourceName' ? `s${JSON.stringify(key)}` : JSON.stringify(key);
}

function scalar({ name }: GoType, value: unknown, detail: number): string {
  if (typeof value === 'string') return text(name === 'core.ResourceName' ? 's' : '', value, detail);
  if (value !== undefined && value !== null) return String(value);
  if (name === 'bool') return 'false';
  return /^int\d+$/.test(name) ? '0' : '""';
}

/** @param mark `s` for what a value prints of itself */
function text(mark: '' | 's', value: string, detail: number): string {
  const most = (2 ** Math.max(0, detail)) << 5;
  const isCut = value.length > most + ellipsis.length;
  return `${mark}${quoted(isCut ? value.slice(0, most) : value)}${isCut ? ellipsis : ''}`;
}

/** Types of which a pointer prints itself, and how. */
const printers: Readonly<Record<string, (value: never) => string>> = {
  'resource.Quantity': String,
  'intstr.IntOrString': String,
  'v1.LabelSelector': selectorString,
};

/** A quantity as the struct that it is in Go. */
function quantity(text: string, detail: number, typed: boolean): Layout {
  if (detail < 1) return braces([{ value: ellipsis }]);
  const { value = '0', scale = 0, format } = quantityAmount(text);
  const number: Row[] = [...(value === '0' ? [] : [{ key: 'value', value }]), ...(scale === 0 ? [] : [{ key: 'scale', value: String(scale) }])];
  const i = braces(detail > 1 || number.length === 0 ? number : [{ value: ellipsis }]);
  return braces([
    ...(number.length > 0 ? [{ key: 'i', value: typed ? { before: 'resource.int64Amount', value: i, behind: '' } : i }] : []),
    { key: 's', value: JSON.stringify(text) },
    { key: 'Format', value: `"${format}"` },
  ]);
}
