/**
 * JSON as Go's encoding/json writes it: without the characters that mean something in HTML, nor the line ends that JavaScript did not
 * take within a string, and with keys that are numbers in their place. `indent` lays it out for people, as `pretty` does.
 * Differs from upstream: raw objects (the data of a ControllerRevision) are written anew, `1` for `1.0`, where Go copies their text.
 */
export function goJson(value: unknown, indent = 0): string {
  return htmlEscaped(unescapedJson(value, indent));
}

/** What is to be escaped yet: for those who put a text together from parts. */
export function unescapedJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent);
  return text !== undefined && (indent > 0 ? numberKey.test(text) : hasNumberKey(text)) ? writtenJson(value, indent, '') : text;
}

/** What JSON.stringify has written, as Go writes it. These characters stand only within texts and keys, so no reader is needed to find them. */
export function htmlEscaped(json: string): string {
  // Most have none of them; each of these looks is faster by far than a regular expression.
  const isPlain = !json.includes('<') && !json.includes('>') && !json.includes('&') && !json.includes('\u2028') && !json.includes('\u2029');
  return isPlain ? json : json.replace(/[<>&\u2028\u2029]/g, escapeOf);
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A first key that begins with a digit: JavaScript has keys that are numbers before all others, by size. */
const numberKey = /\{\s*"\d/;

/** The same for a text without white space, where long values cost next to nothing. */
function hasNumberKey(text: string): boolean {
  for (let at = text.indexOf('{"'); at >= 0; at = text.indexOf('{"', at + 3)) {
    const code = text.charCodeAt(at + 2);
    if (code >= 0x30 && code <= 0x39) return true;
  }
  return false;
}

/** As JSON.stringify, but that the keys of maps which have numbers among them are sorted as texts. Structs have none, and stay as they are. */
function writtenJson(value: unknown, indent: number, margin: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const inner = margin + ' '.repeat(indent);
  const colon = indent > 0 ? '": ' : '":';
  const parts = isList
    ? value.map((item) => writtenJson(item ?? null, indent, inner))
    : entriesInOrder(value as Readonly<Record<string, unknown>>).map(
        ([key, one]) => `${JSON.stringify(key).slice(0, -1)}${colon}${writtenJson(one, indent, inner)}`,
      );
  const [open, close] = isList ? '[]' : '{}';
  if (indent === 0 || parts.length === 0) return `${open}${parts.join(',')}${close}`;
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`;
}

function entriesInOrder(map: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  const entries = Object.entries(map).filter(([, value]) => value !== undefined);
  return /^\d/.test(entries[0]?.[0] ?? '') ? entries.sort(([a], [b]) => (a < b ? -1 : 1)) : entries;
}
