import type { Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { BoundedExpression } from './lib/bounded-expression.ts';
import { withoutSlashes } from './lib/ends.ts';
import { LineReader, openInput } from './lib/input.ts';
import { UsageError } from './lib/options.ts';
import { escapeLiteral, posixSource } from './lib/pattern.ts';

const longNames = {
  'ignore-case': 'i',
  quiet: 'q',
  silent: 'q',
  'invert-match': 'v',
  'line-number': 'n',
  'extended-regexp': 'E',
  'fixed-strings': 'F',
  'only-matching': 'o',
  count: 'c',
  recursive: 'r',
  'word-regexp': 'w',
  'line-regexp': 'x',
  'files-with-matches': 'l',
  'no-filename': 'h',
  'with-filename': 'H',
  'regexp=': 'e',
  'file=': 'f',
  'max-count=': 'm',
  'after-context=': 'A',
  'before-context=': 'B',
  'context=': 'C',
  color: 'z',
  'no-messages': 's',
} as const;

/** grep, egrep, fgrep: `-i -v -n -E -F -o -c -r -w -x -l -L -h -H -q -s -e -f -m -A -B -C`. Exit code 0 matched, 1 not, 2 trouble. */
export const grep = applet(
  {
    usage: '[-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...',
    short: 'HhnlLoqvsrRiwxFEGPcze:f:m:A:B:C:',
    long: longNames,
    errorCode: 2,
  },
  function* (call) {
    const { options } = call;
    const operands = [...call.operands];
    const patterns = options.values('e').flatMap((text) => text.split('\n'));
    for (const path of options.values('f')) patterns.push(...call.process.system.fs.readText(path, call.process.cwd).replace(/\n$/, '').split('\n'));
    if (patterns.length === 0) {
      const pattern = operands.shift();
      if (pattern === undefined) throw new UsageError('', 2);
      patterns.push(...pattern.split('\n'));
    }
    const expression = compile(call, patterns);
    const recursive = options.has('r', 'R');
    const files: string[] = [];
    for (const path of operands.length > 0 ? operands : [recursive ? '.' : '-']) files.push(...(recursive ? walk(call, path) : [path]));
    const named = !options.has('h') && (options.has('H') || recursive || operands.length > 1);
    let matched = false;
    let trouble = false;
    for (const path of files) {
      const result = yield* searchFile(call, path, expression, named);
      if (result === undefined) trouble = true;
      else if (result) matched = true;
      if (matched && options.has('q')) return 0;
    }
    return trouble ? 2 : matched ? 0 : 1;
  },
);

function compile(call: Call, patterns: readonly string[]): BoundedExpression {
  const { options, name } = call;
  const extended = options.has('E', 'P') || name === 'egrep';
  const fixed = options.has('F') || name === 'fgrep';
  try {
    const sources = patterns.map((pattern) => (fixed ? escapeLiteral(pattern) : posixSource(pattern, extended)));
    let source = sources.map((one) => `(?:${one})`).join('|');
    if (options.has('x')) source = `^(?:${source})$`;
    else if (options.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`;
    return new BoundedExpression(source, options.has('i') ? 'gi' : 'g', call.process);
  } catch {
    throw new Failure(call.flavour === 'gnu' ? 'Invalid regular expression' : `bad regex '${patterns[0]}': Invalid regexp`, 2);
  }
}

function* walk(call: Call, path: string): Generator<string> {
  const { fs } = call.process.system;
  if (path === '-' || !fs.exists(path, call.process.cwd) || fs.stat(path, call.process.cwd).type !== 'directory') {
    yield path;
    return;
  }
  for (const name of fs.readdir(path, call.process.cwd)) {
    const child = `${withoutSlashes(path)}/${name}`;
    const { type } = fs.lstat(child, call.process.cwd);
    if (type === 'file') yield child;
    else if (type === 'directory') yield* walk(call, child);
  }
}

/** Whether any line was selected; undefined if the file could not be read. */
function* searchFile(call: Call, path: string, expression: BoundedExpression, named: boolean): Syscall<boolean | undefined> {
  const { options, process } = call;
  if (options.has('s') && path !== '-' && !process.system.fs.exists(path, process.cwd)) return undefined;
  const fd = yield* openInput(call, path);
  if (fd === undefined) return undefined;
  try {
    return yield* searchLines(call, fd, path === '-' ? '(standard input)' : path, expression, named);
  } catch (error) {
    const why = reason(error);
    if (!options.has('s')) yield* call.warn(call.flavour === 'gnu' && why === 'Is a directory' ? `${path}: Is a directory` : `${path}: ${why}`);
    return undefined;
  } finally {
    if (fd !== 0) process.close(fd);
  }
}

function* searchLines(call: Call, fd: number, shown: string, expression: BoundedExpression, named: boolean): Syscall<boolean> {
  const { options, out } = call;
  const end = options.has('z') ? '\0' : '\n';
  const reader = new LineReader(call.process, fd, out, end);
  const quiet = options.has('q', 'l', 'L', 'c');
  const limit = Number(options.value('m') ?? Number.POSITIVE_INFINITY);
  const after = Number(options.value('A', 'C') ?? 0);
  const before = Number(options.value('B', 'C') ?? 0);
  const prefix = (mark: string, number: number) => (named ? `${shown}${mark}` : '') + (options.has('n') ? `${number}${mark}` : '');
  const held: { text: string; number: number }[] = [];
  let [found, number, trailing, lastShown] = [0, 0, 0, 0];
  for (let line = yield* reader.next(); line !== null && found < limit; line = yield* reader.next()) {
    number += 1;
    expression.lastIndex = 0;
    if (((yield* expression.find(line)) !== null) === options.has('v')) {
      if (trailing > 0 && !quiet) {
        yield* out.text(prefix('-', number) + line + end);
        lastShown = number;
        trailing -= 1;
      } else if (before > 0) {
        held.push({ text: line, number });
        if (held.length > before) held.shift();
      }
      continue;
    }
    found += 1;
    if (options.has('q', 'l', 'L')) break;
    if (quiet) continue;
    if ((after > 0 || before > 0) && lastShown > 0 && (held[0]?.number ?? number) > lastShown + 1) yield* out.line('--');
    for (const one of held.splice(0)) yield* out.text(prefix('-', one.number) + one.text + end);
    if (options.has('o') && !options.has('v')) {
      expression.lastIndex = 0;
      for (let match = yield* expression.find(line); match; match = yield* expression.find(line)) {
        if (match[0]) yield* out.text(prefix(':', number) + match[0] + end);
        else expression.lastIndex += 1;
        yield* call.process.step();
      }
    } else if (!options.has('o')) yield* out.text(prefix(':', number) + line + end);
    lastShown = number;
    trailing = after;
  }
  if (options.has('c')) yield* out.line((named ? `${shown}:` : '') + found);
  if ((options.has('l') && found > 0) || (options.has('L') && found === 0)) yield* out.line(shown);
  return found > 0;
}
