import { gunzipSync } from 'node:zlib';
import { wholeBytesMax } from '../kernel/held-memory.ts';
import type { Process, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, reason } from './lib/applet.ts';
import { GzipWriter } from './lib/gzip.ts';
import { readAll } from './lib/input.ts';

function unzip(data: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(data, { maxOutputLength: wholeBytesMax });
  } catch {
    return undefined;
  }
}

/** Takes bytes from one descriptor to another, which is opened when there is something to write. Returns whether they could be read. */
type Convert = (from: number, sink: () => number) => Syscall<boolean>;

function compressWith(process: Process, level: number): Convert {
  return function* (from, sink) {
    const to = sink();
    const writer = new GzipWriter(process, (part) => process.write(to, part), level);
    for (let data = yield* process.read(from); data !== null; data = yield* process.read(from)) yield* writer.add(data);
    yield* writer.end();
    return true;
  };
}

function expandWith(process: Process, tests: boolean): Convert {
  return function* (from, sink) {
    const data = yield* readAll(process, from);
    process.charge(data.length >> 8);
    yield* process.step();
    const plain = unzip(data);
    if (plain && !tests) yield* process.write(sink(), plain);
    return plain !== undefined;
  };
}

/** gzip, gunzip, zcat: `-c -d -k -f -1..-9`. What is expanded is held whole, at most 16 MiB. */
export const gzip = applet(
  { usage: '[-cfkdt123456789] [FILE]...', short: 'cfkdtnqv123456789', long: { stdout: 'c', decompress: 'd', keep: 'k', force: 'f' } },
  function* (call) {
    const { options, operands, process } = call;
    const expand = options.has('d', 't') || call.name === 'gunzip' || call.name === 'zcat';
    const toOutput = options.has('c') || call.name === 'zcat';
    const level = Number([...'987654321'].find((digit) => options.has(digit)) ?? 6);
    const convert = expand ? expandWith(process, options.has('t')) : compressWith(process, level);
    let code = 0;
    for (const path of operands.length === 0 ? ['-'] : operands) {
      const one = path === '-' ? yield* convertInput(call, convert) : yield* convertFile(call, path, { expand, toOutput, convert });
      code ||= one;
    }
    return code;
  },
);

function* complain(call: Call, text: string): Syscall<number> {
  yield* call.warn(text);
  return 1;
}

function* convertInput(call: Call, convert: Convert): Syscall<number> {
  return (yield* convert(0, () => 1)) ? 0 : yield* complain(call, 'invalid magic');
}

interface Way {
  readonly expand: boolean;
  readonly toOutput: boolean;
  readonly convert: Convert;
}

function* convertFile(call: Call, path: string, { expand, toOutput, convert }: Way): Syscall<number> {
  const { options, process } = call;
  const { fs } = process.system;
  let from: number;
  try {
    if (fs.stat(path, process.cwd).type === 'directory') throw new SystemError('EISDIR');
    from = process.open(path, { read: true });
  } catch (error) {
    return yield* complain(call, `${path}: ${reason(error)}`);
  }
  const target = expand ? path.replace(/\.t?gz$/, (ending) => (ending === '.tgz' ? '.tar' : '')) : `${path}.gz`;
  const toFile = !toOutput && !options.has('t');
  if (expand && target === path && toFile) return yield* complain(call, `${path}: unknown suffix - ignored`);
  if (toFile && fs.exists(target, process.cwd) && !options.has('f')) return yield* complain(call, `can't open '${target}': File exists`);
  const mode = fs.stat(path, process.cwd).mode & 0o777;
  const sink = () => (toOutput ? 1 : process.open(target, { write: true, create: true, truncate: true, mode }));
  const isGood = yield* convert(from, sink);
  process.close(from);
  if (!isGood) return yield* complain(call, call.flavour === 'busybox' ? 'invalid magic' : `${path}: not in gzip format`);
  if (toFile && !options.has('k')) fs.unlink(path, process.cwd);
  return 0;
}
