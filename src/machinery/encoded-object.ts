import { htmlEscaped } from './codec/go-json.ts';
import { objectJson } from './object-json.ts';
import type { KubeObject } from './types.ts';

/** An object beside its JSON as bytes, which are made when somebody first asks for them, and shared by all who answer with it. */
export class EncodedObject {
  readonly object: Readonly<KubeObject>;
  /** With a newline behind it. */
  #line: Buffer | undefined;
  #metadataStart = 0;
  #metadataEnd = 0;

  constructor(object: Readonly<KubeObject>) {
    this.object = object;
  }

  /** UTF-8. Nobody may write into it. */
  json(): Buffer {
    const line = this.jsonLine();
    return line.subarray(0, line.length - 1);
  }

  /** The same with a newline behind it, as Go's encoder ends an answer. */
  jsonLine(): Buffer {
    this.#line ??= keptBytes(htmlEscaped(`${objectJson(this.object)}\n`));
    return this.#line;
  }

  /** Gives the memory of the bytes back: they are not likely to be asked for again, and would be made anew. */
  forgetJson(): void {
    this.#line = undefined;
  }

  /** The part of `json()` that is the value of `metadata`; `{}` for an object that has none. */
  metadataJson(): Buffer {
    const json = this.json();
    if (this.#metadataEnd === 0) {
      const [start, end] = memberRange(json, 'metadata') ?? [0, 0];
      if (end === 0) return noMetadata;
      this.#metadataStart = start;
      this.#metadataEnd = end;
    }
    return json.subarray(this.#metadataStart, this.#metadataEnd);
  }
}

/**
 * Text as UTF-8 in memory of its own: outside the heap of V8 it costs the garbage collector nothing and goes to a socket as it is,
 * and a small text does not hold on to a piece of the pool that Buffer.from takes from.
 */
function keptBytes(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafeSlow(length);
  bytes.write(text, length === text.length ? 'latin1' : 'utf8'); // Of ASCII they are the same, and latin1 is copied as it is.
  return bytes;
}

const noMetadata = Buffer.from('{}');
const [quote, backslash, comma, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d];

/** Where the object that is a member's value begins and ends, in JSON as JSON.stringify writes it: without white space. */
function memberRange(json: Buffer, name: string): readonly [number, number] | undefined {
  const key = Buffer.from(`"${name}":`);
  for (let at = 1; json[at] === quote; ) {
    const start = stringEnd(json, at) + 1;
    const end = valueEnd(json, start);
    if (key.compare(json, at, start) === 0) return json[start] === openBrace ? [start, end] : undefined;
    at = end + 1;
  }
  return undefined;
}

/** One past the closing quote of the string that begins at `at`. */
function stringEnd(json: Buffer, at: number): number {
  for (let i = at + 1; i < json.length; i += 1) {
    if (json[i] === backslash) i += 1;
    else if (json[i] === quote) return i + 1;
  }
  return json.length;
}

/** One past the last byte of the value that begins at `at`. */
function valueEnd(json: Buffer, at: number): number {
  if (json[at] === quote) return stringEnd(json, at);
  let depth = 0;
  for (let i = at; i < json.length; i += 1) {
    const byte = json[i];
    if (byte === quote) i = stringEnd(json, i) - 1;
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
      if (depth <= 0) return depth === 0 ? i + 1 : i;
    } else if (byte === comma && depth === 0) return i;
  }
  return json.length;
}
