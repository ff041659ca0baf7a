import type { RawData, WebSocket } from 'ws';
import { type ChannelProtocol, closeChannel, decodeMessage, encodeMessage } from './channel-protocol.ts';

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

/** Channels over one WebSocket. */
export class ChannelSocket {
  #full = false;
  #holds = 0;

  constructor(
    readonly socket: WebSocket,
    readonly protocol: ChannelProtocol,
    events: ChannelEvents,
  ) {
    this.#onDrain = () => events.drain();
    socket.on('message', (raw) => {
      const message = decodeMessage(protocol, toBuffer(raw));
      if (!message) return;
      if (protocol.closeSignal && message.channel === closeChannel) {
        if (message.data.length > 0) events.closed(message.data[0] as number);
      } else events.message(message.channel, message.data);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => events.gone());
  }

  readonly #onDrain: () => void;

  /** False once too much is unsent. */
  send(channel: number, data: Uint8Array): boolean {
    const { socket } = this;
    if (socket.readyState !== socket.OPEN) return true;
    socket.send(encodeMessage(this.protocol, channel, data), () => this.#sent());
    if (socket.bufferedAmount > highWaterBytes) this.#full = true;
    return !this.#full;
  }

  /** No message is read until the returned function is called. */
  holdInput(): () => void {
    this.#holds += 1;
    this.socket.pause();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      if (this.#holds === 0) this.socket.resume();
    };
  }

  /** Closes after everything is sent; any code but 1000 is an error to clients. */
  close(): void {
    const { socket } = this;
    socket.close(1000);
    const timer = setTimeout(() => socket.terminate(), closeTimeoutMs).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  #sent(): void {
    if (!this.#full || this.socket.bufferedAmount > lowWaterBytes) return;
    this.#full = false;
    this.#onDrain();
  }
}

function toBuffer(raw: RawData): Buffer {
  if (Buffer.isBuffer(raw)) return raw;
  return Array.isArray(raw) ? Buffer.concat(raw) : Buffer.from(raw);
}
