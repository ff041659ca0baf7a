/** wc, sort, uniq, cut, tr, tee, seq, tac, rev, nl, paste: small filters. */
import { HeldMemory, heldBytesMax } from '../kernel/held-memory.ts';
import { formatPrintf } from '../sh/printf.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { eachInput, eachLine, LineReader } from './lib/input.ts';
import { UsageError } from './lib/options.ts';
import { Output } from './lib/output.ts';
import { eachPiece, inPieces } from './lib/pieces.ts';
import { sortInTurns } from './lib/sort-in-turns.ts';

/** What a program reads at once that looks at each byte. */
const filterBytes = 16_384;

export const wc = applet({ usage: '[-clwmL] [FILE]...', short: 'clwmL', long: { lines: 'l', words: 'w', bytes: 'c', chars: 'm' } }, function* (call) {
  const { options } = call;
  const all = !options.has('c', 'l', 'w', 'm', 'L');
  const total = { lines: 0, words: 0, bytes: 0, longest: 0 };
  const rows: { counts: number[]; path: string }[] = [];
  const columns = (one: typeof total) => [
    ...(all || options.has('l') ? [one.lines] : []),
    ...(all || options.has('w') ? [one.words] : []),
    ...(all || options.has('c', 'm') ? [one.bytes] : []),
    ...(options.has('L') ? [one.longest] : []),
  ];
  const code = yield* eachInput(call, call.operands, function* (fd, path) {
    const one = { lines: 0, words: 0, bytes: 0, longest: 0 };
    let inWord = false;
    let length = 0;
    for (let data = yield* call.process.read(fd, filterBytes); data !== null; data = yield* call.process.read(fd, filterBytes)) {
      one.bytes += data.length;
      for (const byte of data) {
        const space = byte === 32 || (byte >= 9 && byte <= 13);
        if (byte === 10) {
          one.lines += 1;
          length = 0;
        } else one.longest = Math.max(one.longest, ++length);
        if (!space && !inWord) one.words += 1;
        inWord = !space;
      }
      call.process.charge(data.length >> 8);
    }
    for (const key of ['lines', 'words', 'bytes'] as const) total[key] += one[key];
    total.longest = Math.max(total.longest, one.longest);
    rows.push({ counts: columns(one), path });
  });
  if (call.operands.length > 1) rows.push({ counts: columns(total), path: 'total' });
  const gnuWidth = rows.length === 1 && rows[0]?.counts.length === 1 ? 1 : call.operands.length === 0 ? 7 : String(total.bytes).length;
  const width = call.flavour === 'gnu' ? gnuWidth : rows[0]?.counts.length === 1 && call.operands.length <= 1 ? 1 : 9;
  for (const { counts, path } of rows)
    yield* call.out.line(counts.map((n) => String(n).padStart(width)).join(' ') + (call.operands.length === 0 ? '' : ` ${path}`));
  return code;
});

/** What an array and a text cost the host besides the text, in bytes. */
const lineOverheadBytes = 32;

/** Counts lines that a program keeps. */
function limitHeld({ process }: Call): (line: string) => void {
  const memory = new HeldMemory(process, 2 * heldBytesMax);
  return (line) => memory.add(line.length + lineOverheadBytes);
}

/** sort: `-n -r -u -f -b -k A[,B] -t C -o FILE -h -V -s -c`. Holds all lines in memory. */
export const sort = applet(
  { usage: '[-nrubfhVsc] [-o FILE] [-k START[,END]] [-t CHAR] [FILE]...', short: 'nrubfghVMscdizk:t:o:T:S:', errorCode: 2 },
  function* (call) {
    const { options } = call;
    const lines: string[] = [];
    const end = options.has('z') ? '\0' : '\n';
    const hold = limitHeld(call);
    const code = yield* eachLine(
      call,
      call.operands,
      function* (line) {
        hold(line);
        lines.push(line);
        if (lines.length % 64 === 0) yield* call.process.step();
      },
      end,
    );
    const separator = options.value('t');
    const compareText = (a: string, b: string, flags: string) => {
      const has = (flag: string) => flags.includes(flag);
      if (has('n') || has('g')) return (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0);
      if (has('h')) return humanValue(a) - humanValue(b);
      if (has('V')) return versionOrder.compare(a, b);
      if (has('M')) return monthOf(a) - monthOf(b);
      const [x, y] = [has('f') ? a.toUpperCase() : a, has('f') ? b.toUpperCase() : b];
      return x < y ? -1 : x > y ? 1 : 0;
    };
    const global = ['n', 'g', 'h', 'V', 'M', 'f', 'b'].filter((flag) => options.has(flag)).join('');
    const keys = options.values('k').map((text) => {
      const match = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(text);
      if (!match || match[1] === '0') throw new Failure(`bad field specification '${text}'`, 2);
      return { from: Number(match[1]), to: match[4] ? Number(match[4]) : Number.POSITIVE_INFINITY, flags: (match[3] as string) + (match[6] ?? '') };
    });
    const fieldsOf = (line: string) => (separator ? line.split(separator) : line.split(/(?<=\S)(?=\s)/));
    const keyed = (a: string, b: string) => {
      for (const key of keys) {
        const [x, y] = [a, b].map((line) =>
          fieldsOf(line)
            .slice(key.from - 1, key.to)
            .join(separator ?? ''),
        ) as [string, string];
        const flags = key.flags.replace('r', '') || global;
        const trim = flags.includes('n') || flags.includes('b');
        const order = compareText(trim ? x.trimStart() : x, trim ? y.trimStart() : y, flags);
        if (order !== 0) return key.flags.includes('r') ? -order : order;
      }
      if (keys.length > 0) return 0;
      return global.includes('b') ? compareText(a.trimStart(), b.trimStart(), global) : compareText(a, b, global);
    };
    const direction = options.has('r') ? -1 : 1;
    const compare = (a: string, b: string) => direction * (keyed(a, b) || (options.has('s', 'u') ? 0 : compareText(a, b, '')));
    if (options.has('c')) {
      for (const [i, line] of lines.entries()) {
        if (i > 0 && compare(lines[i - 1] as string, line) > 0) return 1;
        yield* call.process.step();
      }
      return 0;
    }
    const sorted = yield* sortInTurns(call.process, lines, compare);
    const target = options.value('o');
    const out =
      target === undefined ? call.out : new Output(call.process, call.process.open(target, { write: true, create: true, truncate: true, mode: 0o666 }));
    for (const [i, line] of sorted.entries()) {
      if (options.has('u') && i > 0 && keyed(sorted[i - 1] as string, line) === 0) continue;
      yield* out.text(line + end);
      if (i % 64 === 0) yield* call.process.step();
    }
    yield* out.flush();
    return code === 0 ? 0 : 2;
  },
);

/** Numbers inside of texts count as numbers. */
const versionOrder = new Intl.Collator('en', { numeric: true });

function humanValue(text: string): number {
  const match = /^\s*([-\d.]+)([KMGTPE]?)/i.exec(text);
  return match ? Number(match[1]) * 1024 ** ('KMGTPE'.indexOf((match[2] as string).toUpperCase() || '?') + 1) : 0;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** Names that are no months come before all of them. */
function monthOf(text: string): number {
  return months.indexOf(text.trimStart().slice(0, 3).toUpperCase());
}

export const uniq = applet({ usage: '[-cduiz] [-f,s,w N] [FILE [OUTFILE]]', short: 'cduif:s:w:' }, function* (call) {
  const { options } = call;
  const key = (line: string) => {
    let text = line;
    for (let i = Number(options.value('f') ?? 0); i > 0; i--) text = text.replace(/^\s*\S+/, '');
    text = text.slice(Number(options.value('s') ?? 0));
    if (options.value('w')) text = text.slice(0, Number(options.value('w')));
    return options.has('i') ? text.toLowerCase() : text;
  };
  const target = call.operands[1];
  const lines: string[] = [];
  let held: { line: string; times: number } | undefined;
  const print = function* () {
    if (!held || (options.has('d') && held.times < 2) || (options.has('u') && held.times > 1)) return;
    const text = (options.has('c') ? `${String(held.times).padStart(7)} ` : '') + held.line;
    if (target === undefined) yield* call.out.line(text);
    else lines.push(`${text}\n`);
  };
  const code = yield* eachLine(call, call.operands.slice(0, 1), function* (line) {
    if (held && key(held.line) === key(line)) held.times += 1;
    else {
      yield* print();
      held = { line, times: 1 };
    }
  });
  yield* print();
  if (target !== undefined) call.process.system.fs.writeFile(target, lines.join(''), { cwd: call.process.cwd });
  return code;
});

/** `1,3-5,7-` as a test of a place counted from 1. */
function listTest(text: string): ((place: number) => boolean) | undefined {
  const ranges: [number, number][] = [];
  for (const part of text.split(',')) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (!match || (!match[1] && !match[3])) return undefined;
    const from = Number(match[1] || 1);
    ranges.push([from, match[2] ? Number(match[3] || Number.POSITIVE_INFINITY) : from]);
  }
  return (place) => ranges.some(([from, to]) => place >= from && place <= to);
}

export const cut = applet(
  { usage: '[-b|c LIST | -f LIST [-d SEP] [-s]] [FILE]...', short: 'b:c:f:d:sn', long: { 'output-delimiter=': 'O', complement: 'C' } },
  function* (call) {
    const { options } = call;
    const text = options.value('f') ?? options.value('b', 'c');
    const wanted = text === undefined ? undefined : listTest(text);
    if (text === undefined)
      throw new UsageError(
        call.flavour === 'gnu' ? 'you must specify a list of bytes, characters, or fields' : 'expected a list of bytes, characters, or fields',
      );
    if (!wanted) throw new Failure(call.flavour === 'gnu' ? 'invalid field range' : `invalid list '${text}'`);
    const chosen = (place: number) => wanted(place) !== options.has('C');
    const separator = options.value('d') ?? '\t';
    return yield* eachLine(call, call.operands, function* (line) {
      if (!options.has('f')) {
        let place = 0;
        const kept = (letter: string) => chosen(++place) && letter;
        yield* call.out.line(yield* inPieces(call.process, line, (piece) => Array.from(piece, kept).filter(Boolean).join('')));
        return;
      }
      if (!line.includes(separator)) {
        if (!options.has('s')) yield* call.out.line(line);
        return;
      }
      const fields = line.split(separator).filter((_, i) => chosen(i + 1));
      yield* call.out.line(fields.join(options.value('O') ?? separator));
    });
  },
);

const namedSets: Readonly<Record<string, string>> = {
  upper: 'A-Z',
  lower: 'a-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: '0-9A-Za-z',
  space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '!-/:-@[-`{-~',
  xdigit: '0-9A-Fa-f',
};

/** The characters that a tr set names, in order. */
function expandSet(text: string): string[] {
  const plain = text.replace(/\[:(\w+):\]/g, (whole, name: string) => (Object.hasOwn(namedSets, name) ? (namedSets[name] ?? whole) : whole));
  const letters: { letter: string; escaped: boolean }[] = [];
  for (let i = 0; i < plain.length; i++) {
    const escaping = plain[i] === '\\' ? /^\\([0-7]{1,3}|.)/s.exec(plain.slice(i)) : null;
    if (!escaping) {
      letters.push({ letter: plain[i] as string, escaped: false });
      continue;
    }
    const code = escaping[1] as string;
    const simple: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07', b: '\b' };
    letters.push({ letter: /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (simple[code] ?? code), escaped: true });
    i += code.length;
  }
  const result: string[] = [];
  for (let i = 0; i < letters.length; i++) {
    const { letter } = letters[i] as { letter: string };
    const [dash, end] = [letters[i + 1], letters[i + 2]];
    if (dash?.letter === '-' && !dash.escaped && end) {
      for (let at = letter.charCodeAt(0); at <= end.letter.charCodeAt(0); at++) result.push(String.fromCharCode(at));
      i += 2;
    } else result.push(letter);
  }
  return result;
}

export const tr = applet({ usage: '[-cds] STRING1 [STRING2]', short: '+cCdst' }, function* (call) {
  const { options } = call;
  const [first, second] = call.operands;
  if (first === undefined || (second === undefined && !options.has('d', 's'))) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  const from = expandSet(first);
  const to = second === undefined ? [] : expandSet(second);
  const complement = options.has('c', 'C');
  const inFirst = new Set(from);
  const member = (letter: string) => inFirst.has(letter) !== complement;
  const map = new Map(complement ? [] : from.map((letter, i) => [letter, to[Math.min(i, to.length - 1)] ?? letter]));
  const squeezed = options.has('s') ? new Set(second === undefined || (options.has('d') === false && to.length === 0) ? from : to) : undefined;
  const squeezes = (letter: string) => squeezed !== undefined && (second === undefined && complement ? !inFirst.has(letter) : squeezed.has(letter));
  let last = '';
  const decoder = new TextDecoder();
  for (let data = yield* call.process.read(0, filterBytes); data !== null; data = yield* call.process.read(0, filterBytes)) {
    let result = '';
    for (const letter of decoder.decode(data, { stream: true })) {
      if (options.has('d') && member(letter)) continue;
      const next = options.has('d') ? letter : complement && member(letter) ? (to[to.length - 1] ?? letter) : (map.get(letter) ?? letter);
      if (next === last && squeezes(next)) continue;
      last = next;
      result += next;
    }
    yield* call.out.text(result);
    if (!call.process.readable(0)) yield* call.out.flush();
  }
  return 0;
});

export const tee = applet({ usage: '[-ai] [FILE]...', short: 'aip' }, function* (call) {
  const { process } = call;
  const targets = [1];
  let code = 0;
  for (const path of call.operands) {
    try {
      const append = call.options.has('a');
      targets.push(process.open(path, { write: true, create: true, append, truncate: !append, mode: 0o666 }));
    } catch (error) {
      yield* call.warn(`${path}: ${reason(error)}`);
      code = 1;
    }
  }
  for (let data = yield* process.read(0); data !== null; data = yield* process.read(0)) for (const fd of targets) yield* process.write(fd, data);
  return code;
});

export const seq = applet({ usage: '[-w] [-s SEP] [FIRST [INC]] LAST', short: '+ws:f:0123456789.' }, function* (call) {
  const format = call.options.value('f');
  if (format !== undefined && call.flavour === 'busybox') throw new UsageError("invalid option -- 'f'");
  // Negative numbers look like options, so the operands are taken from the arguments again.
  const numbers = call.process.argv.slice(1).filter((arg, i, all) => /^[-+]?[\d.]+$/.test(arg) && all[i - 1] !== '-s' && all[i - 1] !== '-f');
  const invalid = call.operands.find((operand) => !/^[-+]?(\d+\.?\d*|\.\d+)$/.test(operand));
  if (invalid !== undefined) throw new UsageError(call.flavour === 'gnu' ? `invalid floating point argument: '${invalid}'` : `invalid number '${invalid}'`);
  if (numbers.length === 0 || numbers.length > 3) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  const last = numbers[numbers.length - 1] as string;
  const first = numbers.length > 1 ? (numbers[0] as string) : '1';
  const step = numbers.length > 2 ? (numbers[1] as string) : '1';
  const places = Math.max(...[first, step].map((text) => text.split('.')[1]?.length ?? 0));
  const increment = Number(step);
  if (increment === 0) throw new Failure(`invalid Zero increment value: '${step}'`);
  const width = call.options.has('w') ? Math.max(Number(first).toFixed(places).length, Number(last).toFixed(places).length) : 0;
  const total = Math.floor((Number(last) - Number(first)) / increment + 1e-9);
  const separator = call.options.value('s') ?? '\n';
  for (let i = 0; i <= total; i++) {
    const plain = (Number(first) + i * increment).toFixed(places);
    const text = format === undefined ? plain : formatPrintf(format, [plain], 'bash').text;
    yield* call.out.text((i > 0 ? separator : '') + (text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0')));
    yield* call.process.step();
  }
  if (total >= 0) yield* call.out.text('\n');
  return 0;
});

export const tac = applet({ usage: '[FILE]...', short: '' }, function* (call) {
  const lines: string[] = [];
  const hold = limitHeld(call);
  // biome-ignore lint/correctness/useYield: collects only.
  const code = yield* eachLine(call, call.operands, function* (line, reader) {
    hold(line);
    lines.push(line + (reader.terminated ? '\n' : ''));
  });
  for (let i = lines.length - 1; i >= 0; i -= 1) {
    yield* call.out.text(lines[i] as string);
    if (i % 64 === 0) yield* call.process.step();
  }
  return code;
});

export const rev = applet({ usage: '[FILE]...', short: '' }, function* (call) {
  return yield* eachLine(call, call.operands, function* (line) {
    const reversed: string[] = [];
    yield* eachPiece(call.process, line, (piece) => reversed.push([...piece].reverse().join('')));
    yield* call.out.line(reversed.reverse().join(''));
  });
});

/** nl: `-b a|t -w WIDTH -s SEP -v START -i STEP -n ln|rn|rz`. */
export const nl = applet({ usage: '[-b STYLE] [-i STEP] [-n FMT] [-s SEP] [-v START] [-w WIDTH] [FILE]...', short: 'b:w:s:v:i:n:' }, function* (call) {
  const step = Number(call.options.value('i') ?? 1);
  let number = Number(call.options.value('v') ?? 1) - step;
  const style = call.options.value('n');
  const shown = () => (style === 'ln' ? String(number).padEnd(width) : String(number).padStart(width, style === 'rz' ? '0' : ' '));
  const width = Number(call.options.value('w') ?? 6);
  return yield* eachLine(call, call.operands, function* (line) {
    const numbered = call.options.value('b') === 'a' || line !== '';
    if (numbered) number += step;
    yield* call.out.line(numbered ? `${shown()}${call.options.value('s') ?? '\t'}${line}` : `${' '.repeat(width + 1)}${line}`);
  });
});

export const paste = applet({ usage: '[-s] [-d LIST] [FILE]...', short: 'sd:' }, function* (call) {
  const separators = [...(call.options.value('d') ?? '\t').replace('\\n', '\n').replace('\\t', '\t')];
  const separator = (i: number) => separators[i % separators.length] ?? '';
  if (call.options.has('s')) {
    return yield* eachInput(call, call.operands, function* (fd) {
      const reader = new LineReader(call.process, fd, call.out);
      let at = 0;
      for (let line = yield* reader.next(); line !== null; line = yield* reader.next())
        yield* call.out.text((at > 0 ? separator(at - 1) : '') + line + (at++ < 0 ? '' : ''));
      yield* call.out.text('\n');
    });
  }
  // Standard input named twice gives its lines in turn.
  const input = new LineReader(call.process, 0, call.out);
  const readers = call.operands.map((path) => (path === '-' ? input : new LineReader(call.process, call.process.open(path, { read: true }), call.out)));
  for (;;) {
    const row: (string | null)[] = [];
    for (const reader of readers) row.push(yield* reader.next());
    if (row.every((cell) => cell === null)) return 0;
    yield* call.out.line(row.map((cell, i) => (i > 0 ? separator(i - 1) : '') + (cell ?? '')).join(''));
  }
});
