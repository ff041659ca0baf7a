import { type Edit, editScript } from './edits.ts';
import { context, ellipsis, type Layout, leftOut, type Row, type Sign } from './layout.ts';

/** Texts that are shorter are shown whole. */
const leastLength = 32;
const chunkOf = { byte: 64, line: 1 } as const;
/** After so many pieces that differ the rest is only counted. */
const mostPieces = 32;

export function areLongTexts(before: unknown, after: unknown): before is string {
  return typeof before === 'string' && typeof after === 'string' && Buffer.byteLength(before) >= leastLength && Buffer.byteLength(after) >= leastLength;
}

/** Two long texts in pieces: line by line if they are made of lines, otherwise as a Go expression that joins them. */
export function differentTexts(before: string, after: string): Layout {
  const characters = edited([...before], [...after]);
  const both = before + after;
  if (mayBeLined(both)) {
    const lines = edited(before.split('\n'), after.split('\n'));
    // Lines tell the difference about as shortly as characters would, or a text without them were full of escapes.
    if (changedShare(lines) < 4 * changedShare(characters) || JSON.stringify(both).length / both.length > 1.1) {
      const pieces = piecesOf(lines, 'line');
      return inTripleQuotes(pieces) ?? joined(pieces, '\\n');
    }
  }
  return joined(piecesOf(characters, 'byte'), '');
}

/** Two lists, of characters or lines, and the way from one to the other. */
interface Edited {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly edits: readonly Edit[];
}

function edited(before: readonly string[], after: readonly string[]): Edited {
  return { before, after, edits: editScript(before.length, after.length, (i, j) => (before[i] === after[j] ? 'equal' : 'different')) };
}

const changedShare = ({ edits }: Edited): number => edits.filter((edit) => edit !== '=').length / edits.length;

/** Whether it is a text of several lines that people can read. */
function mayBeLined(text: string): boolean {
  const lines = text.split('\n');
  return lines.length >= 5 && lines.every((line) => line.length <= 1024) && !/[^\P{C}\s]/u.test(text);
}

interface Piece {
  readonly sign: Sign;
  readonly text: string;
  /** Instead of the text: what is left out here. */
  readonly comment?: string;
}

/** How many items in a row stay, go and come. */
interface Group {
  same: number;
  gone: number;
  come: number;
}

const differs = ({ gone, come }: Group): boolean => gone + come > 0;

function piecesOf({ before, after, edits }: Edited, unit: 'byte' | 'line'): Piece[] {
  const chunk = chunkOf[unit];
  const groups = tidied(joinedGroups(groupsOf(edits), Math.floor(chunk / 4)), before, after);
  const out: Piece[] = [];
  const add = (items: readonly string[], sign: Sign): void => {
    for (let at = 0; at < items.length; at += chunk) out.push({ sign, text: items.slice(at, at + chunk).join('') });
  };
  let [x, y, shown] = [0, 0, 0];
  groups.forEach((group, i) => {
    if (shown >= mostPieces) return;
    if (differs(group)) {
      const start = out.length;
      add(before.slice(x, x + group.same + group.gone), '-');
      add(after.slice(y, y + group.same + group.come), '+');
      shown += out.length - start;
    } else {
      const low = i === 0 ? 0 : Math.min(chunk * context, group.same);
      const near = i === groups.length - 1 ? 0 : Math.min(chunk * context, group.same - low);
      const high = group.same - low - near <= chunk ? group.same - low : near;
      add(before.slice(x, x + low), '');
      const hidden = group.same - low - high;
      if (hidden > 0) out.push({ sign: '', text: ellipsis, comment: counted({ same: hidden, gone: 0, come: 0 }, unit) });
      add(before.slice(x + group.same - high, x + group.same), '');
    }
    x += group.same + group.gone;
    y += group.same + group.come;
    if (shown >= mostPieces && i + 1 < groups.length) out.push({ sign: '', text: ellipsis, comment: counted(sum(groups.slice(i + 1)), unit) });
  });
  return out;
}

function groupsOf(edits: readonly Edit[]): Group[] {
  const groups: Group[] = [];
  edits.forEach((edit, i) => {
    if (i === 0 || (edit === '=') !== (edits[i - 1] === '=')) groups.push({ same: 0, gone: 0, come: 0 });
    const group = groups.at(-1)!;
    if (edit === '=') group.same += 1;
    else if (edit === '-') group.gone += 1;
    else group.come += 1;
  });
  return groups;
}

const sum = (groups: readonly Group[]): Group =>
  groups.reduce((all, one) => ({ same: all.same + one.same, gone: all.gone + one.gone, come: all.come + one.come }), { same: 0, gone: 0, come: 0 });

/** What little is the same between two differences becomes part of them, if something goes there and something comes. */
function joinedGroups(groups: readonly Group[], most: number): Group[] {
  const out: Group[] = [];
  for (const group of groups) {
    const [previous, same] = [out.at(-2), out.at(-1)];
    if (previous && same && differs(group) && previous.gone + group.gone > 0 && previous.come + group.come > 0 && same.same <= most)
      out.splice(-2, 2, sum([previous, same, group]));
    else out.push(group);
  }
  return out;
}

/** What is the same at the ends of a difference belongs to its neighbours. */
function tidied(groups: readonly Group[], before: readonly string[], after: readonly string[]): Group[] {
  const out: Group[] = [];
  let [x, y, owed] = [0, 0, 0];
  const addSame = (same: number): void => {
    const last = out.at(-1);
    if (last && !differs(last)) last.same += same;
    else if (same > 0) out.push({ same, gone: 0, come: 0 });
  };
  for (const group of groups) {
    const [wide, high] = [group.same + group.gone, group.same + group.come];
    if (!differs(group)) addSame(group.same + owed);
    owed = differs(group) ? owed : 0;
    if (differs(group)) {
      const least = Math.min(wide, high);
      let [leading, trailing] = [0, 0];
      while (leading < least && before[x + leading] === after[y + leading]) leading += 1;
      while (trailing < least && before[x + wide - 1 - trailing] === after[y + high - 1 - trailing]) trailing += 1;
      if (leading + trailing > least) trailing = least - leading;
      addSame(leading);
      out.push(leading + trailing > 0 ? { same: 0, gone: wide - leading - trailing, come: high - leading - trailing } : { ...group });
      owed = trailing;
    }
    x += wide;
    y += high;
  }
  addSame(owed);
  return out;
}

const counted = ({ same, gone, come }: Group, unit: string): string => leftOut({ identical: same, removed: gone, inserted: come }, [unit, `${unit}s`]);

function joined(pieces: readonly Piece[], delimiter: string): Layout {
  const rows = pieces.map(({ sign, text, comment }): Row => (comment ? { value: ellipsis, comment } : { sign, value: quoted(text) }));
  return { before: 'strings.Join({', value: rows, behind: `}, "${delimiter}")` };
}

/** Undefined where a line would be taken for something else, or lines differ in spaces alone. */
function inTripleQuotes(pieces: readonly Piece[]): Layout | undefined {
  const quotes: Row = { value: '"""', isBare: true };
  const rows: Row[] = [quotes];
  let seen: Record<'-' | '+', Set<string>> = { '-': new Set(), '+': new Set() };
  for (const { sign, text, comment } of pieces) {
    if (sign === '') seen = { '-': new Set(), '+': new Set() };
    if (comment) {
      rows.push({ value: ellipsis, comment });
      continue;
    }
    const line = text.replace(/\r$/, '').replace(/^\r/, '');
    const bare = line.replace(/\s/g, '');
    if (line.startsWith('"""') || line.startsWith(ellipsis) || /[^\P{C}\t]/u.test(line)) return undefined;
    if (sign !== '' && seen[sign === '-' ? '+' : '-'].has(bare)) return undefined;
    if (sign !== '') seen[sign].add(bare);
    rows.push({ sign, value: line, isBare: true });
  }
  const last = rows.at(-1)!;
  if (!last.sign && last.value === '') rows.pop();
  return { before: '(', value: [...rows, quotes], behind: ')' };
}

/** In back quotes where that saves escapes. */
export function quoted(text: string): string {
  const inQuotes = JSON.stringify(text);
  return inQuotes.length === text.length + 2 || /[`\n\r]/.test(text) ? inQuotes : `\`${text}\``;
}
