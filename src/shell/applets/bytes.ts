/** dd, md5sum, sha1sum, sha256sum, sha512sum, base64, xxd: programs that look at bytes. */
import { createHash } from 'node:crypto';
import { type Syscall, SystemError } from '../kernel/types.ts';
import type { Applet, Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { byteCount, printable } from './lib/bytes.ts';
import { eachInput, openInput, readAll } from './lib/input.ts';
import { UsageError } from './lib/options.ts';
import { inPieces } from './lib/pieces.ts';
import { parseSize } from './lib/size.ts';

/** A block is held whole, in memory of the host. */
const blockMax = 128 * 1024 ** 2;

const ddOperands = new Set(['if', 'of', 'bs', 'ibs', 'obs', 'count', 'skip', 'seek', 'conv', 'status', 'iflag', 'oflag']);
const ddConversions = new Set(['notrunc', 'sync', 'fsync', 'fdatasync', 'noerror', '']);

/** dd: `if of bs count skip seek conv=notrunc,sync,noerror status=none`; other conversions are refused by name. */
export const dd: Applet = (flavour) => {
  const runner = applet({ usage: '[if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc]', short: '' }, function* (call) {
    const settings = new Map(call.operands.map((operand) => operand.split('=') as [string, string]));
    for (const operand of call.operands) {
      if (operand.includes('=') && ddOperands.has(operand.split('=')[0] as string)) continue;
      throw new UsageError(flavour === 'gnu' ? `unrecognized operand '${operand}'` : '');
    }
    const unknown = (settings.get('conv') ?? '').split(',').find((one) => !ddConversions.has(one));
    if (unknown !== undefined) throw new Failure(flavour === 'gnu' ? `the conversion '${unknown}' is not simulated` : `unknown argument '${unknown}'`);
    const size = (name: string, otherwise: number) => {
      const text = settings.get(name);
      const value = text === undefined ? otherwise : parseSize(text);
      if (value === undefined) throw new Failure(flavour === 'gnu' ? `invalid number: '${text}'` : `invalid number '${text}'`);
      return value;
    };
    const { process } = call;
    const block = size('bs', size('ibs', 512));
    if (block === 0) throw new Failure(flavour === 'gnu' ? "invalid number: '0'" : 'number 0 is not in 1..2147483647 range');
    if (block > blockMax) throw new Failure(flavour === 'gnu' ? `memory exhausted by input buffer of size ${block} bytes` : 'out of memory');
    // The buffer is memory of the container; whoever runs containers counts it.
    process.system.service<{ take(pid: number, bytes: number): void }>('memory')?.take(process.pid, block);
    const limit = size('count', Number.POSITIVE_INFINITY);
    const from = settings.get('if');
    const to = settings.get('of');
    const source = from === undefined ? 0 : yield* process.opened(process.open(from, { read: true }));
    const target =
      to === undefined ? 1 : process.open(to, { write: true, create: true, truncate: !(settings.get('conv') ?? '').includes('notrunc'), mode: 0o666 });
    if (settings.has('seek')) process.seek(target, size('seek', 0) * block, 'start');
    for (let i = size('skip', 0); i > 0; i--) yield* readBlock(call, source, block);
    const counts = { full: 0, part: 0, bytes: 0, unwritten: 0 };
    while (counts.full + counts.part < limit) {
      const { parts, length } = yield* readBlock(call, source, block);
      if (length === 0) break;
      if (length === block) counts.full += 1;
      else counts.part += 1;
      try {
        for (const part of parts) yield* process.write(target, part);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        yield* call.warn(`error writing '${to ?? 'standard output'}': ${reason(error)}`);
        counts.unwritten = 1;
        break;
      }
      counts.bytes += length;
    }
    if (settings.get('status') !== 'none') yield* process.write(2, report(counts, flavour === 'gnu'));
    return counts.unwritten;
  });
  return runner(flavour);
};

interface Counts {
  readonly full: number;
  readonly part: number;
  readonly bytes: number;
  /** 1 if the last block could not be written. */
  readonly unwritten: number;
}

function report(counts: Counts, gnu: boolean): string {
  const records = `${counts.full}+${counts.part} records in\n${counts.full - counts.unwritten}+${counts.part} records out\n`;
  return gnu ? `${records}${counts.bytes} bytes copied, 0.001 s, ${(counts.bytes / 1000).toFixed(1)} kB/s\n` : `${records}`;
}

/** A whole block where the source gives one, in the parts that it came in. */
function* readBlock(call: Call, fd: number, size: number): Syscall<{ readonly parts: readonly Uint8Array[]; readonly length: number }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < size) {
    const data = yield* call.process.read(fd, size - length);
    if (data === null) break;
    parts.push(data.slice());
    length += data.length;
    yield* call.process.step();
  }
  return { parts, length };
}

const digest = (algorithm: string) =>
  applet({ usage: '[-c] [FILE]...', short: 'csbtw' }, function* (call) {
    if (call.options.has('c')) return yield* checkSums(call, algorithm);
    return yield* eachInput(call, call.operands, function* (fd, path) {
      const hash = createHash(algorithm);
      for (let data = yield* call.process.read(fd); data !== null; data = yield* call.process.read(fd)) hash.update(data);
      yield* call.out.line(`${hash.digest('hex')}  ${path}`);
    });
  });

function* checkSums(call: Call, algorithm: string): Syscall<number> {
  let failed = 0;
  const code = yield* eachInput(call, call.operands, function* (fd) {
    for (const line of Buffer.from(yield* readAll(call.process, fd))
      .toString()
      .split('\n')
      .filter(Boolean)) {
      const [sum, path] = line.split(/ [ *]/) as [string, string];
      const file = yield* openInput(call, path);
      const good =
        file !== undefined &&
        createHash(algorithm)
          .update(yield* readAll(call.process, file))
          .digest('hex') === sum;
      if (!good) failed += 1;
      yield* call.out.line(`${path}: ${good ? 'OK' : 'FAILED'}`);
    }
  });
  if (failed > 0) yield* call.warn(`WARNING: ${failed} of 1 computed checksums did NOT match`);
  return code || (failed > 0 ? 1 : 0);
}

export const md5sum = digest('md5');
export const sha1sum = digest('sha1');
export const sha256sum = digest('sha256');
export const sha512sum = digest('sha512');

/** Lines of so many characters; with 0 one that does not end. */
function* encode(call: Call, fd: number, width: number): Syscall<void> {
  let [rest, text] = [Buffer.alloc(0), ''];
  const lines = function* () {
    let at = 0;
    for (; width > 0 && at + width <= text.length; at += width) yield* call.out.text(`${text.slice(at, at + width)}\n`);
    text = text.slice(at);
  };
  for (let data = yield* call.process.read(fd); data !== null; data = yield* call.process.read(fd)) {
    const bytes = Buffer.concat([rest, data]);
    const whole = bytes.length - (bytes.length % 3);
    text += bytes.toString('base64', 0, whole);
    rest = bytes.subarray(whole);
    yield* lines();
    if (width > 0) continue;
    yield* call.out.text(text);
    text = '';
  }
  text += rest.toString('base64');
  yield* lines();
  if (text !== '') yield* call.out.text(width > 0 ? `${text}\n` : text);
}

/** Whole groups of four characters. */
const decodedAtATime = 65_536;

export const base64 = applet({ usage: '[-d] [-w COL] [FILE]', short: 'dDiw:', long: { decode: 'd', 'wrap=': 'w' } }, function* (call) {
  return yield* eachInput(call, call.operands.slice(0, 1), function* (fd) {
    if (!call.options.has('d', 'D')) return yield* encode(call, fd, Number(call.options.value('w') ?? 76));
    const data = Buffer.from(yield* readAll(call.process, fd));
    const text = yield* inPieces(call.process, data.toString('latin1'), (piece) => piece.replace(/\s/g, ''));
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Failure(call.flavour === 'gnu' ? 'invalid input' : 'truncated input');
    for (let at = 0; at < text.length; at += decodedAtATime) yield* call.out.bytes(Buffer.from(text.slice(at, at + decodedAtATime), 'base64'));
  });
});

/** xxd: `-p` plain, `-r` back again, `-u` capitals, `-l N`, `-s N`, `-c N` bytes in a row, `-g N` bytes in a group. */
export const xxd = applet({ usage: '[-pru] [-g N] [-c N] [-l LEN] [-s OFS] [FILE]', short: 'prug:c:l:s:' }, function* (call) {
  const { options } = call;
  const isPlain = options.has('p');
  const width = byteCount(call, 'c') || (isPlain ? 30 : 16);
  const group = byteCount(call, 'g') || 2;
  return yield* eachInput(call, call.operands.slice(0, 1), function* (fd) {
    const all = yield* readAll(call.process, fd);
    if (options.has('r')) return yield* call.out.bytes(fromHex(Buffer.from(all).toString('latin1'), isPlain));
    const skip = byteCount(call, 's') ?? 0;
    const data = all.subarray(skip, skip + (byteCount(call, 'l') ?? all.length));
    const hexOf = (bytes: Uint8Array) => (options.has('u') ? Buffer.from(bytes).toString('hex').toUpperCase() : Buffer.from(bytes).toString('hex'));
    for (let at = 0; at < data.length; at += width) {
      if (at % (64 * width) === 0) yield* call.process.step();
      const bytes = data.subarray(at, at + width);
      if (isPlain) {
        yield* call.out.line(hexOf(bytes));
        continue;
      }
      const groups: string[] = [];
      for (let i = 0; i < bytes.length; i += group) groups.push(hexOf(bytes.subarray(i, i + group)));
      const columns = width * 2 + Math.ceil(width / group) - 1;
      yield* call.out.line(`${(skip + at).toString(16).padStart(8, '0')}: ${groups.join(' ').padEnd(columns)}  ${[...bytes].map(printable).join('')}`);
    }
  });
});

/** The bytes of a dump: of plain digits, or of rows with an offset before and characters after. */
function fromHex(text: string, isPlain: boolean): Uint8Array {
  const rows = isPlain ? [text] : text.split('\n').map((line) => /^[\da-fA-F]+: ?((?:[\da-fA-F]+ ?)*)/.exec(line)?.[1] ?? '');
  return Buffer.from(rows.join('').replaceAll(/[^\da-fA-F]/g, ''), 'hex');
}
