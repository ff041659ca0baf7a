import { gunzipSync, gzipSync } from 'node:zlib';
import { heldBytesMax } from '../kernel/held-memory.ts';
import type { Process, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, reason } from './lib/applet.ts';
import { readAll } from './lib/input.ts';

function unzip(data: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(data, { maxOutputLength: heldBytesMax });
  } catch {
    return undefined;
  }
}

/** gzip, gunzip, zcat: `-c -d -k -f -1..-9`. Files are taken whole, at most 64 MiB. */
export const gzip = applet(
  { usage: '[-cfkdt123456789] [FILE]...', short: 'cfkdtnqv123456789', long: { stdout: 'c', decompress: 'd', keep: 'k', force: 'f' } },
  function* (call) {
    const { options, operands, process } = call;
    const expand = options.has('d', 't') || call.name === 'gunzip' || call.name === 'zcat';
    const toOutput = options.has('c') || call.name === 'zcat';
    const level = Number([...'987654321'].find((digit) => options.has(digit)) ?? 6);
    const convert = (data: Uint8Array) => {
      process.charge(data.length >> 8);
      return expand ? unzip(data) : gzipSync(data, { level });
    };
    if (operands.length === 0) {
      const result = convert(yield* readAll(process, 0));
      if (!result) return yield* complain(call, 'invalid magic');
      if (!options.has('t')) yield* process.write(1, result);
      return 0;
    }
    let code = 0;
    for (const path of operands) {
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

function* convertInput(call: Call, convert: (data: Uint8Array) => Uint8Array | undefined): Syscall<number> {
  const result = convert(yield* readAll(call.process, 0));
  if (!result) return yield* complain(call, 'invalid magic');
  yield* call.process.write(1, result);
  return 0;
}

interface Way {
  readonly expand: boolean;
  readonly toOutput: boolean;
  readonly convert: (data: Uint8Array) => Uint8Array | undefined;
}

function* convertFile(call: Call, path: string, { expand, toOutput, convert }: Way): Syscall<number> {
  const { options, process } = call;
  const { fs } = process.system;
  let data: Uint8Array;
  try {
    data = yield* contents(process, path);
  } catch (error) {
    return yield* complain(call, `${path}: ${reason(error)}`);
  }
  const target = expand ? path.replace(/\.t?gz$/, (ending) => (ending === '.tgz' ? '.tar' : '')) : `${path}.gz`;
  if (expand && target === path && !toOutput && !options.has('t')) return yield* complain(call, `${path}: unknown suffix - ignored`);
  const result = convert(data);
  if (!result) return yield* complain(call, call.flavour === 'busybox' ? 'invalid magic' : `${path}: not in gzip format`);
  if (options.has('t')) return 0;
  if (toOutput) {
    yield* process.write(1, result);
    return 0;
  }
  if (fs.exists(target, process.cwd) && !options.has('f')) return yield* complain(call, `can't open '${target}': File exists`);
  fs.writeFile(target, result, { mode: fs.stat(path, process.cwd).mode & 0o777, cwd: process.cwd });
  if (!options.has('k')) fs.unlink(path, process.cwd);
  return 0;
}

function* contents(process: Process, path: string): Syscall<Uint8Array> {
  if (process.system.fs.stat(path, process.cwd).type === 'directory') throw new SystemError('EISDIR');
  const fd = process.open(path, { read: true });
  const data = yield* readAll(process, fd);
  process.close(fd);
  return data;
}
