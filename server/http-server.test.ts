import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { logTo, silentLog } from '../src/env/index.ts';
import { type ApiRequest, type ApiResponse, type Handler, notSimulated, type WatchReader } from '../src/machinery/index.ts';
import { createApp } from './app.ts';
import { createHttpServer } from './http-server.ts';
import { handleUpgrades } from './upgrade/upgrade.ts';

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(handler: Handler, log = silentLog): Promise<{ url: string; app: ReturnType<typeof createApp> }> {
  const app = createApp({ handler, log });
  const server = createHttpServer(app);
  handleUpgrades(server, handler, { log, loop: { hold: () => () => {} } });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, app };
}

const answer = (object: unknown, status = 200): ApiResponse => ({
  status,
  headers: { 'audit-id': 'x' },
  body: { kind: 'object', object: () => object, json: () => JSON.stringify(object) },
});

test('a request reaches the handler whole, and its answer the client', async () => {
  const seen: ApiRequest[] = [];
  const { url } = await listening(async (request) => {
    seen.push(request);
    return answer({ ok: true }, 201);
  });
  const response = await fetch(`${url}/api/v1/pods?limit=5`, { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } });
  expect([response.status, response.headers.get('audit-id'), await response.json()]).toEqual([201, 'x', { ok: true }]);
  expect(response.headers.get('x-powered-by')).toBeNull();
  const [request] = seen;
  expect([request?.method, request?.path, request?.query.get('limit')]).toEqual(['POST', '/api/v1/pods', '5']);
  expect(request?.body?.kind === 'bytes' && Buffer.from(request.body.bytes).toString()).toBe('{"a":1}');
});

test('messages are made with the prototypes of Express, so that it does not have to change them', async () => {
  let prototypes: unknown[] = [];
  const { url, app } = await listening(async () => answer({}));
  const server = running[0] as Server;
  server.prependListener('request', (request, response) => {
    prototypes = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
  });
  await fetch(url);
  expect(prototypes[0] === app.request).toBe(true);
  expect(prototypes[1] === app.response).toBe(true);
});

/** What is answered to raw bytes, each sent when the one before has been answered, up to the end of the connection. */
async function exchange(url: string, first: string, ...more: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(first);
  let answers = '';
  for await (const chunk of socket) {
    answers += String(chunk);
    const next = more.shift();
    if (next) socket.write(next);
    else socket.end();
  }
  return answers;
}

test('a request that offers HTTP/2 is served as one of HTTP/1.1, with its body', async () => {
  const seen: ApiRequest[] = [];
  const { url } = await listening(async (request) => {
    seen.push(request);
    return answer({ ok: true });
  });
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
  const post = (target: string) => `POST ${target} HTTP/1.1\r\nHost: x\r\n${offer}Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}`;
  const answers = await exchange(url, post('/first'), post('/second'));
  expect(answers.match(/HTTP\/1\.1 \d+ .*/g)).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK']);
  expect(seen.map(({ path, body }) => [path, body?.kind === 'bytes' && Buffer.from(body.bytes).toString()])).toEqual([
    ['/first', '{"a":1}'],
    ['/second', '{"a":1}'],
  ]);
});

test.each([
  ['GET http://proxied.example:80/api/v1/pods?limit=5', '/api/v1/pods', '5'],
  ['GET HTTPS://proxied.example?limit=6', '/', '6'],
  ['CONNECT example.com:443', '/example.com:443', null],
])('%s is asked for as %s', async (line, path, limit) => {
  const seen: ApiRequest[] = [];
  const { url } = await listening(async (request) => {
    seen.push(request);
    return answer({}, 404);
  });
  expect(await exchange(url, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
  expect(seen.map((request) => [request.path, request.query.get('limit')])).toEqual([[path, limit]]);
});

test('a body over 3 MiB is refused with the Status of 413 and never kept', async () => {
  let asked = 0;
  const { url } = await listening(async () => {
    asked += 1;
    return answer({});
  });
  const response = await fetch(`${url}/api/v1/pods`, { method: 'POST', body: 'x'.repeat(3 * 1024 * 1024 + 1) });
  expect([response.status, ((await response.json()) as { message: string }).message]).toEqual([413, 'Request entity too large: limit is 3145728']);
  expect(asked).toBe(0);
});

test('a client that is told its body is too large may finish sending it, so that it sees the answer and no broken connection', async () => {
  const { url } = await listening(async () => answer({}));
  const length = 3 * 1024 * 1024 + 1;
  const socket = connect(Number(new URL(url).port));
  socket.write(`POST /api/v1/pods HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
  let text = '';
  const ended = new Promise<boolean>((resolve, reject) => socket.on('error', reject).on('close', resolve));
  socket.on('data', (bytes: Buffer) => {
    if (text === '') socket.write(Buffer.alloc(length, 'x'));
    text += bytes.toString();
  });
  expect(await ended).toBe(false);
  expect(text).toMatch(/^HTTP\/1\.1 413 .*"code":413\}\n$/s);
});

test('large answers are compressed for those who ask, small ones never', async () => {
  const { url } = await listening(async (request) => answer({ text: 'x'.repeat(request.path === '/large' ? 200_000 : 10) }));
  const large = await fetch(`${url}/large`, { headers: { 'accept-encoding': 'gzip' } });
  expect(large.headers.get('content-encoding')).toBe('gzip');
  expect(((await large.json()) as { text: string }).text.length).toBe(200_000);
  for (const encoding of ['identity', 'gzip;q=0', 'gzip;q=0.5, deflate', '*']) {
    const plain = await fetch(`${url}/large`, { headers: { 'accept-encoding': encoding } });
    expect(plain.headers.get('content-encoding'), encoding).toBeNull();
    await plain.text();
  }
  expect((await fetch(`${url}/small`, { headers: { 'accept-encoding': 'gzip' } })).headers.get('content-encoding')).toBeNull();
});

test('an error that nobody expected is a 500 Status, logged with its stack, and the server goes on', async () => {
  const lines: unknown[] = [];
  const { url } = await listening(
    async () => {
      throw new Error('a broken invariant');
    },
    logTo((record) => lines.push(record.fields.error)),
  );
  const response = await fetch(url);
  expect([response.status, ((await response.json()) as { reason: string }).reason]).toEqual([500, 'InternalError']);
  expect(String(lines[0])).toContain('a broken invariant');
  expect((await fetch(url)).status).toBe(500);
});

test('a client that hangs up in the middle of its body is not logged as a failure', async () => {
  const lines: unknown[] = [];
  const { url } = await listening(
    async () => answer({}),
    logTo((record) => lines.push(record)),
  );
  const gone = new Promise((resolve) => running[0]!.once('connection', (socket) => socket.once('close', resolve)));
  const socket = connect(Number(new URL(url).port));
  running[0]!.once('request', () => socket.destroy());
  socket.write('POST /api/v1/pods HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"metadata":');
  await gone;
  expect((await fetch(url)).status).toBe(200);
  expect(lines).toEqual([]);
});

function watching(): { handler: Handler; reader: Promise<WatchReader>; stopped: Promise<void> } {
  let started: (reader: WatchReader) => void;
  let ended: () => void;
  const reader = new Promise<WatchReader>((resolve) => {
    started = resolve;
  });
  const stopped = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const handler: Handler = async () => ({
    status: 200,
    headers: {},
    body: {
      kind: 'watch',
      contentType: 'application/json',
      start(one) {
        started(one);
        return () => ended();
      },
    },
  });
  return { handler, reader, stopped };
}

const frame = (text: string) => ({ type: 'ADDED' as const, object: () => ({}), frame: () => Buffer.from(text) });

test('a watch is open before its first event, and ends when the client goes', async () => {
  const { handler, reader, stopped } = watching();
  const { url } = await listening(handler);
  const stop = new AbortController();
  const response = await fetch(url, { signal: stop.signal });
  const input = response.body?.getReader();
  (await reader).event(frame('{"type":"ADDED"}\n'));
  expect(Buffer.from((await input?.read())?.value ?? []).toString()).toBe('{"type":"ADDED"}\n');
  stop.abort();
  await stopped;
});

test('a watcher that does not read is closed', async () => {
  const { handler, reader, stopped } = watching();
  const { url } = await listening(handler);
  const response = await fetch(url);
  const one = await reader;
  const big = frame(`${'x'.repeat(1024 * 1024)}\n`);
  for (let i = 0; i < 64; i += 1) one.event(big);
  await stopped;
  await response.body?.cancel().catch(() => {});
});

test('a watch over WebSocket sends one JSON object per text message', async () => {
  const { handler, reader, stopped } = watching();
  const { url } = await listening(handler);
  const socket = new WebSocket(url.replace('http', 'ws'));
  const message = new Promise<[string, boolean]>((resolve) => socket.on('message', (data, binary) => resolve([data.toString(), binary])));
  (await reader).event(frame('{"type":"ADDED"}\n'));
  expect(await message).toEqual(['{"type":"ADDED"}', false]);
  socket.close();
  await stopped;
});

test('an upgrade that is refused gets the same Status as a plain request', async () => {
  const refusal = notSimulated('exec');
  const { url } = await listening(async () => answer(refusal.status, 501));
  const socket = new WebSocket(url.replace('http', 'ws'));
  const status = await new Promise<number | undefined>((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('error', () => {});
  });
  expect(status).toBe(501);
});
