/** A watch by WebSocket, as browsers and dashboards open it: TLS with a client certificate, one JSON object per message. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { type GatedServer, startGatedServer } from './support/gated-server.ts';

let server: GatedServer;
beforeAll(async () => {
  server = await startGatedServer();
});
afterAll(() => server.close());

const configMaps = '/api/v1/namespaces/default/configmaps';

interface Seen {
  readonly type: string;
  readonly object: { readonly kind: string; readonly metadata: { readonly name: string } };
}

function open(path: string, protocols: string[] = [], options: ClientOptions = server.credentials): WebSocket {
  return new WebSocket(server.url.replace('https', 'wss') + path, protocols, { ca: server.credentials.ca, ...options });
}

/** The messages of a socket, one at a time. */
async function* messages(socket: WebSocket): AsyncGenerator<Seen> {
  const queue: Seen[] = [];
  let wake = () => {};
  let closed = false;
  socket.on('message', (data, isBinary) => {
    expect(isBinary).toBe(false);
    queue.push(JSON.parse(data.toString()) as Seen);
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  for (;;) {
    const next = queue.shift();
    if (next) yield next;
    else if (closed) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

const create = (name: string) => server.cluster.admin.configMaps.create({ metadata: { name, namespace: 'default' } });

test.each([
  { protocols: [] as string[], chosen: '' },
  { protocols: ['v4.channel.k8s.io'], chosen: 'v4.channel.k8s.io' },
  { protocols: ['base64.binary.k8s.io'], chosen: 'base64.binary.k8s.io' },
])('a watch sends each event as a message (subprotocols: $protocols)', async ({ protocols, chosen }) => {
  const socket = open(`${configMaps}?watch=true&fieldSelector=metadata.name!=kube-root-ca.crt&resourceVersion=0`, protocols);
  const seen = messages(socket);
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  expect(socket.protocol).toBe(chosen);
  const name = `seen-${chosen.length}`;
  await create(name);
  const found: Seen[] = [];
  for await (const event of seen) {
    found.push(event);
    if (event.object.metadata.name === name) break;
  }
  expect(found.at(-1)).toMatchObject({ type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name } } });
  socket.close();
});

test('a watch in protobuf sends each event as a binary message, without the length that a stream needs', async () => {
  const headers = { accept: 'application/vnd.kubernetes.protobuf' };
  const socket = open(`${configMaps}?watch=true&resourceVersion=0`, [], { ...server.credentials, headers });
  const [data, isBinary] = await new Promise<[Buffer, boolean]>((resolve) => socket.on('message', (...message) => resolve(message as [Buffer, boolean])));
  expect([isBinary, data.toString('latin1', 0, 7)]).toEqual([true, '\n\u0005ADDED']);
  expect(data.toString('latin1')).toContain('k8s\0');
  socket.close();
});

test('a watch that the server ends closes its socket normally', async () => {
  const socket = open(`${configMaps}?watch=true&timeoutSeconds=30`);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('open', resolve));
  await server.cluster.env.loop.advance(30_000);
  expect(await closed).toBe(1000);
});

test('who shows no certificate is answered 401 instead of being upgraded', async () => {
  const socket = open(`${configMaps}?watch=true`, [], {});
  const { status, body } = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    socket.on('error', () => {});
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
  });
  expect(status).toBe(401);
  expect(JSON.parse(body)).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 });
});
