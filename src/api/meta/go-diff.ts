import { semanticEqual } from '../../machinery/deep.ts';

type Kind = 'string' | 'pointer' | 'list' | 'map' | 'struct' | 'bool';

/** A Go struct, as far as printing a difference needs to know it. */
export interface GoStruct {
  readonly type: string;
  readonly fields: readonly { readonly name: string; readonly kind: Kind }[];
  /** What the entries of a list field are, where a difference is shown inside them. */
  readonly elements?: Readonly<Record<string, GoStruct>>;
}

/** Fields of equal value that are shown before and after a changed one. */
const context = 2;

type Json = Record<string, unknown>;
interface Line {
  readonly sign: ' ' | '-' | '+';
  /** Absent for lines that take no part in aligning. */
  readonly key?: string;
  readonly text: string;
}

/**
 * The difference of two values as go-cmp prints it in the message of a refused pod update: `-` before, `+` after, equal fields left out
 * but for two on each side.
 * Differs from upstream: values deep inside a field are printed whole, where go-cmp would open and abbreviate them.
 */
export function goDiff(type: string, before: unknown, after: unknown, shape: GoStruct): string {
  const body = structLines(before as Json, after as Json, type === shape.type ? shape : { ...anyShape(before as Json, after as Json), type });
  return [`  ${type}{`, ...print(body, 1), '  }', ''].join('\n');
}

function structLines(before: Json, after: Json, shape: GoStruct): Line[] {
  const rows = shape.fields.map((field) => ({ ...field, before: fieldValue(before, field.name), after: fieldValue(after, field.name) }));
  const changed = rows.map((row) => !semanticEqual(row.before, row.after));
  const near = (i: number): boolean => changed.slice(Math.max(0, i - context), i + context + 1).some(Boolean);
  const lines: Line[] = [];
  for (let i = 0; i < rows.length; i++) {
    if (!near(i)) {
      const start = i;
      while (i + 1 < rows.length && !near(i + 1)) i++;
      // A gap of one field is shown rather than counted.
      if (i > start) {
        lines.push({ sign: ' ', text: `... // ${i - start + 1} identical fields` });
        continue;
      }
    }
    const row = rows[i]!;
    const inner = shape.elements?.[row.name];
    if (!changed[i]) lines.push({ sign: ' ', key: row.name, text: `${goValue(row.after, row.kind, row.name, true)},` });
    else if (inner && sameLength(row.before, row.after)) lines.push(...listLines(row.name, row.before as Json[], row.after as Json[], inner));
    else
      lines.push(
        { sign: '-', key: row.name, text: `${goValue(row.before, row.kind, row.name)},` },
        { sign: '+', key: row.name, text: `${goValue(row.after, row.kind, row.name)},` },
      );
  }
  return lines;
}

const sameLength = (a: unknown, b: unknown): boolean => Array.isArray(a) && Array.isArray(b) && a.length === b.length;

function listLines(name: string, before: readonly Json[], after: readonly Json[], shape: GoStruct): Line[] {
  const lines: Line[] = [{ sign: ' ', text: `${name}: []${shape.type}{` }];
  before.forEach((old, i) => {
    if (semanticEqual(old, after[i])) lines.push({ sign: ' ', text: `\t${goValue(old, 'struct', name, true)},` });
    else
      lines.push(
        { sign: ' ', text: '\t{' },
        ...aligned(structLines(old, after[i] as Json, shape)).map((line) => ({ sign: line.sign, text: `\t\t${line.text}` })),
        { sign: ' ', text: '\t},' },
      );
  });
  return [...lines, { sign: ' ', text: '},' }];
}

function print(lines: readonly Line[], depth: number): string[] {
  return aligned(lines).map(({ sign, text }) => `${sign} ${'\t'.repeat(depth)}${text}`);
}

/** Values of neighbouring fields begin in one column. */
function aligned(lines: readonly Line[]): Line[] {
  const out: Line[] = [];
  let group: Line[] = [];
  const flush = (): void => {
    const width = Math.max(0, ...group.map((line) => (line.key as string).length));
    for (const { sign, key, text } of group) out.push({ sign, text: `${`${key}:`.padEnd(width + 2)}${text}` });
    group = [];
  };
  for (const line of lines) {
    if (line.key !== undefined) group.push(line);
    else {
      flush();
      out.push(line);
    }
  }
  flush();
  return out;
}

function anyShape(before: Json, after: Json): GoStruct {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].map(goName);
  return { type: '', fields: names.map((name) => ({ name, kind: 'struct' })) };
}

/** `imagePullPolicy` is ImagePullPolicy in Go; some short words are upper case throughout. */
function goName(json: string): string {
  if (['tty', 'nfs', 'os', 'uid', 'ip'].includes(json)) return json.toUpperCase();
  return (json[0] as string).toUpperCase() + json.slice(1).replace(/Tcp/g, 'TCP').replace(/^pi/, 'PI');
}

function fieldValue(object: Json, name: string): unknown {
  const key = Object.keys(object).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

const zeros: Record<Kind, string> = { string: '""', pointer: 'nil', list: 'nil', map: 'nil', struct: '{}', bool: 'false' };

/** `elided`: types that the reader can guess are left out, as in all that has not changed. */
function goValue(value: unknown, kind: Kind, name: string, elided = false): string {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return zeros[kind];
  if (elided && isTexts(value)) return listOf(value.map(quote));
  const text = isTexts(value) ? `[]${stringTypes[name] ?? 'string'}${listOf(value.map(quote))}` : inner(value, name);
  return kind === 'pointer' ? `&${text}` : text;
}

/** Types of texts that have a name in Go, by the field that is a list of them. */
const stringTypes: Readonly<Record<string, string>> = { AccessModes: 'core.PersistentVolumeAccessMode' };
/** Fields that are maps in Go, whose keys are data; of quantities, and of texts. */
const quantityMaps = new Set(['capacity', 'limits', 'overhead', 'requests']);
const textMaps = new Set(['annotations', 'labels', 'matchlabels', 'nodeselector', 'options', 'volumeattributes']);

const quote = (text: string): string => JSON.stringify(text);
const listOf = (texts: readonly string[]): string => `{${texts.join(', ')}}`;
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string');

function inner(value: unknown, name: string): string {
  if (Array.isArray(value)) return listOf(value.map((one) => inner(one, name)));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as Json);
  const field = name.toLowerCase();
  if (textMaps.has(field)) return listOf(entries.map(([key, one]) => `${quote(key)}: ${JSON.stringify(one)}`));
  if (quantityMaps.has(field)) return listOf(entries.map(([key, one]) => `s${quote(key)}: ${quantity(String(one))}`));
  return listOf(entries.map(([key, one]) => `${goName(key)}: ${inner(one, key)}`));
}

/** A quantity as the struct that it is in Go, with its number left out. */
function quantity(text: string): string {
  const format = text.endsWith('i') ? 'BinarySI' : /[eE]/.test(text) && !text.endsWith('E') ? 'DecimalExponent' : 'DecimalSI';
  return `{i: {...}, s: ${quote(text)}, Format: ${quote(format)}}`;
}
