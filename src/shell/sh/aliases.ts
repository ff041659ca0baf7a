import type { Shell } from './shell.ts';

/** Words after which a command is expected. */
const openers = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', '{', '!']);

/** Expansions in one text at most: an alias that grows for ever ends here. */
const expansionMax = 1000;

/** Replaces aliases where a command's name stands. Differs from upstream: not in the lines of here-documents, nor inside `$(...)` and quotes. */
export function expandAliases(shell: Shell, text: string): string {
  if (shell.aliases.size === 0) return text;
  const body = text.includes('<<') ? text.indexOf('\n', text.indexOf('<<')) : -1;
  return body < 0 ? expand(shell, text) : expand(shell, text.slice(0, body)) + text.slice(body);
}

function expand(shell: Shell, text: string): string {
  let out = '';
  let rest = text;
  let expected = true;
  /** Names being expanded, with how much of the text was left after them. */
  let open: { readonly name: string; readonly left: number }[] = [];
  let expansions = 0;
  while (rest !== '') {
    open = open.filter(({ left }) => rest.length > left);
    const blank = /^(?:[ \t]+|\\\n)/.exec(rest)?.[0];
    const comment = /^#[^\n]*/.exec(rest)?.[0];
    const separator = /^(?:[\n;|&(]+)/.exec(rest)?.[0];
    const word = blank || comment || separator ? undefined : nextWord(rest);
    if (word === undefined) {
      const taken = blank ?? comment ?? separator ?? '';
      if (separator) expected = true;
      out += taken;
      rest = rest.slice(taken.length);
      continue;
    }
    const value = expected && !open.some(({ name }) => name === word) ? shell.aliases.get(word) : undefined;
    if (value !== undefined && expansions < expansionMax) {
      expansions += 1;
      const after = rest.slice(word.length);
      open.push({ name: word, left: after.length });
      rest = value + after;
      // What follows an alias that ends with a blank is looked at, too.
      if (/[ \t]$/.test(value)) {
        const head = expandHead(shell, value);
        out += head;
        rest = after;
        expected = true;
      }
      continue;
    }
    out += word;
    rest = rest.slice(word.length);
    expected = (expected && (openers.has(word) || /^[A-Za-z_]\w*=/.test(word))) || /[)]$/.test(word);
  }
  return out;
}

/** An alias's own text, for one that ends with a blank. */
function expandHead(shell: Shell, value: string): string {
  const first = /^\s*([^\s;&|<>()'"\\$`]+)/.exec(value)?.[1];
  const inner = first === undefined || shell.aliases.get(first) === value ? undefined : shell.aliases.get(first);
  return first === undefined || inner === undefined ? value : value.replace(first, () => inner);
}

/** A word with its quotes and substitutions, or one character of an operator. */
function nextWord(text: string): string {
  let i = 0;
  while (i < text.length) {
    const character = text[i] as string;
    if (/[\s;|&<>()]/.test(character)) break;
    if (character === '\\') i += 2;
    else if (character === "'") i = endOf(text, text.indexOf("'", i + 1));
    else if (character === '"' || character === '`') i = closing(text, i, character);
    else if (character === '$' && text[i + 1] === '(') i = balanced(text, i + 1);
    else if (character === '$' && text[i + 1] === '{') i = endOf(text, text.indexOf('}', i));
    else i += 1;
  }
  return text.slice(0, Math.max(1, Math.min(i, text.length)));
}

function endOf(text: string, found: number): number {
  return found < 0 ? text.length : found + 1;
}

function closing(text: string, from: number, quote: string): number {
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i + 1;
  }
  return text.length;
}

function balanced(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    else if (text[i] === ')') {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return text.length;
}
