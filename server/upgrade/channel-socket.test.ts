import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { type ChannelProtocol, remoteCommandChannels } from './channel-protocol.ts';
import { ChannelSocket } from './channel-socket.ts';

/** A WebSocket whose messages are written when the test says so. */
class SlowSocket extends EventEmitter {
  readonly OPEN = 1;
  readonly readyState = 1;
  readonly sent: string[] = [];
  readonly #written: (() => void)[] = [];

  send(message: Buffer, written: () => void): void {
    this.sent.push(message.subarray(1).toString());
    this.#written.push(written);
  }

  close(code: number): void {
    this.sent.push(`close ${code}`);
    this.emit('close');
  }

  write(): void {
    this.#written.shift()?.();
  }
}

test('no two messages are handed over together, and the close comes after the last', () => {
  const socket = new SlowSocket();
  const nothing = { message() {}, closed() {}, drain() {}, gone() {} };
  const channel = new ChannelSocket(socket as unknown as WebSocket, remoteCommandChannels[0] as ChannelProtocol, nothing);
  for (const text of ['out', 'err', 'status']) channel.send(1, Buffer.from(text));
  channel.close();
  const steps = [[...socket.sent]];
  for (let step = 0; step < 3; step++) {
    socket.write();
    steps.push([...socket.sent]);
  }
  expect(steps).toEqual([['out'], ['out', 'err'], ['out', 'err', 'status'], ['out', 'err', 'status', 'close 1000']]);
});

test('what is sent while output is held comes when it is let go, and the close after it', () => {
  const socket = new SlowSocket();
  const nothing = { message() {}, closed() {}, drain() {}, gone() {} };
  const channel = new ChannelSocket(socket as unknown as WebSocket, remoteCommandChannels[0] as ChannelProtocol, nothing);
  const release = channel.holdOutput();
  channel.send(1, Buffer.from('out'));
  channel.close();
  expect(socket.sent).toEqual([]);
  release();
  release();
  expect(socket.sent).toEqual(['out']);
  socket.write();
  expect(socket.sent).toEqual(['out', 'close 1000']);
});
