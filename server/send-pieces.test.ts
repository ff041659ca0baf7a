import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../src/env/index.ts';
import type { BytePieces } from '../src/machinery/index.ts';
import { createApp } from './app.ts';
import { createHttpServer } from './http-server.ts';

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server whose every answer is these pieces. */
async function serving(pieces: BytePieces): Promise<number> {
  const text = () => Buffer.concat([...pieces]).toString();
  const handler = async () => ({ status: 200, headers: {}, body: { kind: 'object' as const, object: () => ({}), json: text, pieces: () => pieces } });
  const server = createHttpServer(createApp({ handler, log: silentLog }));
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** So many bytes in pieces of growing size, from none to several times what is written at once. */
function growingPieces(): BytePieces {
  const all = [0, 1, 2, 7, 4800, 131_071, 131_072, 131_073, 3, 500_000, 0].map((size, at) => Buffer.alloc(size, `${at}abc`));
  return { byteLength: all.reduce((sum, { length }) => sum + length, 0), [Symbol.iterator]: () => all[Symbol.iterator]() };
}

test('an answer in pieces arrives whole, compressed or not, and its length is told before', async () => {
  const pieces = growingPieces();
  const port = await serving(pieces);
  for (const encoding of ['identity', 'gzip']) {
    const response = await fetch(`http://127.0.0.1:${port}`, { headers: { 'accept-encoding': encoding } });
    expect(response.headers.get('content-encoding')).toBe(encoding === 'gzip' ? 'gzip' : null);
    expect(response.headers.get('content-length')).toBe(encoding === 'gzip' ? null : String(pieces.byteLength));
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat([...pieces]))).toBe(true);
  }
  const head = await fetch(`http://127.0.0.1:${port}`, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } });
  expect([head.headers.get('content-length'), await head.text()]).toEqual([String(pieces.byteLength), '']);
});

test('an answer without any bytes ends too', async () => {
  const port = await serving({ byteLength: 0, [Symbol.iterator]: () => [][Symbol.iterator]() });
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('');
});

test.each(['identity', 'gzip'])('of an answer whose reader goes away no more pieces are taken (%s)', async (encoding) => {
  const size = 1024 * 1024;
  const noise = Buffer.from(Array.from({ length: size }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff));
  let ended: (taken: number) => void;
  const end = new Promise<number>((resolve) => {
    ended = resolve;
  });
  const count = 200;
  let taken = 0;
  const port = await serving({
    byteLength: count * size,
    *[Symbol.iterator]() {
      try {
        for (; taken < count; taken += 1) yield noise;
      } finally {
        ended(taken);
      }
    },
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${encoding}\r\n\r\n`);
  socket.once('data', () => socket.destroy());
  expect(await end).toBeLessThan(count);
});
