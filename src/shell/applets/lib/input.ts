import { HeldMemory, wholeBytesMax } from '../../kernel/held-memory.ts';
import type { Process, Syscall } from '../../kernel/types.ts';
import type { Call } from './applet.ts';
import { reason } from './applet.ts';
import type { Output } from './output.ts';

/** Lines that are dealt with in the time of a step, at least. */
const linesPerStep = 16;

/** Reads a descriptor line by line, as UTF-8. Holds one line and one read's bytes at most. */
export class LineReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #ended = false;
  readonly #memory: HeldMemory;
  #given = 0;
  /** Whether the line given last had a newline. */
  terminated = true;

  constructor(
    readonly process: Process,
    readonly fd: number,
    readonly out?: Output,
    readonly separator = '\n',
  ) {
    this.#memory = new HeldMemory(process, wholeBytesMax);
  }

  /** The next line without its newline; null at the end. Throws ENOMEM where a line does not end. */
  *next(): Syscall<string | null> {
    // A line of many parts is looked through once, when its end has come: a search joins the parts, which costs their length.
    let mayEnd = true;
    for (;;) {
      const at = mayEnd ? this.#rest.indexOf(this.separator) : -1;
      if (at >= 0) {
        this.#given += 1;
        if (this.#given % linesPerStep === 0) yield* this.process.step();
        const line = this.#rest.slice(0, at);
        this.#rest = this.#rest.slice(at + 1);
        this.#memory.add(-(at + 1));
        this.terminated = true;
        return line;
      }
      if (this.#ended) return this.#last();
      // What has been written so far should be seen before this waits for more.
      if (this.out && !this.process.readable(this.fd)) yield* this.out.flush();
      const data = yield* this.process.read(this.fd, 16_384);
      this.process.charge(1);
      if (data === null) {
        this.#ended = true;
        continue;
      }
      const text = this.#decoder.decode(data, { stream: true });
      mayEnd = text.includes(this.separator);
      this.#rest += text;
      this.#memory.add(text.length);
    }
  }

  #last(): string | null {
    this.terminated = false;
    if (this.#rest === '') return null;
    const line = this.#rest;
    this.#rest = '';
    this.#memory.add(-line.length);
    return line;
  }
}

/** All bytes of a descriptor. Throws ENOMEM. */
export function* readAll(process: Process, fd: number): Syscall<Uint8Array> {
  const parts: Uint8Array[] = [];
  const memory = new HeldMemory(process, wholeBytesMax);
  for (;;) {
    const data = yield* process.read(fd);
    if (data === null) return Buffer.concat(parts);
    memory.add(data.length);
    parts.push(data.slice());
  }
}

/** Opens a file to read (`-` is stdin), or says why not and returns undefined. */
export function* openInput(call: Call, path: string): Syscall<number | undefined> {
  if (path === '-') return 0;
  try {
    return yield* call.process.opened(call.process.open(path, { read: true }));
  } catch (error) {
    const why = reason(error);
    yield* call.warn(call.flavour === 'busybox' && opensQuoted.has(call.name) ? `can't open '${path}': ${why}` : openText(call, path, why));
    return undefined;
  }
}

/** Busybox' applets that use its "can't open" wording; the others name only the file. */
const opensQuoted = new Set(['cat', 'md5sum', 'sha1sum', 'sha256sum', 'sha512sum', 'tail', 'dd', 'tee']);

function openText(call: Call, path: string, why: string): string {
  if (call.flavour === 'busybox') return `${path}: ${why}`;
  return call.name === 'head' || call.name === 'tail' ? `cannot open '${path}' for reading: ${why}` : `${path}: ${why}`;
}

/** Calls `use` with each file's descriptor in turn (stdin if none is named). Returns 1 if one could not be opened or read. */
export function* eachInput(call: Call, paths: readonly string[], use: (fd: number, path: string) => Syscall<void>): Syscall<number> {
  let code = 0;
  for (const path of paths.length > 0 ? paths : ['-']) {
    const fd = yield* openInput(call, path);
    if (fd === undefined) {
      code = 1;
      continue;
    }
    try {
      yield* use(fd, path);
    } catch (error) {
      const why = reason(error);
      if (why === 'Broken pipe') throw error;
      yield* call.warn(call.flavour === 'busybox' ? `read error: ${why}` : `${path}: ${why}`);
      code = 1;
    }
    if (fd !== 0) call.process.close(fd);
  }
  return code;
}

/** Calls `use` with each line of each file. */
export function* eachLine(call: Call, paths: readonly string[], use: (line: string, reader: LineReader) => Syscall<void>, separator = '\n'): Syscall<number> {
  return yield* eachInput(call, paths, function* (fd) {
    const reader = new LineReader(call.process, fd, call.out, separator);
    for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) yield* use(line, reader);
  });
}
