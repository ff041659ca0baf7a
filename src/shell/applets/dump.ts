/** od and hexdump: bytes as numbers and characters. */
import type { Process, Syscall } from '../kernel/types.ts';
import type { Call, Flavour } from './lib/applet.ts';
import { applet, Failure } from './lib/applet.ts';
import { byteCount, escapedBytes, littleEndian, printable } from './lib/bytes.ts';
import { type DumpFormat, parseDumpFormat } from './lib/dump-format.ts';
import { openInput } from './lib/input.ts';
import { parseSize } from './lib/size.ts';

/** The bytes of all files in a row, in blocks; the last may be shorter. */
class Blocks {
  readonly #process: Process;
  #fd: number | undefined;
  #skip: number;
  #left: number;
  #rest: Uint8Array = new Uint8Array(0);
  code = 0;
  /** One of the files could be opened. */
  isOpen = false;

  constructor(
    readonly call: Call,
    readonly paths: string[],
    skip: number,
    limit: number,
  ) {
    this.#process = call.process;
    this.#skip = skip;
    this.#left = limit;
  }

  *next(size: number): Syscall<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < size && this.#left > 0) {
      if (this.#rest.length === 0 && !(yield* this.#fill())) break;
      const dropped = Math.min(this.#skip, this.#rest.length);
      this.#skip -= dropped;
      const piece = this.#rest.subarray(dropped, dropped + Math.min(size - length, this.#left));
      this.#rest = this.#rest.subarray(dropped + piece.length);
      this.#left -= piece.length;
      length += piece.length;
      parts.push(piece);
    }
    yield* this.#process.step();
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  }

  *#fill(): Syscall<boolean> {
    for (;;) {
      if (this.#fd === undefined) {
        const path = this.paths.shift();
        if (path === undefined) return false;
        this.#fd = yield* openInput(this.call, path);
        if (this.#fd === undefined) this.code = 1;
        else this.isOpen = true;
        continue;
      }
      const data = yield* this.#process.read(this.#fd);
      if (data && data.length > 0) {
        this.#rest = data.slice();
        return true;
      }
      if (this.#fd !== 0) this.#process.close(this.#fd);
      this.#fd = undefined;
    }
  }
}

interface Dump {
  readonly blockBytes: number;
  readonly block: (bytes: Uint8Array, at: number) => string;
  /** What follows the last block, with where it ends. */
  readonly end: (at: number, isEmpty: boolean) => string;
}

/** Prints blocks one by one; those like the one before are one asterisk, unless `-v` is given. */
function* dump(call: Call, skip: number, { blockBytes, block, end }: Dump): Syscall<number> {
  const blocks = new Blocks(call, call.operands.length > 0 ? [...call.operands] : ['-'], skip, byteCount(call, 'n', 'N') ?? Number.POSITIVE_INFINITY);
  let at = skip;
  let before: Uint8Array | undefined;
  let isStarred = false;
  for (;;) {
    const bytes = yield* blocks.next(blockBytes);
    if (bytes.length === 0) break;
    const repeats = before !== undefined && bytes.length === blockBytes && Buffer.compare(before, bytes) === 0 && !call.options.has('v');
    if (!repeats) yield* call.out.text(block(bytes, at));
    else if (!isStarred) yield* call.out.line('*');
    isStarred = repeats;
    before = bytes;
    at += bytes.length;
  }
  if (blocks.isOpen) yield* call.out.text(end(at, before === undefined));
  return blocks.code;
}

/** One of od's forms of output: so many bytes each, so wide. */
interface OdType {
  readonly size: number;
  readonly width: number;
  readonly cell: (bytes: Uint8Array) => string;
}

const odWidths: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  o: { 1: 3, 2: 6, 4: 11, 8: 22 },
  d: { 1: 4, 2: 6, 4: 11, 8: 20 },
  u: { 1: 3, 2: 5, 4: 10, 8: 20 },
  x: { 1: 2, 2: 4, 4: 8, 8: 16 },
};
const odNames = 'nul soh stx etx eot enq ack bel  bs  ht  nl  vt  ff  cr  so  si dle dc1 dc2 dc3 dc4 nak syn etb can  em sub esc  fs  gs  rs  us  sp'.split(
  / +/,
);
const odSizes: Readonly<Record<string, number>> = { C: 1, S: 2, I: 4, L: 8 };
const odLetters: Readonly<Record<string, string>> = {
  a: 'a',
  b: 'o1',
  c: 'c',
  d: 'u2',
  x: 'x2',
  o: 'o2',
  s: 'd2',
  D: 'u4',
  O: 'o4',
  X: 'x4',
  H: 'x4',
  h: 'x2',
};

/** What an integer and a long are: busybox still takes them for those of a smaller machine. */
const odShort: Readonly<Record<Flavour, Readonly<Record<string, string>>>> = { busybox: { i: 'd2', l: 'd4' }, gnu: { i: 'd4', l: 'd8' } };

const characterCell = (byte: number) => escapedBytes[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'));
const nameCell = (byte: number) => (byte === 127 ? 'del' : (odNames[byte] ?? String.fromCharCode(byte)));

/** The types of one `-t` (`x1`, `d4`, `c`, several in a row). Throws Failure. */
function odTypes(text: string): OdType[] {
  const types: OdType[] = [];
  const form = /([acodux])(\d+|[CSIL])?/y;
  while (form.lastIndex < text.length) {
    const match = form.exec(text);
    const letter = match?.[1] ?? '';
    const size = odSizes[match?.[2] ?? ''] ?? Number(match?.[2] ?? 4);
    const width = odWidths[letter]?.[size];
    if (letter === 'a' || letter === 'c')
      types.push({ size: 1, width: 3, cell: ([byte = 0]) => (letter === 'c' ? characterCell(byte) : nameCell(byte & 0x7f)) });
    else if (width === undefined) throw new Failure(`invalid type string '${text}'`);
    else {
      const radix = letter === 'o' ? 8 : letter === 'x' ? 16 : 10;
      const fill = radix === 10 ? 0 : width;
      types.push({
        size,
        width,
        cell: (bytes) =>
          littleEndian(bytes, letter === 'd')
            .toString(radix)
            .padStart(fill, '0'),
      });
    }
  }
  return types;
}

export const od = applet(
  {
    usage: '[-abcdfhilovxs] [-t TYPE] [-A RADIX] [-j N] [-N N] [-w N] [FILE]...',
    short: 'abcdoxsilDOXHhvt:A:N:j:w::',
    long: { 'address-radix=': 'A', 'format=': 't', 'skip-bytes=': 'j', 'read-bytes=': 'N', 'width=': 'w', 'output-duplicates': 'v' },
  },
  function* (call) {
    const types: OdType[] = [];
    call.options.each((name, value) => {
      const letters = name === 't' ? value : (odShort[call.flavour][name] ?? odLetters[name]);
      if (letters !== undefined) types.push(...odTypes(letters));
    });
    if (types.length === 0) types.push(...odTypes('o2'));
    const radix = call.options.value('A') ?? 'o';
    if (!/^[doxn]$/.test(radix)) throw new Failure(`bad output address radix '${radix}' (must be [doxn])`);
    const base = { d: 10, o: 8, x: 16, n: 0 }[radix as 'd'];
    const offset = (at: number) => (base === 0 ? '' : at.toString(base).padStart(base === 16 ? 6 : 7, '0'));
    const blockBytes = call.options.has('w') ? parseSize(call.options.value('w') || '32') || 32 : 16;
    const row = (bytes: Uint8Array, { size, width, cell }: OdType) => {
      const cells: string[] = [];
      for (let i = 0; i < bytes.length; i += size) {
        const part = new Uint8Array(size);
        part.set(bytes.subarray(i, i + size));
        cells.push(` ${cell(part).padStart(width)}`);
      }
      return cells.join('');
    };
    return yield* dump(call, byteCount(call, 'j') ?? 0, {
      blockBytes,
      block: (bytes, at) => types.map((type, i) => `${i === 0 ? offset(at) : ' '.repeat(offset(at).length)}${row(bytes, type)}\n`).join(''),
      end: (at) => (base === 0 ? '' : `${offset(at)}\n`),
    });
  },
);

const canonical: Dump = {
  blockBytes: 16,
  block(bytes, at) {
    const hex = [...bytes].map((byte, i) => `${i === 8 ? ' ' : ''}${byte.toString(16).padStart(2, '0')} `).join('');
    return `${at.toString(16).padStart(8, '0')}  ${hex.padEnd(49)} |${[...bytes].map(printable).join('')}|\n`;
  },
  end: (at, isEmpty) => (isEmpty ? '' : `${at.toString(16).padStart(8, '0')}\n`),
};

/** The forms of options, in the language of `-e`. */
const hexdumpForms: Readonly<Record<string, string>> = {
  b: '"%07.7_ax " 16/1 "%03o " "\\n"',
  c: '"%07.7_ax " 16/1 "%3_c " "\\n"',
  d: '"%07.7_ax " 8/2 "  %05u " "\\n"',
  o: '"%07.7_ax " 8/2 " %06o " "\\n"',
  x: '"%07.7_ax " 8/2 "   %04x " "\\n"',
};
const plainForm = '"%07.7_ax " 8/2 "%04x " "\\n"';

/** hexdump and hd: `-b -c -C -d -o -x -v -e FORMAT -n N -s N`. */
export const hexdump = applet({ usage: '[-bcdoxCv] [-e FMT] [-n N] [-s N] [FILE]...', short: 'bcCdoxve:n:s:' }, function* (call) {
  const skip = byteCount(call, 's') ?? 0;
  const forms: string[] = [];
  call.options.each((name, value) => {
    const form = name === 'e' ? value : hexdumpForms[name];
    if (form !== undefined) forms.push(form);
  });
  if (call.options.has('C') || (call.name === 'hd' && forms.length === 0)) return yield* dump(call, skip, canonical);
  const isFree = call.options.has('e');
  const formats: DumpFormat[] = (forms.length > 0 ? forms : [plainForm]).map(parseDumpFormat);
  const blockBytes = formats.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  if (blockBytes === 0) throw new Failure('a format without conversions shows nothing');
  return yield* dump(call, skip, {
    blockBytes,
    block: (bytes, at) => formats.map((format) => format.text(bytes, at, blockBytes)).join(''),
    end: (at, isEmpty) => (isEmpty ? '' : isFree ? formats.map((format) => format.end(at)).join('') : `${at.toString(16).padStart(7, '0')}\n`),
  });
});
