import type { RawData, WebSocket } from 'ws';
import { type ChannelProtocol, closeChannel, decodeMessage, encodeMessage } from './channel-protocol.ts';
import { InputHolds } from './input-holds.ts';

/** More than this unsent means that the client does not keep up. */
const highWaterBytes = 1024 * 1024;
const lowWaterBytes = 256 * 1024;
/** A client that does not answer the close is cut off, in real time; `ws` itself would wait 30 s. */
const closeTimeoutMs = 10_000;

export interface ChannelEvents {
  message(channel: number, data: Buffer): void;
  /** v5: the client sends no more on this channel. */
  closed(channel: number): void;
  /** There is room again after a `send` that returned false. */
  drain(): void;
  /** The connection is gone. */
  gone(): void;
}

/**
 * Channels over one WebSocket. Each message is handed over when the one before is written: together they would share a TLS record,
 * and clients that poll their socket before each frame (Python's) would leave the second one in the library's buffer.
 */
export class ChannelSocket {
  readonly #queue: ReturnType<typeof encodeMessage>[] = [];
  #queuedBytes = 0;
  #writing = false;
  #closing = false;
  #outputHolds = 0;
  #full = false;
  readonly #holds: InputHolds;

  constructor(
    readonly socket: WebSocket,
    readonly protocol: ChannelProtocol,
    events: ChannelEvents,
  ) {
    this.#onDrain = () => events.drain();
    this.#holds = new InputHolds({ pause: () => socket.pause(), resume: () => socket.resume(), ping: () => this.#ping() });
    socket.on('message', (raw) => {
      const message = decodeMessage(protocol, toBuffer(raw));
      if (!message) return;
      if (protocol.closeSignal && message.channel === closeChannel) {
        if (message.data.length > 0) events.closed(message.data[0] as number);
      } else events.message(message.channel, message.data);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#holds.close();
      events.gone();
    });
  }

  readonly #onDrain: () => void;

  /** False once too much is unsent. */
  send(channel: number, data: Uint8Array): boolean {
    const { socket } = this;
    if (socket.readyState !== socket.OPEN || this.#closing) return true;
    const message = encodeMessage(this.protocol, channel, data);
    this.#queue.push(message);
    this.#queuedBytes += message.length;
    if (this.#queuedBytes > highWaterBytes) this.#full = true;
    this.#next();
    return !this.#full;
  }

  /** No message is sent until the returned function is called. */
  holdOutput(): () => void {
    this.#outputHolds += 1;
    return once(() => {
      this.#outputHolds -= 1;
      this.#next();
    });
  }

  /** No message is read until the returned function is called. */
  holdInput(): () => void {
    return this.#holds.hold();
  }

  /** Closes after everything is sent; any code but 1000 is an error to clients. */
  close(): void {
    const { socket } = this;
    this.#closing = true;
    this.#next();
    const timer = setTimeout(() => socket.terminate(), closeTimeoutMs).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  #next(): void {
    if (this.#writing || this.#outputHolds > 0) return;
    const message = this.#queue.shift();
    if (message === undefined) {
      if (this.#closing) this.socket.close(1000);
      return;
    }
    this.#writing = true;
    this.socket.send(message, () => {
      this.#writing = false;
      this.#queuedBytes -= message.length;
      this.#sent();
      this.#next();
    });
  }

  /** What is on its way to a client tells as much as a ping would. */
  #ping(): void {
    if (this.socket.readyState === this.socket.OPEN && this.socket.bufferedAmount === 0) this.socket.ping();
  }

  #sent(): void {
    if (!this.#full || this.#queuedBytes > lowWaterBytes) return;
    this.#full = false;
    this.#onDrain();
  }
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}

function toBuffer(raw: RawData): Buffer {
  if (Buffer.isBuffer(raw)) return raw;
  return Array.isArray(raw) ? Buffer.concat(raw) : Buffer.from(raw);
}
