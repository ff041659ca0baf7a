import { HeldMemory, wholeBytesMax } from '../kernel/held-memory.ts';
import type { Process, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Flavour } from './shell.ts';

type EscapeStyle = 'format' | 'argument';

const escapesPerStep = 4096;
/** The longest argument whose escapes are read at once. */
const argumentMax = 128 * 1024;

/** Reads the escapes of `printf` formats and of dash's `echo`. `stopped` is set by `\c`. */
export function readEscapes(text: string, style: EscapeStyle, flavour: Flavour): { readonly text: string; readonly stopped: boolean } {
  return readSomeEscapes(text, style, flavour, 0, Number.POSITIVE_INFINITY);
}

/** The same for a text that may be long: others run meanwhile. */
export function* readEscapesInTurns(
  process: Pick<Process, 'step'>,
  text: string,
  style: EscapeStyle,
  flavour: Flavour,
): Syscall<{ readonly text: string; readonly stopped: boolean }> {
  const parts: string[] = [];
  let end = 0;
  let stopped = false;
  while (end < text.length && !stopped) {
    const some = readSomeEscapes(text, style, flavour, end, escapesPerStep);
    parts.push(some.text);
    ({ end, stopped } = some);
    if (end < text.length) yield* process.step();
  }
  return { text: parts.join(''), stopped };
}

function readSomeEscapes(
  text: string,
  style: EscapeStyle,
  flavour: Flavour,
  from: number,
  most: number,
): { readonly text: string; readonly stopped: boolean; readonly end: number } {
  let out = '';
  let i = from;
  for (let count = 0; i < text.length && count < most; i += 1, count += 1) {
    const backslash = text.indexOf('\\', i);
    if (backslash < 0 || backslash === text.length - 1) return { text: out + text.slice(i), stopped: false, end: text.length };
    out += text.slice(i, backslash);
    i = backslash + 1;
    const letter = text[i] as string;
    if (letter === 'c' && (style === 'argument' || flavour === 'ash')) return { text: out, stopped: true, end: text.length };
    const octal = (style === 'argument' ? /^0[0-7]{0,3}|^[1-7][0-7]{0,2}/ : /^[0-7]{1,3}/).exec(text.slice(i, i + 4))?.[0];
    const hex = flavour === 'dash' ? undefined : /^x[\da-fA-F]{1,2}/.exec(text.slice(i, i + 3))?.[0];
    if (octal !== undefined) {
      out += rawByte(Number.parseInt(octal, 8) & 0xff);
      i += octal.length - 1;
    } else if (hex !== undefined) {
      out += rawByte(Number.parseInt(hex.slice(1), 16));
      i += hex.length - 1;
    } else out += simpleEscapes[letter] ?? `\\${letter}`;
  }
  return { text: out, stopped: false, end: i };
}

/** A byte that is no character of its own stands in text as a lone surrogate until it is written. */
function rawByte(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
}

/** The bytes of text that `readEscapes` and `formatPrintf` have made. */
export function bytesOf(text: string): Uint8Array | string {
  if (!/[\udc80-\udcff]/.test(text)) return text;
  const pieces = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff]+)/);
  return Buffer.concat(pieces.map((piece, i) => (i % 2 === 0 ? Buffer.from(piece) : Buffer.from([...piece].map((one) => one.charCodeAt(0) - 0xdc00)))));
}

const simpleEscapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"', e: '\x1b' };

export interface Printed {
  readonly text: string;
  /** The first thing that was wrong, in the words of the flavour. */
  readonly problem: string | undefined;
  readonly status: number;
}

const piecePattern = /%%|%([-+ 0#]*)(\*|[1-9]\d*)?(?:\.(\*|\d+)?)?([a-zA-Z])|%[^%a-zA-Z]*.?|[^%]+/gs;

/** Formats as `printf` does, again and again until the arguments are used up. */
export function formatPrintf(format: string, args: readonly string[], flavour: Flavour): Printed {
  const formatter = new Formatter(format, args, flavour);
  while (formatter.advance());
  return formatter.printed;
}

/** The same for any number of arguments of any length: others run meanwhile, and what is made counts as the process's memory. */
export function* formatPrintfInTurns(process: Process, format: string, args: readonly string[], flavour: Flavour): Syscall<Printed> {
  const formatter = new Formatter(format, args, flavour);
  const memory = new HeldMemory(process, wholeBytesMax);
  let held = 0;
  for (let more = true; more; ) {
    more = formatter.advance();
    memory.add(formatter.length - held);
    held = formatter.length;
    process.charge(1);
    if (more) yield* process.step();
  }
  memory.add(-held);
  return formatter.printed;
}

class Formatter {
  #text = '';
  #at = 0;
  #problem: string | undefined;
  #status = 0;
  #stopped = false;

  constructor(
    readonly format: string,
    readonly args: readonly string[],
    readonly flavour: Flavour,
  ) {}

  get length(): number {
    return this.#text.length;
  }

  get printed(): Printed {
    return { text: this.#text, problem: this.#problem, status: this.#status };
  }

  /** Goes through the format once. Returns whether there is more to do. */
  advance(): boolean {
    const before = this.#at;
    this.#once();
    return this.#at !== before && this.#at < this.args.length && !this.#stopped;
  }

  #once(): void {
    for (const piece of this.format.matchAll(piecePattern)) {
      if (this.#stopped) return;
      const conversion = piece[4];
      if (piece[0] === '%%') this.#text += '%';
      else if (!piece[0].startsWith('%')) this.#literal(piece[0]);
      else if (conversion === undefined || !'diouxXeEfFgGcsb'.includes(conversion)) {
        // Dash names the directive, busybox shows all that was left.
        const rest = this.flavour === 'ash' ? this.format.slice(piece.index) : piece[0];
        this.#fail(this.flavour === 'ash' ? `${rest}: invalid format` : `${rest}: invalid directive`);
        this.#status = this.flavour === 'dash' ? 2 : 1;
        this.#stopped = true;
      } else this.#convert(piece, conversion);
    }
  }

  #literal(text: string): void {
    if (text.length > argumentMax) throw new SystemError('ENOMEM');
    const read = readEscapes(text, 'format', this.flavour);
    this.#text += read.text;
    this.#stopped = read.stopped;
  }

  #convert(piece: RegExpMatchArray, conversion: string): void {
    const flags = piece[1] ?? '';
    const width = piece[2] === '*' ? Number(this.#number(this.#next())) : Number(piece[2] ?? 0);
    const hasPrecision = piece[0].includes('.');
    const precision = hasPrecision ? (piece[3] === '*' ? Number(this.#number(this.#next())) : Number(piece[3] ?? 0)) : undefined;
    const done = convert(conversion, this.#next(), flags, precision, this.flavour, {
      integer: (word) => this.#number(word),
      float: (word) => this.#float(word),
    });
    this.#stopped = done.stopped ?? false;
    this.#text += pad(done.text, width, flags, conversion);
  }

  #next(): string | undefined {
    return this.args[this.#at++];
  }

  #number(word: string | undefined): bigint {
    if (!word && this.flavour !== 'ash') return 0n;
    const { value, taken } = numberOf(word ?? '');
    if (taken > 0 && taken === (word ?? '').length && value === BigInt.asIntN(64, value)) return value;
    if (this.flavour === 'ash') {
      this.#fail(`invalid number '${word ?? ''}'`);
      return 0n;
    }
    if (taken === 0) this.#fail(`${word}: expected numeric value`);
    else if (taken < (word ?? '').length) this.#fail(`${word}: not completely converted`);
    else this.#fail(`${word}: Numerical result out of range`);
    return value > 2n ** 63n - 1n ? 2n ** 63n - 1n : value < -(2n ** 63n) ? -(2n ** 63n) : value;
  }

  #float(word: string | undefined): number {
    const quoted = /^["'](.)/su.exec(word ?? '');
    if (quoted) return quoted[1]?.codePointAt(0) ?? 0;
    const value = Number(word === undefined || word.trim() === '' ? '0' : word);
    if (!Number.isNaN(value)) return value;
    this.#fail(this.flavour === 'ash' ? `invalid number '${word}'` : `${word}: expected numeric value`);
    return Number.parseFloat(word ?? '') || 0;
  }

  #fail(text: string): void {
    this.#problem ??= text;
    this.#status ||= 1;
  }
}

function convert(
  conversion: string,
  word: string | undefined,
  flags: string,
  precision: number | undefined,
  flavour: Flavour,
  read: { integer(word: string | undefined): bigint; float(word: string | undefined): number },
): { text: string; stopped?: boolean } {
  const sign = (value: bigint | number, body: string) => (value < 0 ? body : flags.includes('+') ? `+${body}` : flags.includes(' ') ? ` ${body}` : body);
  switch (conversion) {
    case 's':
      return { text: precision === undefined ? (word ?? '') : (word ?? '').slice(0, precision) };
    case 'b':
      if ((word ?? '').length > argumentMax) throw new SystemError('ENOMEM');
      return readEscapes(word ?? '', 'argument', flavour);
    case 'c':
      // Nothing to show is shown as a zero byte.
      return { text: (word ?? '').slice(0, 1) || '\0' };
    case 'd':
    case 'i': {
      const value = read.integer(word);
      const digits = (value < 0n ? -value : value).toString().padStart(Math.min(precision ?? 1, widthMax), '0');
      return { text: sign(value, value < 0n ? `-${digits}` : digits) };
    }
    case 'u':
      return { text: BigInt.asUintN(64, read.integer(word)).toString() };
    case 'o':
      return { text: (flags.includes('#') ? '0' : '') + BigInt.asUintN(64, read.integer(word)).toString(8) };
    case 'x':
    case 'X': {
      const digits = BigInt.asUintN(64, read.integer(word))
        .toString(16)
        .padStart(Math.min(precision ?? 1, widthMax), '0');
      const text = (flags.includes('#') ? '0x' : '') + digits;
      return { text: conversion === 'X' ? text.toUpperCase() : text };
    }
    case 'f':
    case 'F': {
      const value = read.float(word);
      return { text: sign(value, value.toFixed(Math.min(precision ?? 6, 100))) };
    }
    case 'e':
    case 'E':
    case 'G':
    case 'g': {
      const value = read.float(word);
      const text = conversion.toLowerCase() === 'g' ? general(value, precision ?? 6) : exponential(value, precision ?? 6);
      return { text: sign(value, conversion < 'a' ? text.toUpperCase() : text) };
    }
    default:
      return { text: `%${conversion}` };
  }
}

function exponential(value: number, digits: number): string {
  return value.toExponential(Math.min(digits, 100)).replace(/e([-+])(\d)$/, 'e$10$2');
}

/** `%g`: the shorter of both forms, without zeros at its end. */
function general(value: number, precision: number): string {
  const digits = Math.min(Math.max(precision, 1), 100);
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= digits) return exponential(value, digits - 1).replace(/\.?0+e/, 'e');
  const text = value.toFixed(Math.max(0, digits - 1 - exponent));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** The number at the beginning of a word, and how much of the word it is; nothing if there is none. */
function numberOf(word: string): { readonly value: bigint; readonly taken: number } {
  if (/^["']./.test(word)) return { value: BigInt(word.codePointAt(1) ?? 0), taken: word.length };
  const match = /^\s*([-+]?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(word);
  if (!match) return { value: 0n, taken: 0 };
  const digits = match[2] as string;
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return { value: match[1] === '-' ? -value : value, taken: match[0].length };
}

/** Differs from upstream: nothing is filled up further. */
const widthMax = 10_000;

function pad(text: string, width: number, flags: string, conversion: string): string {
  const size = Math.min(Math.abs(width), widthMax);
  if (flags.includes('-') || width < 0) return text.padEnd(size);
  if (!flags.includes('0') || 'scb'.includes(conversion)) return text.padStart(size);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(size - sign.length, '0');
}
