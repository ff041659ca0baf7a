import type { LogLine } from './types.ts';

/** Lines are kept together until they are so many, or so many bytes. */
const segmentLines = 1024;
const segmentBytes = 64 * 1024;
const firstBytes = 1024;
/** What a line takes besides its text. */
const lineBytes = 16;

/** Lines that follow each other, their texts in one piece: a log of short lines would otherwise take twenty times its length. */
class Segment {
  #data = new Uint8Array(firstBytes);
  /** Twice the end of each line's text, and one more for stderr. */
  readonly #ends: number[] = [];
  readonly #times: number[] = [];

  constructor(readonly first: number) {}

  get count(): number {
    return this.#ends.length;
  }

  get isFull(): boolean {
    return this.count >= segmentLines || this.#end(this.count - 1) >= segmentBytes;
  }

  push({ time, stream, data }: LogLine): void {
    const start = this.#end(this.count - 1);
    const end = start + data.length;
    if (end > this.#data.length) {
      const larger = new Uint8Array(Math.max(end, this.#data.length * 2));
      larger.set(this.#data.subarray(0, start));
      this.#data = larger;
    }
    this.#data.set(data, start);
    this.#ends.push(end * 2 + (stream === 'stderr' ? 1 : 0));
    this.#times.push(time);
  }

  at(index: number): LogLine {
    const data = this.#data.subarray(this.#end(index - 1), this.#end(index));
    return { time: this.#times[index] as number, stream: (this.#ends[index] as number) & 1 ? 'stderr' : 'stdout', data };
  }

  length(index: number): number {
    return this.#end(index) - this.#end(index - 1);
  }

  #end(index: number): number {
    return index < 0 ? 0 : Math.floor((this.#ends[index] as number) / 2);
  }
}

/** The newest lines of a log, by how many came before them. */
export class LogLines {
  #segments: Segment[] = [];
  #first = 0;
  #count = 0;

  /** How many lines there have been. */
  get count(): number {
    return this.#count;
  }

  /** How many came before the first one that is kept. */
  get first(): number {
    return this.#first;
  }

  /** What a line takes of memory. */
  static bytesOf(length: number): number {
    return length + lineBytes;
  }

  push(line: LogLine): void {
    let last = this.#segments.at(-1);
    if (!last || last.isFull) {
      last = new Segment(this.#count);
      this.#segments.push(last);
    }
    last.push(line);
    this.#count += 1;
  }

  /** Drops the oldest line. Returns the length of its text; there has to be one. */
  drop(): number {
    const [segment] = this.#segments as [Segment];
    const length = segment.length(this.#first - segment.first);
    this.#first += 1;
    if (this.#first === segment.first + segment.count) this.#segments.shift();
    return length;
  }

  at(index: number): LogLine | undefined {
    if (index < this.#first || index >= this.#count) return undefined;
    let [low, high] = [0, this.#segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#segments[middle] as Segment).first <= index) low = middle;
      else high = middle - 1;
    }
    const segment = this.#segments[low] as Segment;
    return segment.at(index - segment.first);
  }
}
