import type { Env } from '../env/index.ts';
import type { HostOutput } from '../shell/kernel/index.ts';
import type { ContainerLog, LogLine } from './types.ts';

/** Upstream's containerLogMaxSize. */
const maxBytes = 10 * 1024 * 1024;
/** What the log file's line has besides the text: time, stream and tag. */
const prefixBytes = 46;
/** containerd cuts longer lines. */
const maxLineBytes = 16 * 1024;
/** How fast a container may write in simulated time, after a first burst of as much. */
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
  #lines: LogLine[] = [];
  #head = 0;
  #bytes = 0;
  #ended = false;
  #allowance = bytesPerSecond;
  #refilledAt: number;
  #waiting = false;
  readonly #partial = new Map<Stream, Uint8Array>();
  readonly #readers = new Set<{ line(line: LogLine): void; end(): void }>();
  readonly #outputs: HostOutput[] = [];

  constructor(readonly env: Pick<Env, 'clock' | 'loop'>) {
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
    let rest = held ? Buffer.concat([held, data]) : data;
    for (let end = rest.indexOf(newline); end >= 0 || rest.length >= maxLineBytes; end = rest.indexOf(newline)) {
      const length = end < 0 || end >= maxLineBytes ? maxLineBytes : end + 1;
      this.#add({ time: this.env.clock.now(), stream, data: rest.subarray(0, length) });
      rest = rest.subarray(length);
    }
    if (rest.length > 0) this.#partial.set(stream, rest);
    else this.#partial.delete(stream);
    return this.#charge(data.length);
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
    return this.#lines.slice(this.#head);
  }

  follow(reader: { line(line: LogLine): void; end(): void }): () => void {
    if (this.#ended) {
      reader.end();
      return () => {};
    }
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  #add(line: LogLine): void {
    this.#lines.push(line);
    this.#bytes += line.data.length + prefixBytes;
    while (this.#bytes > maxBytes) {
      this.#bytes -= (this.#lines[this.#head] as LogLine).data.length + prefixBytes;
      this.#head += 1;
    }
    if (this.#head > 4096 && this.#head * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#head);
      this.#head = 0;
    }
    for (const reader of this.#readers) reader.line(line);
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
