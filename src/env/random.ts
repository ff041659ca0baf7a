/** Random numbers come from named streams, so that a new call in one component does not shift another. */
export interface Random {
  readonly seed: number;
  stream(name: string): RandomStream;
}

export interface RandomStream {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, limit). */
  int(limit: number): number;
  /** `length` characters of `alphabet`. */
  text(alphabet: string, length: number): string;
  bytes(length: number): Uint8Array;
}

/** Streams derived from one seed: the same seed and name give the same numbers. */
export class SeededRandom implements Random {
  readonly #streams = new Map<string, RandomStream>();

  constructor(readonly seed: number) {}

  stream(name: string): RandomStream {
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = new Sfc32(hash(`${this.seed}/${name}`));
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

/** Chris Doty-Humphrey's Small Fast Counter: 32-bit, good enough for names, never for secrets of a real system. */
class Sfc32 implements RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor([a, b, c]: [number, number, number]) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    for (let i = 0; i < 12; i += 1) this.#word();
  }

  #word(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result;
    this.#c |= 0;
    return result >>> 0;
  }

  next(): number {
    return this.#word() / 0x1_0000_0000;
  }

  int(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  text(alphabet: string, length: number): string {
    // Made at once: a text that grows by a letter is kept as a chain of its pieces, thirty times its size.
    const codes = new Array<number>(length);
    for (let index = 0; index < length; index += 1) codes[index] = alphabet.charCodeAt(this.int(alphabet.length));
    return String.fromCharCode(...codes);
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i += 1) out[i] = this.#word() & 0xff;
    return out;
  }
}

/** Three 32-bit words from a text (FNV-1a with different offsets). */
export function hash(text: string): [number, number, number] {
  return [fnv(text, 0x811c9dc5), fnv(text, 0x9e3779b9), fnv(text, 0x85ebca6b)];
}

function fnv(text: string, offset: number): number {
  let value = offset;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
