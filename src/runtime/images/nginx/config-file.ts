/** The syntax of nginx' configuration: words, blocks, comments, includes. What the words mean is in config.ts. */
import type { Process } from '../../../shell/kernel/types.ts';
import { SystemError } from '../../../shell/kernel/types.ts';

/** `name arg ...;` or `name arg ... { block }`. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly Directive[];
  readonly file: string;
  readonly line: number;
}

/** What keeps nginx from starting; the message is what it prints after `[emerg]`. */
export class ConfigError extends Error {}

/** ` in FILE:LINE`, as nginx ends its messages. */
export const at = (place: { readonly file: string; readonly line: number }) => ` in ${place.file}:${place.line}`;

/** More is not a configuration, but an attempt to use up memory. */
const fileBytesMax = 1024 ** 2;
const depthMax = 32;

/** Reads a configuration file with all that it includes, relative to the first file's folder. Throws ConfigError. */
export function readConfigFile(process: Process, path: string): Directive[] {
  return readFile(process, path, path.replace(/[^/]*$/, ''), '', 0);
}

function readFile(process: Process, path: string, base: string, place: string, depth: number): Directive[] {
  if (depth > depthMax) throw new ConfigError(`too deep a nesting of includes${place}`);
  let text: string;
  try {
    if (process.system.fs.stat(path).size > fileBytesMax) throw new ConfigError(`the configuration is too large${place}`);
    text = process.system.fs.readText(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const number = error.code === 'EACCES' ? 13 : error.code === 'EISDIR' ? 21 : 2;
    throw new ConfigError(
      `open() "${path}" failed (${number}: ${number === 13 ? 'Permission denied' : number === 21 ? 'Is a directory' : 'No such file or directory'})${place}`,
    );
  }
  const include = (one: Directive): Directive[] => {
    const named = one.args[0] ?? '';
    const wanted = named.startsWith('/') ? named : `${base}${named}`;
    return included(process, wanted).flatMap((file) => readFile(process, file, base, at(one), depth + 1));
  };
  return parseConfig(text, path, include);
}

/** The files that an include names: a pattern in the last part of the path may name none. */
function included(process: Process, path: string): string[] {
  const slash = path.lastIndexOf('/');
  const [folder, pattern] = [path.slice(0, slash), path.slice(slash + 1)];
  if (!/[*?[]/.test(pattern)) return [path];
  const { fs } = process.system;
  if (!fs.exists(folder)) return [];
  const parts = pattern.split('*');
  const matches = (name: string) => {
    const [first = '', ...rest] = parts;
    if (name.startsWith('.') || !name.startsWith(first)) return false;
    let from = first.length;
    for (const [index, part] of rest.entries()) {
      const found = index === rest.length - 1 ? name.length - part.length : name.indexOf(part, from);
      if (found < from || !name.startsWith(part, found)) return false;
      from = found + part.length;
    }
    return true;
  };
  return [...fs.readdir(folder)]
    .filter(matches)
    .sort()
    .map((name) => `${folder}/${name}`);
}

type Token = { readonly kind: 'word' | ';' | '{' | '}'; readonly text: string; readonly line: number };

/** Parses a configuration's text. Throws ConfigError with nginx' words. */
export function parseConfig(text: string, file: string, include: (one: Directive) => readonly Directive[] = () => []): Directive[] {
  const tokens = tokenize(text, file);
  let next = 0;
  const block = (depth: number): Directive[] => {
    const found: Directive[] = [];
    if (depth > depthMax) throw new ConfigError(`too deep a nesting of blocks in ${file}:${tokens[next]?.line ?? 1}`);
    for (;;) {
      const first = tokens[next];
      if (!first) {
        if (depth > 0) throw new ConfigError(`unexpected end of file, expecting "}" in ${file}:${lastLine(text)}`);
        return found;
      }
      if (first.kind === '}') {
        if (depth === 0) throw new ConfigError(`unexpected "}" in ${file}:${first.line}`);
        next += 1;
        return found;
      }
      if (first.kind !== 'word') throw new ConfigError(`unexpected "${first.kind}" in ${file}:${first.line}`);
      const words: string[] = [];
      for (; tokens[next]?.kind === 'word'; next++) words.push((tokens[next] as Token).text);
      const end = tokens[next];
      next += 1;
      if (!end) throw new ConfigError(`unexpected end of file, expecting ";" or "}" in ${file}:${lastLine(text)}`);
      if (end.kind === '}') throw new ConfigError(`unexpected "}" in ${file}:${end.line}`);
      const [name = '', ...args] = words;
      // nginx names the line on which a directive ends.
      const place = { name, args, file, line: end.line };
      if (end.kind === '{') found.push({ ...place, block: block(depth + 1) });
      else if (name === 'include') found.push(...include(place));
      else found.push(place);
    }
  };
  return block(0);
}

const lastLine = (text: string) => text.replace(/\n$/, '').split('\n').length;

function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (let i = 0; i < text.length; ) {
    const letter = text[i] as string;
    if (letter === '\n') line += 1;
    if (/\s/.test(letter)) i += 1;
    else if (letter === '#') while (i < text.length && text[i] !== '\n') i += 1;
    else if (letter === ';' || letter === '{' || letter === '}') {
      tokens.push({ kind: letter, text: letter, line });
      i += 1;
    } else {
      const word = letter === '"' || letter === "'" ? quotedWord(text, i, letter) : plainWord(text, i);
      if (!word) throw new ConfigError(`unexpected end of file, expecting ";" or "}" in ${file}:${lastLine(text)}`);
      line += word.lines;
      tokens.push({ kind: 'word', text: word.text, line });
      i = word.end;
    }
  }
  return tokens;
}

interface Word {
  readonly text: string;
  readonly end: number;
  readonly lines: number;
}

function quotedWord(text: string, start: number, quote: string): Word | undefined {
  let word = '';
  let lines = 0;
  for (let i = start + 1; i < text.length; i++) {
    const letter = text[i] as string;
    if (letter === quote) return { text: word, end: i + 1, lines };
    if (letter === '\n') lines += 1;
    if (letter === '\\') word += unescaped(text[++i] ?? '');
    else word += letter;
  }
  return undefined;
}

function plainWord(text: string, start: number): Word {
  let word = '';
  let i = start;
  for (; i < text.length; i++) {
    const letter = text[i] as string;
    // The brace of `${name}` is part of the word.
    if (/[\s;]/.test(letter) || (letter === '{' && text[i - 1] !== '$')) break;
    if (letter === '\\') word += unescaped(text[++i] ?? '');
    else word += letter;
  }
  return { text: word, end: i, lines: 0 };
}

/** A backslash stays before all that it need not guard, so that regular expressions can be written as they are. */
function unescaped(letter: string): string {
  if (letter === '"' || letter === "'" || letter === '\\') return letter;
  if (letter === 't') return '\t';
  if (letter === 'r') return '\r';
  if (letter === 'n') return '\n';
  return `\\${letter}`;
}
