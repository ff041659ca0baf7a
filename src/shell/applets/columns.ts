/** fold, comm, join, split, strings, cksum, getopt: filters over lines and bytes. */
import type { Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure } from './lib/applet.ts';
import { eachInput, eachLine, LineReader, openInput, readAll } from './lib/input.ts';
import { parseOptions, UsageError } from './lib/options.ts';
import { parseSize } from './lib/size.ts';

/** fold: `-w WIDTH -s -b`. */
export const fold = applet({ usage: '[-bs] [-w WIDTH] [FILE]...', short: 'bsw:' }, function* (call) {
  const width = Number(call.options.value('w') ?? 80);
  if (!(width > 0)) throw new Failure(`invalid number '${call.options.value('w')}'`);
  return yield* eachLine(call, call.operands, function* (line, reader) {
    let rest = line;
    const fits = (text: string) => (call.options.has('b') ? Math.min(text.length, width) : fittingLength(text, width));
    for (let most = fits(rest); most < rest.length; most = fits(rest)) {
      const blank = call.options.has('s') ? rest.slice(0, most).lastIndexOf(' ') + 1 : 0;
      const cut = blank > 0 ? blank : Math.max(1, most);
      yield* call.out.line(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    yield* call.out.text(rest + (reader.terminated ? '\n' : ''));
  });
});

/** How many characters fit into a width; a tab goes to the next multiple of eight. */
function fittingLength(text: string, width: number): number {
  let column = 0;
  for (let i = 0; i < text.length; i += 1) {
    column += text[i] === '\t' ? 8 - (column % 8) : 1;
    if (column > width) return i;
  }
  return text.length;
}

function* readerOf(call: Call, path: string): Syscall<LineReader> {
  const fd = yield* openInput(call, path);
  if (fd === undefined) throw new UsageError('');
  return new LineReader(call.process, fd, call.out);
}

/** comm: lines of the first file, of the second, of both; `-1 -2 -3` leave a column out. */
export const comm = applet({ usage: '[-123] FILE1 FILE2', short: '123' }, function* (call) {
  const [a, b] = call.operands;
  if (a === undefined || b === undefined) throw new UsageError('');
  const { options, out } = call;
  const readers = [call.process.open(a, { read: true }), call.process.open(b, { read: true })].map((fd) => new LineReader(call.process, fd, out));
  const [first, second] = readers as [LineReader, LineReader];
  const indent = [0, options.has('1') ? 0 : 1, (options.has('1') ? 0 : 1) + (options.has('2') ? 0 : 1)];
  const print = function* (column: number, line: string): Syscall<void> {
    if (!options.has(String(column + 1))) yield* out.line('\t'.repeat(indent[column] as number) + line);
  };
  let [left, right] = [yield* first.next(), yield* second.next()];
  while (left !== null || right !== null) {
    if (right === null || (left !== null && left < right)) {
      yield* print(0, left as string);
      left = yield* first.next();
    } else if (left === null || right < left) {
      yield* print(1, right);
      right = yield* second.next();
    } else {
      yield* print(2, left);
      [left, right] = [yield* first.next(), yield* second.next()];
    }
  }
  return 0;
});

/** join: lines of two sorted files with the same first field; `-1 N -2 N -j N -t C -a FILENUM -v FILENUM`. Holds the second file. */
export const join = applet({ usage: '[-a FILENUM] [-t CHAR] [-1 FIELD] [-2 FIELD] FILE1 FILE2', short: '1:2:j:t:a:v:i' }, function* (call) {
  const [a, b] = call.operands;
  if (a === undefined || b === undefined) throw new UsageError('missing operand');
  const { options, out } = call;
  const separator = options.value('t');
  const fields = (line: string) => (separator ? line.split(separator) : line.trim().split(/\s+/));
  const places = [Number(options.value('1', 'j') ?? 1) - 1, Number(options.value('2', 'j') ?? 1) - 1] as const;
  const rows: string[][][] = [];
  for (const path of [a, b]) {
    const reader = yield* readerOf(call, path);
    const own: string[][] = [];
    for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) own.push(fields(line));
    rows.push(own);
  }
  const print = (parts: readonly string[]) => out.line(parts.join(separator ?? ' '));
  const rest = (row: readonly string[], place: number) => row.filter((_, i) => i !== place);
  const unpaired = [...options.values('a'), ...options.values('v')];
  const used = new Set<string[]>();
  for (const row of rows[0] as string[][]) {
    const key = row[places[0]] ?? '';
    const matches = (rows[1] as string[][]).filter((other) => (other[places[1]] ?? '') === key);
    for (const other of matches) {
      used.add(other);
      if (!options.has('v')) yield* print([key, ...rest(row, places[0]), ...rest(other, places[1])]);
    }
    if (matches.length === 0 && unpaired.includes('1')) yield* print([key, ...rest(row, places[0])]);
  }
  if (unpaired.includes('2'))
    for (const other of rows[1] as string[][]) if (!used.has(other)) yield* print([other[places[1]] ?? '', ...rest(other, places[1])]);
  return 0;
});

/** split: `-l LINES -b SIZE -a LENGTH`, into PREFIXaa, PREFIXab, … */
export const split = applet({ usage: '[OPTIONS] [INPUT [PREFIX]]', short: 'l:b:a:' }, function* (call) {
  const { options, process } = call;
  const [input = '-', prefix = 'x'] = call.operands;
  const letters = Number(options.value('a') ?? 2);
  const bytes = options.has('b') ? parseSize((options.value('b') as string).replace('m', 'M')) : undefined;
  const lines = Number(options.value('l') ?? 1000);
  if ((options.has('b') && !bytes) || !(lines > 0)) throw new Failure(`invalid number '${options.value('b', 'l')}'`);
  const fd = yield* openInput(call, input);
  if (fd === undefined) return 1;
  const data = yield* readAll(process, fd);
  let [at, number] = [0, 0];
  while (at < data.length) {
    let end = bytes === undefined ? at : Math.min(at + bytes, data.length);
    if (bytes === undefined) {
      for (let count = 0; count < lines && end < data.length; count++) {
        const next = data.indexOf(10, end);
        end = next < 0 ? data.length : next + 1;
      }
    }
    if (number >= 26 ** letters) throw new Failure('suffixes exhausted');
    const suffix = Array.from({ length: letters }, (_, i) => String.fromCharCode(97 + (Math.floor(number / 26 ** (letters - 1 - i)) % 26))).join('');
    process.system.fs.writeFile(prefix + suffix, data.subarray(at, end), { cwd: process.cwd });
    number += 1;
    at = end;
    yield* process.step();
  }
  return 0;
});

/** strings: runs of at least `-n N` (4) printable characters; `-f` and `-o` as busybox has them, `-t d|o|x`. */
export const strings = applet({ usage: '[-fo] [-t o|d|x] [-n LEN] [FILE]...', short: 'afon:t:' }, function* (call) {
  const { options } = call;
  const least = Number(options.value('n') ?? 4);
  const radix = { d: 10, o: 8, x: 16 }[options.value('t') ?? (options.has('o') ? 'o' : '')];
  return yield* eachInput(call, call.operands, function* (fd, path) {
    const text = Buffer.from(yield* readAll(call.process, fd)).toString('latin1');
    for (const match of text.matchAll(/[\t\x20-\x7e]+/g)) {
      yield* call.process.step();
      if (match[0].length < least) continue;
      const offset = radix ? `${match.index.toString(radix).padStart(7)} ` : '';
      yield* call.out.line((options.has('f') ? `${path}: ` : '') + offset + match[0]);
    }
  });
});

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc;
});

/** cksum: POSIX' CRC, which takes in the length too. */
export const cksum = applet({ usage: '[FILE]...', short: '' }, function* (call) {
  return yield* eachInput(call, call.operands, function* (fd, path) {
    const data = yield* readAll(call.process, fd);
    call.process.charge(data.length >> 8);
    let crc = 0;
    const add = (byte: number) => {
      crc = (crc << 8) ^ (crcTable[((crc >>> 24) ^ byte) & 255] as number);
    };
    for (const byte of data) add(byte);
    for (let length = data.length; length > 0; length = Math.floor(length / 256)) add(length & 255);
    yield* call.out.line(`${~crc >>> 0} ${data.length}${call.operands.length > 0 ? ` ${path}` : ''}`);
  });
});

/** getopt: the enhanced form with `-o` and `-l`, and the old one; `-n NAME -q -Q -u -T`. */
export const getopt = applet(
  { usage: '[OPTIONS] [--] OPTSTRING PARAMS', short: '+o:l:n:aqQuT', long: { 'options=': 'o', 'longoptions=': 'l', 'name=': 'n', unquoted: 'u', test: 'T' } },
  function* (call) {
    const { options } = call;
    if (options.has('T')) return 4;
    const params = [...call.operands];
    const old = !options.has('o');
    const short = options.value('o') ?? params.shift();
    if (short === undefined) throw new UsageError('missing optstring argument');
    const name = options.value('n') ?? 'getopt';
    const long: Record<string, string> = {};
    for (const one of options.values('l').flatMap((text) => text.split(',')))
      long[one.replace(/:+$/, (mark) => (mark === ':' ? '=' : ''))] = `--${one.replace(/:+$/, '')}`;
    const quote = (text: string) => (old || options.has('u') ? text : `'${text.replaceAll("'", "'\\''")}'`);
    const shown: string[] = [];
    const marks = new Set([...short.matchAll(/(\w):/g)].map((match) => match[1] as string));
    const valued = new Set(
      Object.keys(long)
        .filter((key) => key.endsWith('='))
        .map((key) => `--${key.slice(0, -1)}`),
    );
    try {
      const seen: [string, string][] = [];
      const parsed = parseOptions({ short, long }, params);
      parsed.options.each((key, value) => seen.push([key, value]));
      for (const [key, value] of seen) {
        shown.push(key.startsWith('--') ? key : `-${key}`);
        if (marks.has(key) || valued.has(key)) shown.push(quote(value));
      }
      yield* call.out.line(` ${[...shown, '--', ...parsed.operands.map(quote)].join(' ')}`);
      return 0;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      yield* call.process.write(2, `${name}: ${error.message}\n`);
      yield* call.out.line(` ${[...shown, '--'].join(' ')}`);
      return 1;
    }
  },
);
