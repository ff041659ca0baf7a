import { goJson } from '../codec/go-json.ts';

/**
 * One step of a path as it is written in a FieldsV1 set (structured-merge-diff fieldpath.PathElement): `f:name` for a field,
 * `k:{"name":"c"}` for a list item found by its keys, `v:"x"` for one found by its value, `i:0` for one found by its place.
 */
export type PathElement = string;

const kinds = 'fkvi';

/** The order in which upstream writes elements: fields, keys, values, indices; each by content. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  const kind = a.charCodeAt(0);
  if (kind !== b.charCodeAt(0)) return kinds.indexOf(a[0]!) - kinds.indexOf(b[0]!);
  if (kind === 0x66) return a < b ? -1 : 1;
  if (kind === 0x6b) return compareKeys(remembered(a) as KeyEntries, remembered(b) as KeyEntries);
  return compareValues(remembered(a), remembered(b));
}

type KeyEntries = readonly (readonly [name: string, value: unknown])[];

type Keys = Readonly<Record<string, unknown>>;

function compareKeys(left: KeyEntries, right: KeyEntries): number {
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    const [[name, value], [otherName, otherValue]] = [left[index]!, right[index]!];
    if (name !== otherName) return name < otherName ? -1 : 1;
    const order = compareValues(value, otherValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const types = ['number', 'string', 'boolean', 'object'];

function compareValues(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) return types.indexOf(typeof a) - types.indexOf(typeof b);
  if (a === b) return 0;
  return (a as number) < (b as number) ? -1 : 1;
}

/** What elements say, for comparing: keys as entries, values as they are. The same few are put in order again and again. */
const contents = new Map<PathElement, unknown>();
const contentsMax = 1000;

function remembered(element: PathElement): unknown {
  let content = contents.get(element);
  if (content === undefined) {
    const parsed = parse(element);
    content = element[0] === 'k' ? Object.entries(parsed as Keys) : parsed;
    if (contents.size < contentsMax) contents.set(element, content);
  }
  return content;
}

function parse(element: PathElement): unknown {
  return JSON.parse(element.slice(2));
}

export function valueElement(value: unknown): PathElement {
  return `v:${goJson(value)}`;
}

/** `names` in alphabetical order; absent values are left out. */
export function keyElement(names: readonly string[], values: readonly unknown[]): PathElement {
  let text = '';
  for (let index = 0; index < names.length; index += 1) {
    if (values[index] === undefined) continue;
    text += `${text ? ',' : ''}${goJson(names[index])}:${goJson(values[index])}`;
  }
  return `k:{${text}}`;
}

/** The element as messages show it: `.name`, `[name="c"]`, `[="x"]`, `[0]`. */
export function showElement(element: PathElement): string {
  const content = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${content}`;
    case 'k':
      return `[${Object.entries(JSON.parse(content) as Keys)
        .map(([name, value]) => `${name}=${showValue(value)}`)
        .join(',')}]`;
    case 'v':
      return `[=${showValue(JSON.parse(content))}]`;
    default:
      return `[${content}]`;
  }
}

/** As structured-merge-diff's value.ToString has it. */
function showValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showValue).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${key}=${showValue(one)}`)
    .join('');
}

export function showPath(path: readonly PathElement[]): string {
  return path.map(showElement).join('');
}

/** Whether an element that a client wrote can be read; undefined for kinds of elements that a later version may know. */
export function checkElement(element: string): boolean | undefined {
  if (element.length < 2 || element[1] !== ':') return false;
  if (!kinds.includes(element[0]!)) return undefined;
  if (element[0] === 'f') return true;
  try {
    const content = parse(element);
    if (element[0] === 'k') return typeof content === 'object' && content !== null && !Array.isArray(content);
    return element[0] === 'v' || Number.isInteger(content);
  } catch {
    return false;
  }
}

/** A key as a client wrote it, with its names in order. */
export function canonicalElement(element: string): PathElement {
  if (element[0] === 'v') return valueElement(parse(element));
  if (element[0] !== 'k') return element;
  const keys = parse(element) as Keys;
  const names = Object.keys(keys).sort();
  return keyElement(
    names,
    names.map((name) => keys[name]),
  );
}
