/** Words that one brace expansion may give: beyond, bash too runs out of memory at some point. */
export const braceWordsMax = 100_000;

/** Brace expansion as bash does it, before anything else and on the text alone. Throws RangeError beyond the limit. */
export function expandBraces(text: string): string[] {
  const found = firstBraces(text);
  if (!found) return [text];
  const rest = expandBraces(text.slice(found.end));
  const before = text.slice(0, found.start);
  const result: string[] = [];
  for (const middle of found.alternatives) {
    for (const end of rest) {
      if (result.length >= braceWordsMax) throw new RangeError('brace expansion');
      result.push(before + middle + end);
    }
  }
  return result;
}

interface Braces {
  readonly start: number;
  readonly end: number;
  readonly alternatives: readonly string[];
}

/** The first braces that mean something: a list with commas, or a sequence. */
function firstBraces(text: string): Braces | undefined {
  for (let i = 0; i < text.length; i = after(text, i)) {
    if (text[i] !== '{') continue;
    const inner = listIn(text, i);
    if (inner) return inner;
  }
  return undefined;
}

/** The place behind what stands at `i`: quotes, escapes and `${...}` are skipped as a whole. */
function after(text: string, i: number): number {
  const character = text[i];
  if (character === '\\') return i + 2;
  if (character === "'" || character === '"' || character === '`') {
    let at = i + 1;
    while (at < text.length && text[at] !== character) at += character !== "'" && text[at] === '\\' ? 2 : 1;
    return at + 1;
  }
  if (character === '$' && (text[i + 1] === '{' || text[i + 1] === '(')) {
    const [open, close] = text[i + 1] === '{' ? ['{', '}'] : ['(', ')'];
    let depth = 0;
    for (let at = i + 1; at < text.length; at += 1) {
      if (text[at] === open) depth += 1;
      else if (text[at] === close && --depth === 0) return at + 1;
    }
    return text.length;
  }
  return i + 1;
}

function listIn(text: string, start: number): Braces | undefined {
  const pieces: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let i = start + 1; i < text.length; i = after(text, i)) {
    const character = text[i];
    if (character === '{') depth += 1;
    else if (character === '}' && depth > 0) depth -= 1;
    else if (character === ',' && depth === 0) {
      pieces.push(text.slice(from, i));
      from = i + 1;
    } else if (character === '}') {
      const last = text.slice(from, i);
      if (pieces.length > 0) return { start, end: i + 1, alternatives: [...pieces, last].flatMap(expandBraces) };
      const sequence = sequenceOf(last);
      return sequence && { start, end: i + 1, alternatives: sequence };
    }
  }
  return undefined;
}

/** `1..5`, `01..10`, `a..e`, `10..0..2` */
function sequenceOf(text: string): string[] | undefined {
  const match = /^(?:(-?\d+)\.\.(-?\d+)|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d+))?$/.exec(text);
  if (!match) return undefined;
  const isLetters = match[3] !== undefined;
  const [low = '', high = ''] = isLetters ? [match[3], match[4]] : [match[1], match[2]];
  const [from, to] = isLetters ? [low.charCodeAt(0), high.charCodeAt(0)] : [Number(low), Number(high)];
  const step = Math.abs(Number(match[5] ?? 1)) || 1;
  const count = Math.floor(Math.abs(to - from) / step) + 1;
  if (count > braceWordsMax) throw new RangeError('brace expansion');
  const isPadded = !isLetters && [low, high].some((one) => /^-?0\d/.test(one));
  const width = isPadded ? Math.max(low.length, high.length) : 0;
  return Array.from({ length: count }, (_, i) => {
    const value = from + i * step * (to < from ? -1 : 1);
    if (isLetters) return String.fromCharCode(value);
    return value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0');
  });
}
