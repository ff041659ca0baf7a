/** Shell patterns and POSIX regular expressions as JavaScript's. */

const classes: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  cntrl: '\\x00-\\x1f\\x7f',
  print: '\\x20-\\x7e',
  graph: '\\x21-\\x7e',
};

/** A bracket expression beginning at `from` (its `[`): JavaScript source, and where it ends; undefined if it is not closed. */
function bracket(text: string, from: number): { source: string; end: number } | undefined {
  let i = from + 1;
  const negated = text[i] === '^' || text[i] === '!';
  if (negated) i += 1;
  let body = '';
  for (let first = true; i < text.length; first = false) {
    if (text[i] === ']' && !first) return { source: `[${negated ? '^' : ''}${body}]`, end: i + 1 };
    const named = /^\[:(\w+):\]/.exec(text.slice(i));
    if (named) {
      body += Object.hasOwn(classes, named[1] as string) ? classes[named[1] as string] : '';
      i += named[0].length;
      continue;
    }
    const letter = text[i] as string;
    body += letter === '\\' || letter === '[' || letter === ']' || letter === '^' ? `\\${letter}` : letter;
    i += 1;
  }
  return undefined;
}

/** The source of a JavaScript expression that matches whole texts as a shell pattern (`*`, `?`, `[a-z]`) does. */
export function globSource(pattern: string): string {
  let source = '';
  for (let i = 0; i < pattern.length; ) {
    const letter = pattern[i] as string;
    const set = letter === '[' ? bracket(pattern, i) : undefined;
    if (set) {
      source += set.source;
      i = set.end;
      continue;
    }
    if (letter === '*') source += '[^]*';
    else if (letter === '?') source += '[^]';
    else if (letter === '\\' && i + 1 < pattern.length) source += escapeLiteral(pattern[++i] as string);
    else source += escapeLiteral(letter);
    i += 1;
  }
  return `^${source}$`;
}

export function escapeLiteral(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The source of a JavaScript expression for a POSIX basic (or, with `extended`, extended) one. Throws SyntaxError. */
export function posixSource(pattern: string, extended: boolean): string {
  let source = '';
  let atomBefore = false;
  for (let i = 0; i < pattern.length; ) {
    const letter = pattern[i] as string;
    if (letter === '[') {
      const set = bracket(pattern, i);
      if (!set) throw new SyntaxError('Unmatched [, [^, [:, [., or [=');
      source += set.source;
      i = set.end;
      atomBefore = true;
      continue;
    }
    const escaped = letter === '\\' && i + 1 < pattern.length;
    const one = escaped ? (pattern[i + 1] as string) : letter;
    const start = source === '' || /(?:\(|\|)$/.test(source);
    source += translate(one, escaped, extended, { start, atomBefore, atEnd: i + (escaped ? 2 : 1) === pattern.length, rest: pattern.slice(i + 1) });
    atomBefore = !(start && (one === '^' || one === '(')) && one !== '|';
    i += escaped ? 2 : 1;
  }
  return source;
}

interface Place {
  readonly start: boolean;
  readonly atomBefore: boolean;
  readonly atEnd: boolean;
  readonly rest: string;
}

function translate(letter: string, escaped: boolean, extended: boolean, place: Place): string {
  if ('(){}|+?'.includes(letter)) {
    const special = extended !== escaped;
    if (!special) return `\\${letter}`;
    return '+?{'.includes(letter) && !place.atomBefore ? `\\${letter}` : letter;
  }
  if (escaped) return escapedLetter(letter);
  if (letter === '*') return place.start || (!extended && !place.atomBefore) ? '\\*' : '*';
  // In a basic expression an anchor counts only at its end of a (sub)expression.
  if (letter === '^') return extended || place.start ? '^' : '\\^';
  if (letter === '$') return extended || place.atEnd || place.rest.startsWith('\\)') || place.rest.startsWith('\\|') ? '$' : '\\$';
  if (letter === '.') return '[^\\n]';
  return letter === '/' ? '\\/' : letter;
}

function escapedLetter(letter: string): string {
  if (letter === '<') return '\\b(?=\\w)';
  if (letter === '>') return '\\b(?<=\\w)';
  if (/[1-9bBwWsSnt]/.test(letter)) return `\\${letter}`;
  return escapeLiteral(letter);
}
