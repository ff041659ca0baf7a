/**
 * Writes YAML as sigs.k8s.io/yaml does, which differs from other writers in what it quotes and how: texts that a reader
 * would take for something else stand in double quotes, other awkward ones in single quotes, several lines in a block.
 */

type Json = Record<string, unknown>;

/** An object as YAML, the way the server answers `Accept: application/yaml`: keys sorted, two spaces, lists not indented. */
export function toYaml(object: unknown): string {
  if (isMap(object) && Object.keys(object).length > 0) return mapLines(object, 0);
  if (Array.isArray(object) && object.length > 0) return listLines(object, 0);
  return `${scalar(object, 0, 0)}\n`;
}

function mapLines(map: Json, depth: number): string {
  let out = '';
  for (const key of Object.keys(map).sort(byNaturalOrder)) {
    if (map[key] !== undefined) out += `${indent(depth)}${entry(keyText(key), map[key], depth)}`;
  }
  return out;
}

function entry(key: string, value: unknown, depth: number): string {
  if (Array.isArray(value) && value.length > 0) return `${key}:\n${listLines(value, depth)}`;
  if (isMap(value) && hasEntries(value)) return `${key}:\n${mapLines(value, depth + 1)}`;
  return `${key}: ${scalar(value, depth + 1, 2 * depth + key.length + 2)}\n`;
}

function listLines(list: readonly unknown[], depth: number): string {
  let out = '';
  for (const item of list) {
    if (isMap(item) && hasEntries(item)) out += `${indent(depth)}- ${mapLines(item, depth + 1).slice(2 * (depth + 1))}`;
    else if (Array.isArray(item) && item.length > 0) out += `${indent(depth)}- ${listLines(item, depth + 1).slice(2 * (depth + 1))}`;
    else out += `${indent(depth)}- ${scalar(item, depth + 1, 2 * depth + 2)}\n`;
  }
  return out;
}

/** `column` is where the scalar begins; lines that follow are indented to `depth`. */
function scalar(value: unknown, depth: number, column: number): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object') return '{}';
  if (typeof value === 'number') return numberText(value);
  return typeof value === 'string' ? text(value, depth, column) : String(value);
}

/** Large numbers in Go's form: `1e+21`. */
function numberText(value: number): string {
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function keyText(key: string): string {
  return key.includes('\n') ? doubleQuoted(key) : text(key, 0, Number.NEGATIVE_INFINITY);
}

function text(value: string, depth: number, column: number): string {
  const escaped = meansSomethingElse(value) || needsEscapes.test(value) || (value.includes('\n') && / \n| $/.test(value));
  if (escaped) return fold(doubleQuoted(value), depth, column, true);
  if (value.includes('\n')) return block(value, depth);
  return fold(isPlain(value) ? value : `'${value.replaceAll("'", "''")}'`, depth, column, false);
}

const widthMax = 80;

/** Breaks a long text at the first single space behind column 80, as often as needed. */
function fold(written: string, depth: number, start: number, escaped: boolean): string {
  if (start + written.length <= widthMax) return written;
  const chars = [...written];
  let [out, column, spaces] = ['', start, false];
  for (const [at, char] of chars.entries()) {
    const inside = at > (escaped ? 1 : 0) && at < chars.length - (escaped ? 2 : 1);
    const breaks = char === ' ' && !spaces && column > widthMax && inside && (escaped || chars[at + 1] !== ' ');
    if (breaks) {
      out += `\n${indent(depth)}`;
      column = 2 * depth;
      // A space behind the break would be lost without the backslash.
      if (escaped && chars[at + 1] === ' ') {
        out += '\\';
        column++;
      }
    } else {
      out += char;
      column++;
    }
    spaces = char === ' ';
  }
  return out;
}

/**
 * Control characters (tabs too), and what Go's writer does not print as it is (emoji).
 * Differs from upstream: the line breaks of Unicode (U+0085, U+2028, U+2029) are escaped, not broken over lines.
 */
const needsEscapes = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|[\u{10000}-\u{10ffff}]|\p{Surrogate}/u;

function block(value: string, depth: number): string {
  const body = value.replace(/\n+$/, '');
  const trailing = value.length - body.length;
  const chomping = trailing === 0 ? '-' : trailing === 1 ? '' : '+';
  const hint = /^[ \n]/.test(value) ? '2' : '';
  const lines = (chomping === '+' ? value.slice(0, -1) : body).split('\n');
  return `|${hint}${chomping}\n${lines.map((line) => (line ? indent(depth) + line : '')).join('\n')}`;
}

/** Whether a reader of YAML 1.1 would take the bare text for a boolean, null, number or time. */
function meansSomethingElse(value: string): boolean {
  if (words.has(value)) return true;
  if (!/^[-+.0-9]/.test(value)) return false;
  const digits = value.replaceAll('_', '');
  return numbers.some((pattern) => pattern.test(digits)) || base60.test(value) || times.some((pattern) => pattern.test(value));
}

const words = new Set(
  'y Y yes Yes YES on On ON n N no No NO off Off OFF true True TRUE false False FALSE ~ null Null NULL .nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF'.split(
    ' ',
  ),
).add('');
const numbers = [/^[-+]?(?:0|[1-9]\d*|0[xX][\da-fA-F]+|0[oO]?[0-7]+|0[bB][01]+)$/, /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/];
const base60 = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;
const times = [
  /^\d{4}-\d{1,2}-\d{1,2}$/,
  /^\d{4}-\d{1,2}-\d{1,2}[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/,
  /^\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?$/,
];

function isPlain(value: string): boolean {
  if (/^[#,[\]{}&*!|>'"%@`]|^[-?:](?: |$)|^(?:---|\.\.\.)/.test(value)) return false;
  return !/^ | $|: |:$| #/.test(value);
}

const escapes: Record<string, string> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
};

function doubleQuoted(value: string): string {
  let out = '"';
  for (const char of value) {
    if (escapes[char]) out += escapes[char];
    else if (needsEscapes.test(char)) out += hexEscape(char.codePointAt(0) as number);
    else out += char;
  }
  return `${out}"`;
}

function hexEscape(point: number): string {
  const hex = point.toString(16).toUpperCase();
  if (point > 0xffff) return `\\U${hex.padStart(8, '0')}`;
  return point < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}

/** Go's writer sorts digits within keys by their value: `a2` before `a10`, and letters behind other characters. */
function byNaturalOrder(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [x, y] = [left[i] as string, right[i] as string];
    if (x === y) continue;
    const [xLetter, yLetter] = [isLetter(x), isLetter(y)];
    if (xLetter && yLetter) return x < y ? -1 : 1;
    if (xLetter || yLetter) return xLetter ? 1 : -1;
    return compareNumbers(left, right, i) || (x < y ? -1 : 1);
  }
  return left.length - right.length;
}

function compareNumbers(left: readonly string[], right: readonly string[], at: number): number {
  // A zero counts only behind another digit of the same number.
  const lead = (left[at] === '0' || right[at] === '0') && /[1-9]\d*$/.test(left.slice(0, at).join('')) ? '1' : '0';
  const numberAt = (chars: readonly string[]): [number, number] => {
    let end = at;
    while (end < chars.length && isDigit(chars[end] as string)) end++;
    return [Number(lead + chars.slice(at, end).join('')), end];
  };
  const [x, xEnd] = numberAt(left);
  const [y, yEnd] = numberAt(right);
  return x !== y ? x - y : xEnd - yEnd;
}

const isLetter = (char: string): boolean => /\p{L}/u.test(char);
const isDigit = (char: string): boolean => char >= '0' && char <= '9';

function indent(depth: number): string {
  return '  '.repeat(depth);
}

function hasEntries(map: Json): boolean {
  for (const key in map) if (map[key] !== undefined) return true;
  return false;
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
