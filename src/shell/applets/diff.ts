/** cmp and diff: where files differ. */
import type { Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { readAll } from './lib/input.ts';
import { normalHunks, unifiedHunks } from './lib/line-difference.ts';
import { UsageError } from './lib/options.ts';

const bytesPerStep = 4096;

function* contentOf(call: Call, path: string): Syscall<Buffer> {
  try {
    if (path === '-') return Buffer.from(yield* readAll(call.process, 0));
    const fd = call.process.open(path, { read: true });
    const content = Buffer.from(yield* readAll(call.process, fd));
    call.process.close(fd);
    return content;
  } catch (error) {
    const text = call.flavour === 'gnu' ? path : call.name === 'cmp' ? `can't open '${path}'` : `can't stat '${path}'`;
    throw new Failure(`${text}: ${reason(error)}`, 2);
  }
}

/** Lines are compared all at once. */
const comparedMax = 1024 ** 2;

function* textOf(call: Call, path: string): Syscall<Buffer> {
  const content = yield* contentOf(call, path);
  if (content.length > comparedMax) throw new Failure('out of memory', 2);
  return content;
}

/** cmp: the first difference, or that one file is a beginning of the other; `-l` all of them, `-s` none, `-n N`. */
export const cmp = applet({ usage: '[-ls] [-n NUM] FILE1 [FILE2]', short: 'lsn:', errorCode: 2 }, function* (call) {
  const [a, b = '-'] = call.operands;
  if (a === undefined) throw new UsageError('', 2);
  const limit = Number(call.options.value('n') ?? Number.POSITIVE_INFINITY);
  const left = (yield* contentOf(call, a)).subarray(0, limit);
  const right = (yield* contentOf(call, b)).subarray(0, limit);
  if (left.equals(right)) return 0;
  if (call.options.has('s')) return 1;
  const shorter = Math.min(left.length, right.length);
  let line = 1;
  for (let offset = 0; offset < shorter; offset += 1) {
    if (offset % bytesPerStep === 0) yield* call.process.step();
    const [one, other] = [left[offset] as number, right[offset] as number];
    if (one === other) {
      if (one === 10) line += 1;
    } else if (call.options.has('l')) yield* call.out.line(`${offset + 1} ${one.toString(8).padStart(3)} ${other.toString(8).padStart(3)}`);
    else {
      yield* call.out.line(`${a} ${b} differ: ${call.flavour === 'gnu' ? 'byte' : 'char'} ${offset + 1}, line ${line}`);
      return 1;
    }
  }
  if (left.length !== right.length) yield* call.warn(`EOF on ${left.length < right.length ? a : b}`);
  return 1;
});

/** diff: unified, which is busybox' only form, and without `-u` coreutils' own; `-a -b -B -i -N -q -r -s -w -U N`. */
export const diff = applet(
  {
    usage: '[-abBiNqrsuw] [-U LINES] FILE1 FILE2',
    short: 'uqsabBiNrwdTtU:',
    long: {
      brief: 'q',
      unified: 'u',
      recursive: 'r',
      'new-file': 'N',
      'ignore-case': 'i',
      'ignore-all-space': 'w',
      'ignore-space-change': 'b',
      'ignore-blank-lines': 'B',
    },
    errorCode: 2,
  },
  function* (call) {
    const [a, b] = call.operands;
    if (a === undefined || b === undefined) throw new UsageError('', 2);
    return yield* compare(call, a, b, true);
  },
);

function* compare(call: Call, a: string, b: string, named: boolean): Syscall<number> {
  const [folderA, folderB] = [isFolder(call, a), isFolder(call, b)];
  if (folderA && folderB) return yield* compareFolders(call, a, b);
  // A file against a folder is a file against the one of its name there.
  if (named && folderA) return yield* compare(call, `${a}/${lastName(b)}`, b, true);
  if (named && folderB) return yield* compare(call, a, `${b}/${lastName(a)}`, true);
  const left = (yield* textOf(call, a)).toString();
  const right = (yield* textOf(call, b)).toString();
  const { options, out } = call;
  const key = lineKey(call);
  const blank = options.has('B') ? (text: string) => text.replaceAll(/^\n/gm, '') : (text: string) => text;
  const same = left === right || blank(left).split('\n').map(key).join('\n') === blank(right).split('\n').map(key).join('\n');
  if (same) {
    if (options.has('s')) yield* out.line(`Files ${a} and ${b} are identical`);
    return 0;
  }
  if (options.has('q')) {
    yield* out.line(`Files ${a} and ${b} differ`);
    return 1;
  }
  if (!named && call.flavour === 'gnu')
    yield* out.line(
      `diff ${call.process.argv
        .slice(1)
        .filter((word) => word.startsWith('-'))
        .join(' ')} ${a} ${b}`.replace('  ', ' '),
    );
  if (call.flavour === 'gnu' && !options.has('u', 'U')) {
    for (const line of normalHunks(left, right, key)) yield* out.line(line);
    return 1;
  }
  yield* out.text(`--- ${a}\n+++ ${b}\n`);
  for (const line of unifiedHunks(left, right, Number(options.value('U') ?? 3), key)) yield* out.line(line);
  return 1;
}

/** What of a line counts when it is compared. */
function lineKey({ options }: Call): (line: string) => string {
  const changes: ((line: string) => string)[] = [];
  if (options.has('i')) changes.push((line) => line.toLowerCase());
  if (options.has('w')) changes.push((line) => line.replaceAll(/\s+/g, ''));
  else if (options.has('b')) changes.push((line) => line.replaceAll(/\s+/g, ' ').trimEnd());
  return (line) => changes.reduce((text, change) => change(text), line);
}

function* compareFolders(call: Call, a: string, b: string): Syscall<number> {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  const [left, right] = [new Set(fs.readdir(a, cwd)), new Set(fs.readdir(b, cwd))];
  let code = 0;
  for (const name of [...new Set([...left, ...right])].sort()) {
    yield* call.process.step();
    if (!left.has(name) || !right.has(name)) {
      yield* call.out.line(`Only in ${left.has(name) ? a : b}: ${name}`);
      code = 1;
      continue;
    }
    const [one, other] = [`${a}/${name}`, `${b}/${name}`];
    if (isFolder(call, one) && isFolder(call, other) && !call.options.has('r')) yield* call.out.line(`Common subdirectories: ${one} and ${other}`);
    else code = Math.max(code, yield* compare(call, one, other, false));
  }
  return code;
}

function isFolder({ process }: Call, path: string): boolean {
  const { fs } = process.system;
  return path !== '-' && fs.exists(path, process.cwd) && fs.stat(path, process.cwd).type === 'directory';
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
