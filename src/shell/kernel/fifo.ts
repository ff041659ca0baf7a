import { ByteQueue } from './byte-queue.ts';
import type { OpenFile } from './open-file.ts';
import { atomicBytes, pipeCapacityBytes } from './pipe.ts';
import type { FileStat } from './types.ts';
import { SystemError } from './types.ts';
import { WaitList } from './wait-list.ts';

/** What all that have a named pipe open share: bytes are lost once nobody has it open. */
export class Fifo {
  readonly bytes = new ByteQueue();
  readonly waiting = new WaitList();
  readers = 0;
  writers = 0;
  /** Ends that were ever opened, so that one that waits notices another that has come and gone. */
  readersSoFar = 0;
  writersSoFar = 0;

  /** Opens one end at once. It has met nobody yet if the other is not open: who opens as open(2) does waits for `met`. */
  open(name: string, ends: { readonly read: boolean; readonly write: boolean }, stat: () => FileStat): OpenFile {
    return new FifoEnd(this, name, ends, stat);
  }
}

class FifoEnd implements OpenFile {
  references = 0;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly #expected: number;
  #met: boolean;

  constructor(
    readonly fifo: Fifo,
    readonly name: string,
    { read, write }: { readonly read: boolean; readonly write: boolean },
    readonly facts: () => FileStat,
  ) {
    this.canRead = read;
    this.canWrite = write;
    this.#met = (read && write) || (read ? fifo.writers > 0 : fifo.readers > 0);
    this.#expected = read ? fifo.writersSoFar : fifo.readersSoFar;
    if (read) {
      fifo.readers += 1;
      fifo.readersSoFar += 1;
    }
    if (write) {
      fifo.writers += 1;
      fifo.writersSoFar += 1;
    }
    fifo.waiting.wakeAll();
  }

  /** Somebody has opened the other end since this one was. */
  get met(): boolean {
    this.#met ||= (this.canRead ? this.fifo.writersSoFar : this.fifo.readersSoFar) !== this.#expected;
    return this.#met;
  }

  read(max: number): Uint8Array | null | undefined {
    const { bytes, writers, waiting } = this.fifo;
    if (bytes.size === 0) return writers === 0 && this.met ? null : undefined;
    const data = bytes.take(max);
    waiting.wakeAll();
    return data;
  }
  write(data: Uint8Array): number {
    const { bytes, readers, waiting } = this.fifo;
    if (readers === 0) {
      if (this.met) throw new SystemError('EPIPE');
      return 0;
    }
    const space = pipeCapacityBytes - bytes.size;
    if (space <= 0 || (data.length <= atomicBytes && data.length > space)) return 0;
    // Copied: the writer may reuse its buffer.
    bytes.push(data.slice(0, space));
    waiting.wakeAll();
    return Math.min(space, data.length);
  }
  readable(): boolean {
    return this.fifo.bytes.size > 0 || (this.fifo.writers === 0 && this.met);
  }
  onReadable(wake: () => void): () => void {
    return this.fifo.waiting.add(wake);
  }
  onWritable(wake: () => void): () => void {
    return this.fifo.waiting.add(wake);
  }
  seek(): number {
    throw new SystemError('ESPIPE');
  }
  stat(): FileStat {
    return this.facts();
  }
  release(): void {
    if (this.canRead) this.fifo.readers -= 1;
    if (this.canWrite) this.fifo.writers -= 1;
    if (this.fifo.readers === 0 && this.fifo.writers === 0) this.fifo.bytes.clear();
    this.fifo.waiting.wakeAll();
  }
}
