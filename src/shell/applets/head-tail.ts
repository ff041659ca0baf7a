import { HeldMemory } from '../kernel/held-memory.ts';
import type { Process, Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { eachInput, openInput, readAll } from './lib/input.ts';
import { parseSize } from './lib/size.ts';

const newline = 10;

/** `head -5 file` as `head -n 5 file`. */
function count(call: Call, text: string): number {
  const size = parseSize(text.replace(/^[-+]/, ''));
  if (size === undefined) throw new Failure(call.flavour === 'gnu' ? `invalid number of lines: '${text}'` : `invalid number '${text}'`);
  return size;
}

const digits = '0123456789';
const lineOptions = { 'lines=': 'n', 'bytes=': 'c', quiet: 'q', silent: 'q', verbose: 'v', follow: 'f' } as const;

/** The old form of the count: `-20`. */
function oldCount(call: Call): string | undefined {
  if (!call.options.has(...digits)) return undefined; // `-2` in `-n -2` is a value.
  for (const arg of call.process.argv.slice(1)) {
    const match = /^-(\d+)/.exec(arg);
    if (match) return match[1];
  }
  return undefined;
}

function* header(call: Call, path: string, many: boolean, first: boolean): Syscall<void> {
  if ((!many && !call.options.has('v')) || call.options.has('q')) return;
  yield* call.out.text(`${first ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==\n`);
}

/** head: `-n N`, `-N`, `-c N`, `-q`, `-v`; a negative count leaves out the end. */
export const head = applet({ usage: '[OPTIONS] [FILE]...', short: `n:c:qv${digits}`, long: lineOptions }, function* (call) {
  const bytesText = call.options.value('c');
  const text = bytesText ?? call.options.value('n') ?? oldCount(call) ?? '10';
  const limit = count(call, text);
  let first = true;
  return yield* eachInput(call, call.operands, function* (fd, path) {
    yield* header(call, path, call.operands.length > 1, first);
    first = false;
    if (text.startsWith('-') && !oldCount(call)) yield* allBut(call, fd, limit, bytesText !== undefined);
    else yield* upTo(call, fd, limit, bytesText !== undefined);
  });
});

function* upTo(call: Call, fd: number, limit: number, byBytes: boolean): Syscall<void> {
  let left = limit;
  while (left > 0) {
    const data = yield* call.process.read(fd, byBytes ? Math.min(left, 65_536) : 4096);
    if (data === null) return;
    let end = data.length;
    if (byBytes) left -= end;
    else {
      for (let i = 0; i < data.length && left > 0; i++) {
        if (data[i] !== newline) continue;
        left -= 1;
        if (left === 0) end = i + 1;
      }
    }
    yield* call.out.bytes(data.subarray(0, end));
  }
}

function* allBut(call: Call, fd: number, limit: number, byBytes: boolean): Syscall<void> {
  const held = yield* readAll(call.process, fd);
  yield* call.out.bytes(held.subarray(0, byBytes ? Math.max(0, held.length - limit) : startOfLast(held, limit)));
}

/** Where the last `lines` lines begin. */
function startOfLast(data: Uint8Array, lines: number): number {
  if (lines === 0) return data.length;
  let left = lines;
  for (let i = data.length - 2; i >= 0; i--) {
    if (data[i] === newline && --left === 0) return i + 1;
  }
  return 0;
}

/** How often -f looks whether a file has grown. */
const followEveryMs = 1000;

/** tail: `-n N`, `-n +N`, `-c N`, `-f`, `-F`, `-q`, `-v`, `-s SECONDS`. Holds what it will print. */
export const tail = applet({ usage: '[OPTIONS] [FILE]...', short: `n:c:fFqvs:${digits}`, long: lineOptions }, function* (call) {
  const bytesText = call.options.value('c');
  const text = bytesText ?? call.options.value('n') ?? oldCount(call) ?? '10';
  const limit = count(call, text);
  const follow = call.options.has('f', 'F');
  const retry = call.options.has('F');
  const open: Followed[] = [];
  let code = 0;
  const paths = call.operands.length > 0 ? call.operands : ['-'];
  let first = true;
  for (const path of paths) {
    const fd = yield* openInput(call, path);
    if (fd === undefined) {
      code = 1;
      if (retry) open.push({ fd, path });
      continue;
    }
    yield* header(call, path, paths.length > 1, first);
    first = false;
    yield* showEnd(call, fd, limit, text.startsWith('+'), bytesText !== undefined);
    open.push({ fd, path });
  }
  if (open.length === 0) {
    if (call.flavour === 'busybox') yield* call.warn('no files');
    else if (follow) yield* call.warn('no files remaining');
    return 1;
  }
  yield* call.out.flush();
  if (follow) yield* followAll(call, open, paths.length > 1);
  return code;
});

function* showEnd(call: Call, fd: number, limit: number, fromStart: boolean, byBytes: boolean): Syscall<void> {
  let skip = fromStart ? Math.max(0, limit - 1) : 0;
  const end = new StreamEnd(call.process, (data) => (byBytes ? Math.max(0, data.length - limit) : startOfLast(data, limit)));
  for (let data = yield* call.process.read(fd); data !== null; data = yield* call.process.read(fd)) {
    if (!fromStart) {
      end.add(data);
      continue;
    }
    let from = 0;
    if (byBytes) {
      from = Math.min(skip, data.length);
      skip -= from;
    } else for (; skip > 0 && from < data.length; from++) if (data[from] === newline) skip -= 1;
    if (from < data.length) yield* call.out.bytes(data.subarray(from));
  }
  if (!fromStart) yield* call.out.bytes(end.bytes());
}

/** The end of a stream that may be endless: no more is kept than may still be wanted. */
class StreamEnd {
  #parts: Uint8Array[] = [];
  #length = 0;
  #shortenAt = shortestWorkBytes;
  readonly #memory: HeldMemory;

  /** @param startOf where the wanted end of some bytes begins */
  constructor(
    process: Process,
    readonly startOf: (data: Uint8Array) => number,
  ) {
    this.#memory = new HeldMemory(process);
  }

  add(data: Uint8Array): void {
    this.#parts.push(data.slice());
    this.#length += data.length;
    this.#memory.add(data.length);
    if (this.#length < this.#shortenAt) return;
    const kept = this.bytes();
    this.#memory.add(kept.length - this.#length);
    this.#parts = [kept.slice()];
    this.#length = kept.length;
    this.#shortenAt = Math.max(shortestWorkBytes, 2 * kept.length); // Looking through what is kept costs its length each time.
  }

  bytes(): Uint8Array {
    const all = Buffer.concat(this.#parts);
    return all.subarray(this.startOf(all));
  }
}

/** Fewer bytes than these are not worth looking through. */
const shortestWorkBytes = 1024 ** 2;

/** A file that is followed; no descriptor while it has yet to appear. */
interface Followed {
  fd: number | undefined;
  readonly path: string;
}

function* followAll(call: Call, open: readonly Followed[], many: boolean): Syscall<never> {
  let shown = open[open.length - 1]?.path;
  for (;;) {
    for (const file of open) {
      if (call.options.has('F') && file.path !== '-') yield* lookAgain(call, file);
      if (file.fd === undefined) continue;
      yield* fromStartIfTruncated(call, file.fd, file.path);
      for (let data = yield* call.process.read(file.fd); data !== null; data = yield* call.process.read(file.fd)) {
        if (many && shown !== file.path) yield* call.out.text(`\n==> ${file.path} <==\n`);
        shown = file.path;
        yield* call.out.bytes(data);
      }
    }
    yield* call.out.flush();
    yield* call.process.sleep(Number(call.options.value('s') ?? followEveryMs / 1000) * 1000);
  }
}

/** What -F adds: a file that appears, or takes the place of the one that was followed, is followed from its start. */
function* lookAgain(call: Call, file: Followed): Syscall<void> {
  const { process } = call;
  const gnu = call.flavour !== 'busybox';
  const name = gnu ? `'${file.path}'` : file.path;
  let fd: number;
  try {
    const named = process.system.fs.stat(file.path, process.cwd);
    const held = file.fd === undefined ? undefined : process.stat(file.fd);
    if (held && held.inode === named.inode && held.device === named.device) return;
    fd = process.open(file.path, { read: true });
  } catch (error) {
    // GNU's lets go of a file that has gone; busybox' keeps it, and says so each time it looks.
    if (file.fd === undefined) return;
    yield* call.warn(gnu ? `${name} has become inaccessible: ${reason(error)}` : `${name} has been renamed or deleted: ${reason(error)}`);
    if (gnu) {
      process.close(file.fd);
      file.fd = undefined;
    }
    return;
  }
  const how = file.fd === undefined ? 'appeared' : 'been replaced';
  if (file.fd !== undefined) process.close(file.fd);
  file.fd = fd;
  yield* call.warn(`${name} has ${how};${gnu ? '  following new file' : ' following end of new file'}`);
}

/** A file that has become shorter than what was read of it begins anew. */
function* fromStartIfTruncated(call: Call, fd: number, path: string): Syscall<void> {
  const { process } = call;
  const { type, size } = process.stat(fd);
  // Files of /proc have no size, and pipes no place.
  if (type !== 'file' || size === 0 || size >= process.seek(fd, 0, 'current')) return;
  if (call.flavour !== 'busybox') yield* call.warn(`${path}: file truncated`);
  process.seek(fd, 0, 'start');
}
