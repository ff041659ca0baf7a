import { SystemError } from '../kernel/types.ts';

/** Longer patterns take too much: each character becomes a test. */
const patternMax = 256 * 1024;

type Token = { readonly kind: 'one'; readonly matches: (character: string) => boolean } | { readonly kind: 'star' };

const looksAtATime = 4096;

/** A shell pattern ready to match. In the text a backslash quotes the character after it. */
export class Pattern {
  readonly #tokens: readonly Token[];
  /** Without anything special in it, a text just has to be equal. */
  readonly #plain: string | undefined;

  /** Throws ENOMEM for a pattern that is too long. */
  constructor(text: string) {
    this.#plain = hasPattern(text) ? undefined : unquotePattern(text);
    if (this.#plain === undefined && text.length > patternMax) throw new SystemError('ENOMEM');
    this.#tokens = this.#plain === undefined ? compile([...text]) : [];
  }

  /** Whether it matches all of `text`. Takes time linear in pattern times text, whatever the stars. */
  matches(text: string): boolean {
    const matching = this.matching(text);
    for (;;) {
      const { done, value } = matching.next();
      if (done) return value;
    }
  }

  /** The same in portions of a fraction of a millisecond each: for texts that may be long. */
  *matching(text: string): Generator<void, boolean> {
    if (this.#plain !== undefined) return text === this.#plain;
    let looks = 0;
    const tokens = this.#tokens;
    let token = 0;
    let at = 0;
    let starToken = -1;
    let starAt = 0;
    while (at < text.length) {
      if (++looks % looksAtATime === 0) yield;
      const current = tokens[token];
      if (current?.kind === 'star') {
        starToken = token;
        starAt = at;
        token += 1;
      } else if (current?.kind === 'one' && current.matches(characterAt(text, at))) {
        token += 1;
        at += widthAt(text, at);
      } else if (starToken >= 0) {
        token = starToken + 1;
        starAt += widthAt(text, starAt);
        at = starAt;
      } else return false;
    }
    while (tokens[token]?.kind === 'star') token += 1;
    return token === tokens.length;
  }
}

const cache = new Map<string, Pattern>();
const cachedMax = 1024;

export function patternOf(text: string): Pattern {
  let pattern = cache.get(text);
  if (!pattern) {
    if (cache.size > 500) cache.clear();
    pattern = new Pattern(text);
    if (text.length <= cachedMax) cache.set(text, pattern);
  }
  return pattern;
}

/** Code units of the character at an index. */
export function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
}

function characterAt(text: string, at: number): string {
  const width = widthAt(text, at);
  return width === 1 ? (text[at] as string) : text.slice(at, at + width);
}

/** V8 keeps a record of each match until the last is replaced: of a text of many MiB that would be more than the heap takes. */
const pieceLength = 65_536;

/** Changes a text piece by piece; only for changes that look at one character at a time. */
export function inPieces(text: string, change: (piece: string) => string): string {
  if (text.length <= pieceLength) return change(text);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += pieceLength) pieces.push(change(text.slice(at, at + pieceLength)));
  return pieces.join('');
}

/** Quotes text so that it matches only itself. */
export function quotePattern(text: string): string {
  return inPieces(text, (piece) => piece.replaceAll(/[*?[\]\\!-]/g, '\\$&'));
}

export function hasPattern(text: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*[*?[]/.test(text);
}

export function unquotePattern(text: string): string {
  return text.includes('\\') ? withoutBackslashes(text) : text;
}

/** In pieces, since each match is kept until the last; a piece does not end between a backslash and what it quotes. */
function withoutBackslashes(text: string): string {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + pieceLength);
    let backslashes = 0;
    while (backslashes < end - at && text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 1 && end < text.length) end += 1;
    pieces.push(text.slice(at, end).replaceAll(/\\([\s\S])/g, '$1'));
    at = end;
  }
  return pieces.join('');
}

function compile(text: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i] as string;
    if (character === '*') tokens.push({ kind: 'star' });
    else if (character === '?') tokens.push({ kind: 'one', matches: () => true });
    else if (character === '[') {
      const bracket = readBracket(text, i);
      tokens.push({ kind: 'one', matches: bracket?.matches ?? ((c) => c === '[') });
      if (bracket) i = bracket.end;
    } else {
      if (character === '\\' && i + 1 < text.length) i += 1;
      const literal = text[i] as string;
      tokens.push({ kind: 'one', matches: (c) => c === literal });
    }
  }
  return tokens;
}

function readBracket(text: readonly string[], start: number): { readonly end: number; matches(character: string): boolean } | undefined {
  let i = start + 1;
  const negated = text[i] === '!' || text[i] === '^';
  if (negated) i += 1;
  const tests: ((character: string) => boolean)[] = [];
  for (let first = true; i < text.length; first = false) {
    if (text[i] === ']' && !first) return { end: i, matches: (c) => tests.some((test) => test(c)) !== negated };
    const named = text[i] === '[' && text[i + 1] === ':' ? /^\[:([a-z]+):\]/.exec(text.slice(i, i + 12).join('')) : null;
    if (named) {
      const type = Object.hasOwn(classes, named[1] as string) ? classes[named[1] as string] : undefined;
      tests.push((c) => type?.test(c) ?? false);
      i += named[0].length;
      continue;
    }
    if (text[i] === '\\' && i + 1 < text.length) i += 1;
    const low = text[i] as string;
    i += 1;
    if (text[i] === '-' && i + 1 < text.length && text[i + 1] !== ']') {
      i += 1;
      if (text[i] === '\\') i += 1;
      const high = text[i] as string;
      i += 1;
      tests.push((c) => c >= low && c <= high);
    } else tests.push((c) => c === low);
  }
  return undefined;
}

const classes: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /\s/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  cntrl: /[\0-\x1f\x7f]/,
  xdigit: /[0-9A-Fa-f]/,
};
