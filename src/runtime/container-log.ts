import type { Env } from '../env/index.ts';
import type { HostOutput, HostRoom } from '../shell/kernel/index.ts';
import { LogLines } from './log-lines.ts';
import type { ContainerLog, LogLine } from './types.ts';

/** Upstream's containerLogMaxSize. */
const maxBytes = 10 * 1024 * 1024;
/** What the log file's line has besides the text: time, stream and tag. */
const prefixBytes = 46;
/** containerd cuts longer lines. */
const maxLineBytes = 16 * 1024;
/** How fast a container's log file may grow in simulated time, after a first burst of as much. */
const bytesPerSecond = 1024 * 1024;
const newline = 10;

type Stream = LogLine['stream'];

/**
 * A container's log: lines with their times, at most 10 MiB as the log file counts them.
 *
 * Differs from upstream: a rotated file is dropped at once instead of being kept as one of five, since nothing reads it, and
 * a container that writes more than 1 MiB per simulated second waits, so that endless output neither fills memory nor stops the process.
 */
export class LogBuffer implements ContainerLog {
  readonly #lines = new LogLines();
  #bytes = 0;
  /** What is kept of the host's memory. */
  #kept = 0;
  #room: HostRoom | undefined;
  #ended = false;
  #allowance = bytesPerSecond;
  #refilledAt: number;
  #waiting = false;
  readonly #partial = new Map<Stream, Uint8Array>();
  readonly #readers = new Set<{ more(): void; end(): void }>();
  readonly #outputs: HostOutput[] = [];

  /** @param room what all files of the host may keep together; the log alone has its 10 MiB if absent */
  constructor(
    readonly env: Pick<Env, 'clock' | 'loop'>,
    room?: HostRoom,
  ) {
    this.#room = room;
    this.#refilledAt = env.clock.now();
  }

  /** Bytes that the log file takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Outputs to resume when the writer has waited long enough. */
  throttles(output: { resume(): void }): void {
    this.#outputs.push(output as HostOutput);
  }

  /** Takes bytes; false when the container must wait. */
  write(stream: Stream, data: Uint8Array): boolean {
    const held = this.#partial.get(stream);
    let lines = 0;
    let rest = held ? Buffer.concat([held, data]) : data;
    for (let end = rest.indexOf(newline); end >= 0 || rest.length >= maxLineBytes; end = rest.indexOf(newline)) {
      const length = end < 0 || end >= maxLineBytes ? maxLineBytes : end + 1;
      this.#add({ time: this.env.clock.now(), stream, data: rest.subarray(0, length) });
      rest = rest.subarray(length);
      lines += 1;
    }
    if (rest.length > 0) this.#partial.set(stream, rest);
    else this.#partial.delete(stream);
    return this.#charge(data.length + lines * prefixBytes);
  }

  /** The container has ended: what has no newline yet is a line all the same. */
  end(): void {
    if (this.#ended) return;
    for (const [stream, data] of this.#partial) this.#add({ time: this.env.clock.now(), stream, data });
    this.#partial.clear();
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }

  lines(): readonly LogLine[] {
    return this.tail(this.count);
  }

  /** The newest so many lines. */
  tail(limit: number): LogLine[] {
    const lines: LogLine[] = [];
    for (let index = Math.max(this.first, this.count - limit); index < this.count; index += 1) lines.push(this.#lines.at(index) as LogLine);
    return lines;
  }

  get count(): number {
    return this.#lines.count;
  }

  get first(): number {
    return this.#lines.first;
  }

  line(index: number): LogLine | undefined {
    return this.#lines.at(index);
  }

  /** Nobody will read it any more: what it keeps of the host is given back. */
  release(): void {
    this.#room?.keepFiles(-this.#kept);
    this.#room = undefined;
  }

  follow(reader: { more(): void; end(): void }): () => void {
    if (this.#ended) {
      reader.end();
      return () => {};
    }
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  #add(line: LogLine): void {
    const kept = LogLines.bytesOf(line.data.length);
    this.#bytes += line.data.length + prefixBytes;
    while (this.first < this.count && (this.#bytes > maxBytes || !this.#hasRoom(kept))) {
      const length = this.#lines.drop();
      this.#bytes -= length + prefixBytes;
      this.#keep(-LogLines.bytesOf(length));
    }
    this.#lines.push(line);
    this.#keep(kept);
    for (const reader of this.#readers) reader.more();
  }

  #hasRoom(bytes: number): boolean {
    return !this.#room || this.#room.roomForFiles(this.#kept, bytes) >= bytes;
  }

  #keep(bytes: number): void {
    this.#kept += bytes;
    this.#room?.keepFiles(bytes);
  }

  #charge(bytes: number): boolean {
    const now = this.env.clock.now();
    this.#allowance = Math.min(bytesPerSecond, this.#allowance + ((now - this.#refilledAt) * bytesPerSecond) / 1000) - bytes;
    this.#refilledAt = now;
    if (this.#allowance > 0) return true;
    if (!this.#waiting) {
      this.#waiting = true;
      this.env.loop.after(Math.ceil((-this.#allowance * 1000) / bytesPerSecond) + 100, 'container log throttle', () => {
        this.#waiting = false;
        for (const output of this.#outputs) output.resume();
      });
    }
    return false;
  }
}
