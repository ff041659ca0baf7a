/** The language of `hexdump -e`: units of `[TIMES/][BYTES] "TEXT"`, where TEXT has printf's conversions and `%_a %_A %_c %_p %_u`. */
import { Failure } from './applet.ts';
import { escapedBytes, littleEndian, printable } from './bytes.ts';

export interface DumpFormat {
  /** How many bytes of input it shows at a time. */
  readonly bytes: number;
  /** A block of at most `blockBytes` as text; what it lacks is left blank. */
  text(block: Uint8Array, at: number, blockBytes: number): string;
  /** What `%_A` shows after the last block. */
  end(at: number): string;
}

type Part = string | Conversion;

interface Conversion {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  /** `d`, `x`, `_c`, `_ax` ... */
  readonly kind: string;
  readonly bytes: number;
}

interface Unit {
  readonly times: number;
  readonly parts: readonly Part[];
  readonly bytes: number;
}

const timesMax = 65_536;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '0': '\0' };
const controlNames = 'nul soh stx etx eot enq ack bel bs ht lf vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em sub esc fs gs rs us'.split(' ');

/** Throws Failure for what is no format. */
export function parseDumpFormat(source: string): DumpFormat {
  const units: Unit[] = [];
  const form = /\s*(?:(\d+)\/(\d+)?|(\d+)|\/(\d+))?\s*"((?:[^"\\]|\\.)*)"\s*/y;
  while (form.lastIndex < source.length) {
    const match = form.exec(source);
    if (!match) throw new Failure(`bad format {${source}}`);
    const [, times, each, alone, eachAlone, text = ''] = match;
    units.push(unitOf(Number(times ?? alone ?? 1), Number(each ?? eachAlone ?? 0), text));
  }
  const bytes = units.reduce((sum, unit) => sum + unit.times * unit.bytes, 0);
  return {
    bytes,
    text: (block, at, blockBytes) => render(units, bytes, { block, at, blockBytes }),
    end: (at) => units.flatMap(({ parts }) => (parts.some((part) => isEnd(part)) ? parts.map((part) => endPart(part, at)) : [])).join(''),
  };
}

const isEnd = (part: Part): boolean => typeof part !== 'string' && part.kind.startsWith('_A');
const endPart = (part: Part, at: number): string => (typeof part === 'string' ? part : isEnd(part) ? offsetText(part, at) : '');

function unitOf(times: number, each: number, source: string): Unit {
  if (times > timesMax) throw new Failure('bad byte count for conversion character');
  const parts: Part[] = [];
  const form = /%([-+ #0]*)(\d*)(?:\.(\d+))?(_[aA][dox]|_[cpu]|[cdiouxXs%])|\\(.)|([^%\\]+)|([%\\])/gs;
  for (const [, flags = '', width, precision, kind, escaped, plain, wrong] of source.matchAll(form)) {
    if (wrong !== undefined) throw new Failure(`bad conversion character ${wrong}`);
    if (escaped !== undefined) parts.push(escapes[escaped] ?? escaped);
    else if (plain !== undefined) parts.push(plain);
    else if (kind === '%') parts.push('%');
    else if (kind !== undefined) {
      const bytes = kind.startsWith('_a') || kind.startsWith('_A') ? 0 : kind.startsWith('_') || kind === 'c' ? 1 : each || (kind === 's' ? 1 : 4);
      if (bytes !== 0 && kind !== 's' && ![1, 2, 4, 8].includes(bytes)) throw new Failure(`bad byte count for conversion character ${kind}`);
      parts.push({ flags, width: Number(width || 0), precision: precision === undefined ? undefined : Number(precision), kind, bytes });
    }
  }
  const bytes = parts.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : part.bytes), 0);
  return { times, parts, bytes: bytes || each };
}

interface Block {
  readonly block: Uint8Array;
  readonly at: number;
  readonly blockBytes: number;
}

/** A unit that shows fewer bytes than the block has is repeated if it is the last. */
function render(units: readonly Unit[], bytes: number, { block, at, blockBytes }: Block): string {
  const out: string[] = [];
  let used = 0;
  units.forEach((unit, index) => {
    const isLast = index === units.length - 1;
    const more = isLast && unit.bytes > 0 ? Math.floor((blockBytes - bytes) / unit.bytes) : 0;
    const times = unit.times + Math.max(0, more);
    for (let i = 0; i < times; i += 1) {
      if (used >= block.length && unit.bytes > 0 && block.length === 0) return;
      unit.parts.forEach((part, place) => {
        if (typeof part === 'string') {
          // The last of several has no blank at its end.
          const isEnd = times > 1 && i === times - 1 && place === unit.parts.length - 1;
          out.push(isEnd ? part.replace(/\s$/, '') : part);
          return;
        }
        out.push(convert(part, block, used, at));
        used += part.bytes;
      });
    }
  });
  return out.join('');
}

function convert(part: Conversion, block: Uint8Array, used: number, at: number): string {
  if (part.kind.startsWith('_a')) return offsetText(part, at + used);
  if (part.kind.startsWith('_A')) return '';
  if (used >= block.length) return ' '.repeat(part.width);
  const bytes = new Uint8Array(part.bytes);
  bytes.set(block.subarray(used, used + part.bytes));
  const [byte = 0] = bytes;
  switch (part.kind) {
    case '_c':
      return padded(part, escapedBytes[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0')));
    case '_p':
      return padded(part, printable(byte));
    case '_u':
      return padded(part, byte === 127 ? 'del' : (controlNames[byte] ?? (byte < 127 ? String.fromCharCode(byte) : byte.toString(16).padStart(2, '0'))));
    case 'c':
      return padded(part, String.fromCharCode(byte));
    case 's':
      return padded(part, Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '').slice(0, part.precision));
    default:
      return numberText(part, littleEndian(bytes, part.kind === 'd' || part.kind === 'i'));
  }
}

function offsetText(part: Conversion, at: number): string {
  return numberText({ ...part, kind: part.kind.slice(2) }, BigInt(at));
}

function numberText(part: Conversion, value: bigint): string {
  const radix = { o: 8, x: 16, X: 16 }[part.kind as 'o'] ?? 10;
  const size = (value < 0n ? -value : value).toString(radix).padStart(part.precision ?? 1, '0');
  const prefix = part.flags.includes('#') && value !== 0n ? (radix === 16 ? '0x' : radix === 8 ? '0' : '') : '';
  const sign = value < 0n ? '-' : part.flags.includes('+') ? '+' : part.flags.includes(' ') ? ' ' : '';
  const digits = part.kind === 'X' ? size.toUpperCase() : size;
  const isFilled = part.flags.includes('0') && !part.flags.includes('-') && part.precision === undefined;
  const whole = isFilled ? digits.padStart(part.width - sign.length - prefix.length, '0') : digits;
  return padded(part, sign + prefix + whole);
}

function padded({ width, flags }: Conversion, text: string): string {
  return flags.includes('-') ? text.padEnd(width) : text.padStart(width);
}
