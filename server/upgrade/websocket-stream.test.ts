import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { StreamBody, StreamReader } from '../../src/machinery/index.ts';
import { streamOverWebSocket, streamProtocols } from './websocket-stream.ts';

const binary = streamProtocols.find(({ name }) => name === 'binary.k8s.io') as (typeof streamProtocols)[number];

test('a client that does not read holds the stream back, gets all of it when it reads, and its going ends it', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => server.once('listening', resolve));
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await new Promise((resolve) => client.once('open', resolve));

  let reader: StreamReader | undefined;
  let stopped = () => {};
  const over = new Promise<void>((resolve) => (stopped = resolve));
  const body: StreamBody = {
    kind: 'stream',
    contentType: 'text/plain',
    start: (given) => {
      reader = given;
      return stopped;
    },
  };
  streamOverWebSocket(body, await accepted, binary);
  let received = 0;
  client.on('message', (data: Buffer) => (received += data.length));

  client.pause();
  const chunk = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (!reader?.full?.()) {
    reader?.data(chunk);
    sent += chunk.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const room = new Promise<void>((resolve) => reader?.onRoom?.(resolve));
  client.resume();
  await room;
  while (received < sent) await new Promise((resolve) => setImmediate(resolve));
  expect(received).toBe(sent);
  client.terminate();
  await over;
  server.close();
});
