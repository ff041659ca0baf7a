import { ByteQueue } from './byte-queue.ts';
import type { OpenFile } from './open-file.ts';
import { createPipe, pipeCapacityBytes, pipeStat } from './pipe.ts';
import type { FileStat } from './types.ts';
import { SystemError } from './types.ts';
import { WaitList } from './wait-list.ts';

/** Takes what a container writes. */
export interface OutputListener {
  /** Called inside the writer's system call. Return false to pause: at most 64 KiB more is kept, then the writer waits. */
  data(data: Uint8Array): boolean;
  /** No process has it open any more. */
  end?(): void;
}

/** The host's end of a container's stdout or stderr. */
export class HostOutput implements OpenFile {
  references = 0;
  readonly canRead = false;
  readonly canWrite = true;
  readonly name = 'pipe:[2]';
  #listener: OutputListener | undefined;
  #paused = false;
  #closed = false;
  #ended = false;
  readonly #kept = new ByteQueue();
  readonly #writers = new WaitList();

  /** @param portionBytes what the listener takes at a time, at most: it may pause in between */
  constructor(
    listener: OutputListener,
    readonly portionBytes = pipeCapacityBytes,
  ) {
    this.#listener = listener;
  }

  /** Delivers what was kept while paused, and goes on until the listener pauses again. */
  resume(): void {
    this.#paused = false;
    while (this.#kept.size > 0 && !this.#paused) this.#deliver(this.#kept.take(this.portionBytes));
    if (this.#paused) return;
    this.#writers.wakeAll();
    if (this.#ended && this.#kept.size === 0) this.#end();
  }

  /** Nobody listens any more: writers get EPIPE, as when a reader has closed its end. */
  close(): void {
    this.#closed = true;
    this.#listener = undefined;
    this.#kept.clear();
    this.#writers.wakeAll();
  }

  /** Nobody listens any more, but the pipe stays open: what fits is kept, then writers wait for ever. */
  hold(): void {
    this.#listener = undefined;
    this.#paused = true;
  }

  /** Nobody listens any more, but writers must not notice: output is thrown away. */
  discard(): void {
    this.#listener = { data: () => true };
    this.resume();
  }

  read(): null {
    throw new SystemError('EBADF');
  }
  write(data: Uint8Array): number {
    if (this.#closed) throw new SystemError('EPIPE');
    let taken = 0;
    for (; taken < data.length && !this.#paused; taken += this.portionBytes) this.#deliver(data.slice(taken, taken + this.portionBytes));
    if (taken >= data.length) return data.length;
    const kept = data.slice(taken, taken + Math.max(0, pipeCapacityBytes - this.#kept.size));
    this.#kept.push(kept);
    return taken + kept.length;
  }
  readable(): boolean {
    return false;
  }
  onReadable(): () => void {
    return () => {};
  }
  onWritable(wake: () => void): () => void {
    return this.#writers.add(wake);
  }
  seek(): number {
    throw new SystemError('ESPIPE');
  }
  stat(): FileStat {
    return pipeStat();
  }
  release(): void {
    this.#ended = true;
    if (this.#kept.size === 0) this.#end();
  }

  #deliver(data: Uint8Array): void {
    if (this.#listener && !this.#listener.data(data)) this.#paused = true;
  }

  #end(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.end?.();
  }
}

/** The host's end of a container's stdin. */
export class HostInput {
  /** What the process reads. */
  readonly file: OpenFile;
  readonly #writer: OpenFile;
  readonly #overflow = new ByteQueue();
  readonly #drained = new WaitList();
  #ending = false;
  #waiting = false;
  #closed = false;

  constructor() {
    const { reader, writer } = createPipe();
    this.file = reader;
    this.#writer = writer;
  }

  /** Queues bytes. False once more waits than the pipe holds: then wait for `onDrain`. What no process will read is dropped. */
  write(data: Uint8Array): boolean {
    if (this.#ending || this.#closed) return true;
    this.#overflow.push(data.slice());
    this.#flush();
    return this.#overflow.size === 0;
  }

  /** Calls back once, when everything queued has gone into the pipe. */
  onDrain(callback: () => void): () => void {
    return this.#drained.add(callback);
  }

  /** No more bytes: the process reads the end after what is queued. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#flush();
  }

  #flush(): void {
    try {
      while (this.#overflow.size > 0) {
        const piece = this.#overflow.take(pipeCapacityBytes);
        const taken = this.#writer.write(piece);
        if (taken < piece.length) {
          this.#keep(piece.subarray(taken));
          return;
        }
      }
    } catch {
      this.#closed = true;
      this.#overflow.clear();
    }
    if (this.#ending) this.#writer.release();
    this.#drained.wakeAll();
  }

  /** Puts back what did not fit, in front of the rest, and goes on when there is room. */
  #keep(piece: Uint8Array): void {
    const rest = this.#overflow.take(this.#overflow.size || 1);
    this.#overflow.push(piece);
    this.#overflow.push(rest);
    if (this.#waiting) return;
    this.#waiting = true;
    this.#writer.onWritable(() => {
      this.#waiting = false;
      this.#flush();
    });
  }
}
