import type { Duplex } from 'node:stream';
import { InputHolds } from '../input-holds.ts';
import { controlFrame, dataFrame, type Frame, FrameReader, flagFin, frameTypes, maxDataBytes, words } from './frames.ts';
import { EmptyHeaderWriter, HeaderReader } from './header-block.ts';
import { SpdyStream } from './stream.ts';

/** A client that has been told that all is over gets this long to close its side, in real time. */
const lingerMs = 10_000;
/** RST_STREAM codes. */
const cancel = 5;
const refusedStream = 3;
/** kubectl opens a handful; a port-forward two per connection. */
const maxStreams = 4096;
/** A client that asks for answers and does not read them is listened to again when it has taken all but so many bytes of them. */
const maxUnsentAnswerBytes = 64 * 1024;

export interface SessionEvents {
  /** The client has opened a stream, and has been told that it is there. */
  stream(stream: SpdyStream): void;
  /** There is room again after a `write` that returned false. */
  drain(): void;
  /** The connection is gone. Every open stream has been reset before. */
  closed(): void;
}

/**
 * The server's side of a SPDY/3.1 connection as client-go speaks it: the client opens streams, and there is no flow control
 * but that of the connection underneath, since client-go never sends WINDOW_UPDATE.
 */
export class SpdySession {
  readonly #frames = new FrameReader();
  readonly #headerReader = new HeaderReader();
  readonly #headerWriter = new EmptyHeaderWriter();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #holds: InputHolds;
  #lastPing = 0;
  #unsentAnswerBytes = 0;
  #releaseAnswers: (() => void) | undefined;
  #readingHeaders = false;
  #ended = false;
  #closed = false;
  #lastId = 0;

  /** @param head what was read from the connection already */
  constructor(
    readonly connection: Duplex,
    readonly events: SessionEvents,
    head: Buffer = Buffer.alloc(0),
  ) {
    this.#holds = new InputHolds({
      pause: () => connection.pause(),
      resume: () => {
        connection.resume();
        this.#read();
      },
      ping: () => this.#ping(),
    });
    connection.on('data', (chunk: Buffer) => {
      this.#frames.push(chunk);
      this.#read();
    });
    connection.on('drain', () => !this.#closed && events.drain());
    connection.on('end', () => this.destroy());
    connection.on('error', () => this.destroy());
    connection.on('close', () => this.#close());
    if (connection.destroyed) process.nextTick(() => this.#close());
    if (head.length > 0) {
      this.#frames.push(head);
      process.nextTick(() => this.#read());
    }
  }

  /** No input is read until the returned function is called: a receiver is full. */
  holdInput(): () => void {
    return this.#holds.hold();
  }

  /** Says that all is over and closes once everything is sent. */
  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.connection.write(controlFrame(frameTypes.goAway, 0, words(this.#lastId, 0)));
    this.connection.end();
    const timer = setTimeout(() => this.connection.destroy(), lingerMs).unref();
    this.connection.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.connection.destroy();
  }

  /** For streams. */
  sendData(id: number, data: Uint8Array): boolean {
    if (this.#ended || this.#closed) return true;
    for (let at = 0; at < data.length; at += maxDataBytes) this.connection.write(dataFrame(id, 0, data.subarray(at, at + maxDataBytes)));
    return !this.connection.writableNeedDrain;
  }

  /** For streams. */
  sendEnd(stream: SpdyStream): void {
    if (!this.#ended && !this.#closed) this.connection.write(dataFrame(stream.id, flagFin, Buffer.alloc(0)));
    if (stream.closed) this.#streams.delete(stream.id);
  }

  /** For streams. */
  sendReset(stream: SpdyStream): void {
    this.#sendReset(stream.id, cancel);
    this.#streams.delete(stream.id);
  }

  #sendReset(id: number, code: number): void {
    if (!this.#ended && !this.#closed) this.#answer(controlFrame(frameTypes.reset, 0, words(id, code)));
  }

  /** What a client gets for a frame of its own. */
  #answer(frame: Buffer): void {
    this.#unsentAnswerBytes += frame.length;
    if (this.#unsentAnswerBytes > maxUnsentAnswerBytes) this.#releaseAnswers ??= this.holdInput();
    this.connection.write(frame, () => {
      this.#unsentAnswerBytes -= frame.length;
      if (this.#unsentAnswerBytes > maxUnsentAnswerBytes / 2) return;
      this.#releaseAnswers?.();
      this.#releaseAnswers = undefined;
    });
  }

  /** Handles frames in order; those after a header block wait until zlib has it. */
  #read(): void {
    try {
      while (!this.#readingHeaders && !this.#holds.held && !this.#closed) {
        const frame = this.#frames.next();
        if (!frame) return;
        this.#handle(frame);
      }
    } catch {
      this.destroy(); // Not SPDY: there is nothing to say to such a client.
    }
  }

  #handle({ type, streamId, flags, payload }: Frame): void {
    switch (type) {
      case undefined:
        this.#data(streamId, payload, (flags & flagFin) !== 0);
        return;
      case frameTypes.synStream:
        this.#open(payload.readUInt32BE(0) & 0x7fffffff, payload.subarray(10), (flags & flagFin) !== 0);
        return;
      case frameTypes.reset:
        this.#take(payload.readUInt32BE(0) & 0x7fffffff)?.wasReset();
        return;
      case frameTypes.ping:
        // Odd numbers are the client's own; others would be answers.
        if (payload.readUInt32BE(0) % 2 === 1 && !this.#ended) this.#answer(controlFrame(frameTypes.ping, 0, payload.subarray(0, 4)));
        return;
    }
  }

  #data(id: number, payload: Buffer, fin: boolean): void {
    const stream = this.#streams.get(id);
    stream?.received(payload, fin);
    if (stream?.closed) this.#streams.delete(id);
  }

  #take(id: number): SpdyStream | undefined {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    return stream;
  }

  #open(id: number, block: Buffer, fin: boolean): void {
    this.#readingHeaders = true;
    const release = this.holdInput();
    this.#headerReader.read(block).then(
      (headers) => {
        this.#readingHeaders = false;
        if (!this.#closed) this.#opened(id, headers, fin);
        release();
      },
      () => this.destroy(),
    );
  }

  #opened(id: number, headers: ReadonlyMap<string, string>, fin: boolean): void {
    if (this.#streams.size >= maxStreams || this.#streams.has(id)) {
      this.#sendReset(id, refusedStream);
      return;
    }
    this.#lastId = Math.max(this.#lastId, id);
    const stream = new SpdyStream(this, id, headers);
    this.#streams.set(id, stream);
    // At once: client-go drops what comes on a stream that has no reply yet.
    if (!this.#ended) this.#answer(controlFrame(frameTypes.synReply, 0, Buffer.concat([words(id), this.#headerWriter.next()])));
    this.events.stream(stream);
    if (fin) stream.received(Buffer.alloc(0), true);
  }

  /** A server's own pings have even numbers. What is on its way to a client tells as much. */
  #ping(): void {
    if (this.#ended || this.connection.writableLength > 0) return;
    this.#lastPing = (this.#lastPing + 2) >>> 0;
    this.connection.write(controlFrame(frameTypes.ping, 0, words(this.#lastPing)));
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#holds.close();
    this.#headerReader.close();
    for (const stream of [...this.#streams.values()]) stream.wasReset();
    this.#streams.clear();
    this.events.closed();
  }
}
