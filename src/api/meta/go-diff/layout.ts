/** What a line of a difference says of its value: it is gone, it is new, or neither. */
export type Sign = '' | '-' | '+';

/** Text that is laid out on one line if it can be: a piece of it, a list in braces, or something with a text before and behind. */
export type Layout = string | Wrapped | readonly Row[];

export interface Wrapped {
  readonly before: string;
  readonly value: Layout;
  readonly behind: string;
}

export interface Row {
  readonly sign?: Sign;
  readonly key?: string;
  readonly value: Layout;
  readonly comment?: string;
  /** Without a comma behind it, as all rows that are left out. */
  readonly isBare?: boolean;
}

export const ellipsis = '...';
/** Equal parts that are shown before and after a changed one. */
export const context = 2;
/** A list of what has gone or come is broken into lines when it is longer. */
const maxColumns = 80;

/** The comment of a row that stands for parts that are left out: `2 identical and 1 removed fields`. */
export function leftOut(counts: Readonly<Record<string, number>>, [one, many]: readonly [string, string]): string {
  const texts = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  const list = texts.length > 2 ? `${texts.slice(0, -1).join(', ')}, and ${texts.at(-1)}` : texts.join(' and ');
  return `${list} ${Object.values(counts).reduce((sum, count) => sum + count) > 1 ? many : one}`;
}

const isRows = (layout: Layout): layout is readonly Row[] => Array.isArray(layout);

/** The whole text, from a first line without a sign to a line end (go-cmp's text reports). */
export function layOut(layout: Layout): string {
  return `${indent(0, '')}${expanded(compacted(layout, '').layout, '', 0)}\n`;
}

const indent = (depth: number, sign: Sign): string => `${sign || ' '} ${'\t'.repeat(depth)}`;

/** Every part that fits on one line as such a line; `text` is all of it on one line. */
function compacted(layout: Layout, sign: Sign): { readonly text: string; readonly layout: Layout } {
  if (typeof layout === 'string') return { text: layout, layout };
  if (!isRows(layout)) {
    const value = compacted(layout.value, sign);
    const text = `${layout.before}${value.text}${layout.behind}`;
    return { text, layout: typeof value.layout === 'string' ? text : { ...layout, value: value.layout } };
  }
  const parts = layout.map((row) => ({ row, part: compacted(row.value, row.sign || sign) }));
  const text = parts.map(({ row, part }) => `${row.key ? `${row.key}: ` : ''}${part.text}`).join(', ');
  const needsLines =
    parts.some(({ row, part }) => row.sign || row.comment || typeof part.layout !== 'string') || (sign !== '' && Buffer.byteLength(text) > maxColumns);
  return { text, layout: needsLines ? parts.map(({ row, part }) => ({ ...row, value: part.layout })) : text };
}

function expanded(layout: Layout, sign: Sign, depth: number): string {
  if (typeof layout === 'string') return layout;
  if (!isRows(layout)) return `${layout.before}${expanded(layout.value, sign, depth)}${layout.behind}`;
  const isPlain = layout.every((row) => !row.sign && !row.key && !row.comment && typeof row.value === 'string');
  const lines = isPlain
    ? inColumns(layout.map((row) => row.value as string)).map((line) => `${indent(depth + 1, sign)}${line}`)
    : rowLines(layout, sign, depth + 1);
  return `\n${lines.join('\n')}\n${indent(depth, sign)}`;
}

/** Values without names share lines. */
function inColumns(values: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const value of values) {
    if (line.length + value.length + 2 > maxColumns && line) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += `${value}, `;
  }
  return line ? [...lines, line.trimEnd()] : lines;
}

/** Values of neighbouring rows begin in one column. */
function rowLines(rows: readonly Row[], sign: Sign, depth: number): string[] {
  const widths = keyWidths(rows);
  return rows.map((row, i) => {
    const own = row.sign || sign;
    const key = row.key ? `${row.key}: `.padEnd(widths[i]! + 2) : '';
    const isBare = row.isBare || row.value === ellipsis;
    return `${indent(depth, own)}${key}${expanded(row.value, own, depth)}${isBare ? '' : ','}${row.comment ? ` // ${row.comment}` : ''}`;
  });
}

/** Of each row, how long the longest key is among its neighbours that take one line. */
function keyWidths(rows: readonly Row[]): number[] {
  const widths: number[] = [];
  for (let i = 0; i < rows.length; ) {
    let end = i;
    while (end < rows.length && rows[end]!.key && typeof rows[end]!.value === 'string') end += 1;
    const width = Math.max(0, ...rows.slice(i, end).map((row) => row.key!.length));
    for (; i < end; i += 1) widths.push(width);
    if (i < rows.length) {
      widths.push(0);
      i += 1;
    }
  }
  return widths;
}
