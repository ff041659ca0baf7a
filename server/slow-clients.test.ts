import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../src/env/index.ts';
import { createApp } from './app.ts';
import { createHttpServer } from './http-server.ts';

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Writes raw bytes to a server that gives bodies 50 ms, and reads until the connection ends. */
async function exchange(...parts: readonly string[]): Promise<string> {
  const answer = { status: 200, headers: {}, body: { kind: 'bytes' as const, contentType: 'text/plain', bytes: 'fine' } };
  const server = createHttpServer(createApp({ handler: async () => answer, log: silentLog, bodyTimeoutMs: 50 }));
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(text) : reject(error)));
    socket.on('close', () => resolve(text));
  });
}

test('a body that trickles is given up with 504, and its connection ended', async () => {
  const answer = await exchange('POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n', '{"a":');
  expect(answer).toMatch(/^HTTP\/1.1 504 /);
  expect(answer.toLowerCase()).toContain('connection: close');
  expect(answer).toContain('"reason":"Timeout"');
});

test('headers that are too large, and bytes that are no request, are refused in the words of Go', async () => {
  const large = `X-Large: ${'x'.repeat(1024 * 1024 + 10)}\r\n`;
  expect(await exchange(`GET / HTTP/1.1\r\nHost: x\r\n${large}\r\n`)).toContain('431 Request Header Fields Too Large');
  expect(await exchange(`GET /${'a'.repeat(1024 * 1024 + 10)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toContain('HTTP/1.1 431');
  expect(await exchange('\u0016\u0003\u0001 nonsense\r\n\r\n')).toBe(
    'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request',
  );
});
