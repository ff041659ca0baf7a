/** Where a body stops being JSON, in Go's words (`invalid character 'x' looking for beginning of value`). */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/**
 * How deep lists and maps may lie within each other, so that whoever walks them by recursion has stack enough.
 * Differs from upstream: Go's decoder stops at 10,000, and no object of Kubernetes needs a hundredth of that.
 */
export const nestingMax = 1000;

/**
 * Parses JSON. Halves of characters (`\ud800`) become U+FFFD, as Go does it.
 * @throws JsonSyntaxError with the text Go's encoding/json would give
 */
export function parseJson(body: Uint8Array | string): unknown {
  const text = typeof body === 'string' ? body : decodeUtf8(body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonSyntaxError(describeSyntaxError(body));
  }
  // Every level costs two characters, so that most bodies need no look.
  if (text.length > 2 * nestingMax && nestsDeeper(value, nestingMax)) throw new JsonSyntaxError(describeSyntaxError(body));
  return text.includes('\\ud') || text.includes('\\uD') ? wellFormed(value) : value;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  // Object.fromEntries defines keys, so `__proto__` is a key like any other.
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [wellFormed(key), wellFormed(one)]));
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) if (nestsDeeper(value[index], levels - 1)) return true;
    return false;
  }
  for (const key in value) if (nestsDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

const decoder = new TextDecoder();

/** Bytes as text; invalid UTF-8 becomes U+FFFD, as Go does it. A byte order mark is kept, so that it fails as it does upstream. */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? `\ufeff${text}` : text;
}

/** Finds what is wrong with JSON that JSON.parse refused, and says it as Go's scanner does: it reads bytes, and shows each as a character. */
export function describeSyntaxError(json: Uint8Array | string): string {
  return new Scanner(Buffer.from(json as string).toString('latin1')).run();
}

const literals = ['true', 'false', 'null'] as const;

class Fault extends Error {}

/** A second, slow pass: only broken bodies come here. */
class Scanner {
  private at = 0;
  private nesting = 0;

  /** @param text bytes, each as a character */
  constructor(readonly text: string) {}

  run(): string {
    try {
      this.space();
      this.value();
      this.space();
      if (this.at < this.text.length) this.fail('after top-level value');
      return 'invalid JSON';
    } catch (fault) {
      if (fault instanceof Fault) return fault.message;
      throw fault;
    }
  }

  private fail(where: string): never {
    const byte = this.text[this.at];
    if (byte === undefined) throw new Fault('unexpected end of JSON input');
    throw new Fault(`invalid character ${quoteCharacter(byte)} ${where}`);
  }

  private space(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++;
  }

  private value(): void {
    const first = this.text[this.at] ?? '';
    if (first === '{' || first === '[') this.nested(first);
    else if (first === '"') this.string();
    else if (/[-0-9]/.test(first)) this.number();
    else this.literal(first);
  }

  private nested(first: string): void {
    if (++this.nesting > nestingMax) this.fail('exceeded max depth');
    if (first === '{') this.object();
    else this.array();
    this.nesting--;
  }

  private literal(first: string): void {
    const literal = literals.find((one) => one[0] === first);
    if (!literal) this.fail('looking for beginning of value');
    for (let i = 0; i < literal.length; i++, this.at++) {
      if (this.text[this.at] !== literal[i]) this.fail(`in literal ${literal} (expecting '${literal[i]}')`);
    }
  }

  private object(): void {
    this.at++;
    this.space();
    if (this.text[this.at] === '}') return void this.at++;
    for (;;) {
      if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string');
      this.string();
      this.space();
      if (this.text[this.at] !== ':') this.fail('after object key');
      this.at++;
      this.space();
      this.value();
      this.space();
      const next = this.text[this.at];
      if (next !== ',' && next !== '}') this.fail('after object key:value pair');
      this.at++;
      if (next === '}') return;
      this.space();
    }
  }

  private array(): void {
    this.at++;
    this.space();
    if (this.text[this.at] === ']') return void this.at++;
    for (;;) {
      this.value();
      this.space();
      const next = this.text[this.at];
      if (next !== ',' && next !== ']') this.fail('after array element');
      this.at++;
      if (next === ']') return;
      this.space();
    }
  }

  private string(): void {
    this.at++;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined || char < ' ') this.fail('in string literal');
      this.at++;
      if (char === '"') return;
      if (char === '\\') this.escape();
    }
  }

  private escape(): void {
    const char = this.text[this.at];
    if (char === undefined || !'bfnrt\\/"u'.includes(char)) this.fail('in string escape code');
    this.at++;
    if (char !== 'u') return;
    for (let i = 0; i < 4; i++, this.at++) if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape');
  }

  private number(): void {
    if (this.text[this.at] === '-') {
      this.at++;
      if (!/\d/.test(this.text[this.at] ?? '')) this.fail('in numeric literal');
    }
    if (this.text[this.at] === '0') this.at++;
    else this.digits();
    if (this.text[this.at] === '.') {
      this.at++;
      if (!/\d/.test(this.text[this.at] ?? '')) this.fail('after decimal point in numeric literal');
      this.digits();
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++;
      if (!/\d/.test(this.text[this.at] ?? '')) this.fail('in exponent of numeric literal');
      this.digits();
    }
  }

  private digits(): void {
    while (/\d/.test(this.text[this.at] ?? '')) this.at++;
  }
}

/** A character as Go's scanner quotes it: `'a'`, `'\''`, `'\n'`, `'\u0081'`. */
function quoteCharacter(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  const point = char.codePointAt(0) as number;
  const named: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\b': '\\b', '\f': '\\f', '\\': '\\\\', '\v': '\\v', '\x07': '\\a' };
  if (named[char]) return `'${named[char]}'`;
  if (point < 0x20 || point === 0x7f) return `'\\x${point.toString(16).padStart(2, '0')}'`;
  if ((point >= 0x80 && point <= 0xa0) || point === 0xad) return `'\\u00${point.toString(16)}'`;
  return `'${char}'`;
}
