/** expand, unexpand, dos2unix, unix2dos, shuf, factor: text in another form, lines in another order. */
import { HeldMemory } from '../kernel/held-memory.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure } from './lib/applet.ts';
import { eachInput, eachLine, readAll } from './lib/input.ts';
import { UsageError } from './lib/options.ts';

function tabWidth(call: Call): number {
  const text = call.options.value('t') ?? '8';
  if (!/^[1-9]\d*$/.test(text)) throw new Failure(`invalid number '${text}'`);
  return Number(text);
}

/** expand: tabs become blanks; `-i` only those at the beginning, `-t N`. */
export const expand = applet({ usage: '[-i] [-t N] [FILE]...', short: 'it:', long: { initial: 'i', 'tabs=': 't' } }, function* (call) {
  const width = tabWidth(call);
  return yield* eachLine(call, call.operands, function* (line, reader) {
    let out = '';
    let column = 0;
    let atStart = true;
    for (const character of line) {
      const blanks = character === '\t' && (atStart || !call.options.has('i')) ? width - (column % width) : 0;
      out += blanks > 0 ? ' '.repeat(blanks) : character;
      column += blanks || 1;
      if (character !== ' ' && character !== '\t') atStart = false;
    }
    yield* call.out.text(out + (reader.terminated ? '\n' : ''));
  });
});

/** unexpand: blanks at the beginning become tabs, with `-a` or `-t N` all that reach a tab stop. */
export const unexpand = applet({ usage: '[-fa] [-t N] [FILE]...', short: 'aft:', long: { all: 'a', 'first-only': 'f', 'tabs=': 't' } }, function* (call) {
  const width = tabWidth(call);
  const all = call.options.has('a', 't') && !call.options.has('f');
  return yield* eachLine(call, call.operands, function* (line, reader) {
    let out = '';
    let column = 0;
    let blanks = 0;
    let atStart = true;
    for (const character of line) {
      const counts = atStart || all;
      if (character === ' ' && counts) {
        blanks += 1;
        column += 1;
        if (column % width === 0) {
          out += blanks > 1 || atStart ? '\t' : ' ';
          blanks = 0;
        }
        continue;
      }
      if (character === '\t') {
        blanks = 0;
        column += width - (column % width);
      } else {
        out += ' '.repeat(blanks);
        blanks = 0;
        column += 1;
        atStart = false;
      }
      out += character;
    }
    yield* call.out.text(out + ' '.repeat(blanks) + (reader.terminated ? '\n' : ''));
  });
});

/** Changes line ends in place, or from standard input to standard output. */
const lineEnds = (change: (text: string) => string) =>
  applet({ usage: '[FILE]', short: 'ud' }, function* (call) {
    const { fs } = call.process.system;
    const [path] = call.operands;
    const convert = (data: Uint8Array) => Buffer.from(change(Buffer.from(data).toString('latin1')), 'latin1');
    if (path === undefined) yield* call.out.bytes(convert(yield* readAll(call.process, 0)));
    else fs.writeFile(path, convert(fs.readFile(path, call.process.cwd)), { cwd: call.process.cwd });
    return 0;
  });

export const dos2unix = lineEnds((text) => text.replaceAll('\r\n', '\n'));
export const unix2dos = lineEnds((text) => text.replaceAll(/\r?\n/g, '\r\n'));

/** Numbers that `shuf -i` shuffles at most: it holds them all. */
const rangeMax = 1_000_000;

/** shuf: lines, words (`-e`) or numbers (`-i LO-HI`) in random order; `-n N` of them, `-o FILE`, `-z`. */
export const shuf = applet({ usage: '[-n NUM] [-o FILE] [-z] [FILE | -e [ARG...] | -i L-H]', short: 'en:o:zi:' }, function* (call) {
  const { options, process } = call;
  const memory = new HeldMemory(process);
  let lines: string[] = [];
  const range = /^(\d+)-(\d+)$/.exec(options.value('i') ?? '');
  if (options.has('i')) {
    if (!range) throw new Failure(`bad range '${options.value('i')}'`);
    const [low, high] = [Number(range[1]), Number(range[2])];
    if (high - low >= rangeMax) throw new Failure('out of memory');
    lines = Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => String(low + i));
  } else if (options.has('e')) lines = [...call.operands];
  else {
    const code = yield* eachLine(
      call,
      call.operands.slice(0, 1),
      // biome-ignore lint/correctness/useYield: collects only.
      function* (line) {
        memory.add(line.length);
        lines.push(line);
      },
      options.has('z') ? '\0' : '\n',
    );
    if (code !== 0) return code;
  }
  for (let i = lines.length - 1; i > 0; i -= 1) {
    const other = Math.floor(process.system.random() * (i + 1));
    [lines[i], lines[other]] = [lines[other] as string, lines[i] as string];
    if (i % 256 === 0) yield* process.step();
  }
  const end = options.has('z') ? '\0' : '\n';
  const text = lines
    .slice(0, Number(options.value('n') ?? lines.length))
    .map((line) => line + end)
    .join('');
  const target = options.value('o');
  if (target === undefined) yield* call.out.text(text);
  else process.system.fs.writeFile(target, text, { cwd: process.cwd });
  return 0;
});

/** Trial division takes this many steps of processor time for each number tried. */
const triesPerStep = 64;

/** factor: prime factors of numbers up to 2^53. */
export const factor = applet({ usage: '[NUMBER]...', short: '' }, function* (call) {
  const words = [...call.operands];
  if (words.length === 0) {
    yield* eachInput(call, [], function* (fd) {
      words.push(
        ...Buffer.from(yield* readAll(call.process, fd))
          .toString()
          .split(/\s+/)
          .filter(Boolean),
      );
    });
  }
  if (words.length === 0) throw new UsageError('');
  for (const word of words) {
    const number = Number(word);
    if (!/^\d+$/.test(word) || !Number.isSafeInteger(number)) throw new Failure(`invalid number '${word}'`);
    const factors: number[] = [];
    let rest = number;
    let tries = 0;
    for (let divisor = 2; divisor * divisor <= rest; divisor += divisor === 2 ? 1 : 2) {
      tries += 1;
      if (tries % triesPerStep === 0) yield* call.process.step();
      while (rest % divisor === 0) {
        factors.push(divisor);
        rest /= divisor;
      }
    }
    if (rest > 1) factors.push(rest);
    yield* call.out.line(`${word}:${factors.map((one) => ` ${one}`).join('')}`);
  }
  return 0;
});
