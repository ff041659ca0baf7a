import { ByteQueue } from './byte-queue.ts';
import type { OpenFile } from './open-file.ts';
import type { FileStat } from './types.ts';
import { SystemError } from './types.ts';
import { WaitList } from './wait-list.ts';

/** What Linux gives a pipe by default. */
export const pipeCapacityBytes = 65_536;
/** Writes up to this size are never interleaved with others (PIPE_BUF). */
export const atomicBytes = 4096;

/** The buffer between a pipe's two ends. */
class PipeBuffer {
  readonly bytes = new ByteQueue();
  readonly readers = new WaitList();
  readonly writers = new WaitList();
  readOpen = true;
  writeOpen = true;
}

export function pipeStat(): FileStat {
  return { type: 'pipe', mode: 0o600, uid: 0, gid: 0, size: 0, nlink: 1, mtimeMs: 0, inode: 1, device: 13 };
}

class ReadEnd implements OpenFile {
  references = 0;
  readonly canRead = true;
  readonly canWrite = false;
  readonly name = 'pipe:[1]';
  constructor(readonly buffer: PipeBuffer) {}

  read(max: number): Uint8Array | null | undefined {
    const { bytes, writers, writeOpen } = this.buffer;
    if (bytes.size === 0) return writeOpen ? undefined : null;
    const data = bytes.take(max);
    writers.wakeAll();
    return data;
  }
  write(): number {
    throw new SystemError('EBADF');
  }
  readable(): boolean {
    return this.buffer.bytes.size > 0 || !this.buffer.writeOpen;
  }
  onReadable(wake: () => void): () => void {
    return this.buffer.readers.add(wake);
  }
  onWritable(): () => void {
    return () => {};
  }
  seek(): number {
    throw new SystemError('ESPIPE');
  }
  stat(): FileStat {
    return pipeStat();
  }
  release(): void {
    this.buffer.readOpen = false;
    this.buffer.bytes.clear();
    this.buffer.writers.wakeAll();
  }
}

class WriteEnd implements OpenFile {
  references = 0;
  readonly canRead = false;
  readonly canWrite = true;
  readonly name = 'pipe:[1]';
  constructor(readonly buffer: PipeBuffer) {}

  read(): null {
    throw new SystemError('EBADF');
  }
  write(data: Uint8Array): number {
    const { bytes, readers, readOpen } = this.buffer;
    if (!readOpen) throw new SystemError('EPIPE');
    const space = pipeCapacityBytes - bytes.size;
    if (space <= 0 || (data.length <= atomicBytes && data.length > space)) return 0;
    // Copied: the writer may reuse its buffer.
    bytes.push(data.slice(0, space));
    readers.wakeAll();
    return Math.min(space, data.length);
  }
  readable(): boolean {
    return false;
  }
  onReadable(): () => void {
    return () => {};
  }
  onWritable(wake: () => void): () => void {
    return this.buffer.writers.add(wake);
  }
  seek(): number {
    throw new SystemError('ESPIPE');
  }
  stat(): FileStat {
    return pipeStat();
  }
  release(): void {
    this.buffer.writeOpen = false;
    this.buffer.readers.wakeAll();
  }
}

/** A pipe of 64 KiB: a full one makes writers wait, one without readers breaks. */
export function createPipe(): { readonly reader: OpenFile; readonly writer: OpenFile } {
  const buffer = new PipeBuffer();
  return { reader: new ReadEnd(buffer), writer: new WriteEnd(buffer) };
}
