/** pods/NAME/proxy and services/NAME/proxy, against servers that answer byte by byte what the test wants. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { type SimulatedServer, simulatedServer } from './support/simulated-server.ts';

let server: SimulatedServer;
const pods = '/api/v1/namespaces/default/pods';
const services = '/api/v1/namespaces/default/services';

/** Answers every connection with these bytes, and keeps what it was asked in /tmp/asked. */
const answering = (port: number, answer: string): string =>
  `while true; do printf '${answer}' | nc -l -p ${port} > /tmp/coming; mv /tmp/coming /tmp/asked; done`;

beforeAll(async () => {
  server = await simulatedServer();
  await server.run(
    'chunks',
    answering(
      8080,
      'HTTP/1.1 200 OK\\r\\nContent-Type: text/x-odd\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\n7\\r\\n, world\\r\\n0\\r\\n\\r\\n',
    ),
  );
  await server.run('moved', answering(8080, 'HTTP/1.1 302 Found\\r\\nLocation: /over/there\\r\\nSet-Cookie: a=b\\r\\nContent-Length: 0\\r\\n\\r\\n'));
  await server.run('closing', answering(8080, 'HTTP/1.0 418 Teapot\\r\\n\\r\\nuntil the end'));
  await server.run('broken', answering(8080, 'SSH-2.0-nothing\\r\\n\\r\\n'));
  const client = createClient(server.cluster.handler, { username: 'admin', groups: ['system:masters'] });
  await client.pods.patch({ namespace: 'default', name: 'web' }, 'merge', { metadata: { labels: { app: 'web' } } });
  await client.services.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 8000, targetPort: 80 }] },
  });
  await server.cluster.env.loop.advance(2000);
});
afterAll(() => server.close());

/** One request. Time passes meanwhile, since bytes travel in the simulated network. */
async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; headers: Headers; text: string }> {
  let open = true;
  const answer = fetch(server.url + path, { redirect: 'manual', ...init })
    .then(async (got) => ({ status: got.status, headers: got.headers, text: await got.text() }))
    .finally(() => (open = false));
  while (open) await server.cluster.env.loop.advance(10);
  return answer;
}

test('a content comes whole, whether by length, in chunks, or until the end', async () => {
  expect((await ask(`${pods}/web/proxy/`)).text).toContain('Welcome to nginx!');
  const chunked = await ask(`${pods}/chunks:8080/proxy/`);
  expect([chunked.status, chunked.headers.get('content-type'), chunked.text]).toEqual([200, 'text/x-odd', 'hello, world']);
  const closing = await ask(`${pods}/http:closing:8080/proxy/x`);
  expect([closing.status, closing.text]).toEqual([418, 'until the end']);
});

test('method, path, query and body are passed through, and who the client is, is not', async () => {
  await ask(`${pods}/chunks:8080/proxy/a%20b/c/?x=1&y=two`, { method: 'POST', body: 'the body', headers: { authorization: 'Bearer secret', 'x-own': 'kept' } });
  const asked = await execOutput('chunks', '/tmp/asked');
  expect(asked).toMatch(/^POST \/a%20b\/c\/\?x=1&y=two HTTP\/1\.1\r\n/);
  expect(asked).toContain('x-own: kept\r\n');
  expect(asked).toContain('content-length: 8\r\n');
  expect(asked).toMatch(/\r\n\r\nthe body$/);
  expect(asked).not.toContain('secret');
});

test('a redirect leads through the proxy again, and the root has a slash', async () => {
  const moved = await ask(`${pods}/moved:8080/proxy/`);
  expect([moved.status, moved.headers.get('location'), moved.headers.get('set-cookie')]).toEqual([302, `${pods}/moved:8080/proxy/over/there`, 'a=b']);
  const root = await ask(`${pods}/web/proxy?x=1`);
  expect([root.status, root.headers.get('location')]).toEqual([301, `${pods}/web/proxy/?x=1`]);
});

test('a service leads to a ready endpoint, by the name or the number of its port', async () => {
  for (const name of ['web:http', 'web:8000']) expect((await ask(`${services}/${name}/proxy/`)).text).toContain('Welcome to nginx!');
  const messages = [];
  for (const name of ['web:9', 'web:other', 'nosuch:80'])
    messages.push((JSON.parse((await ask(`${services}/${name}/proxy/`)).text) as { message: string }).message);
  expect(messages).toEqual(['no service port 9 found for service "web"', 'no endpoints available for service "web:other"', 'services "nosuch" not found']);
});

test('a service that is not there is called one, and only addresses of pods are called', async () => {
  const admin = createClient(server.cluster.handler, { username: 'admin', groups: ['system:masters'] });
  const web = await admin.pods.get({ namespace: 'default', name: 'web' });
  const ip = web.status?.podIP ?? '';
  const ports = [{ port: 80 }];
  await admin.services.create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'own', namespace: 'default' }, spec: { ports: [{ port: 80 }] } });
  const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'own', namespace: 'default' } };
  await admin.endpoints.create({ ...endpoints, subsets: [{ addresses: [{ ip: '10.250.0.9' }, { ip }], ports }] });
  const answer = async (path: string) => {
    const { status, text } = await ask(`${services}/${path}`);
    return [status, text.startsWith('{') ? (JSON.parse(text) as { message: string }).message : /<h1>(.*)<\/h1>/.exec(text)?.[1]];
  };
  expect(await answer('own:80/proxy/')).toEqual([503, 'no endpoints available for service "own:80"']);
  const targetRef = { kind: 'Pod', namespace: 'default', name: 'web' };
  await admin.endpoints.patch({ namespace: 'default', name: 'own' }, 'merge', {
    subsets: [
      {
        addresses: [
          { ip: '10.250.0.9', targetRef },
          { ip, targetRef },
        ],
        ports,
      },
    ],
  });
  expect(await answer('own:80/proxy/')).toEqual([200, 'Welcome to nginx!']);
  expect(await answer('nosuch/proxy/')).toEqual([404, 'services "nosuch" not found']);
  expect(await answer('https:nosuch:443/proxy/')).toEqual([404, 'services "nosuch" not found']);
});

test('what cannot be reached is 503', async () => {
  const message = async (path: string) => {
    const { status, text } = await ask(path);
    const { reason, message } = JSON.parse(text) as { reason: string; message: string };
    return [status, reason, message.replace(/10\.244\.\d+\.\d+/, 'ADDRESS')];
  };
  expect(await message(`${pods}/web:81/proxy/`)).toEqual([
    503,
    'ServiceUnavailable',
    'error trying to reach service: dial tcp ADDRESS:81: connect: connection refused',
  ]);
  expect(await message(`${pods}/broken:8080/proxy/`)).toEqual([
    503,
    'ServiceUnavailable',
    'error trying to reach service: malformed HTTP response "SSH-2.0-nothing"',
  ]);
});

test('a request whose client goes before there is an answer is over', async () => {
  await server.run('silent', 'sleep 1000000 | nc -l -p 8080');
  let settled = false;
  const leaving = new AbortController();
  const pending = server.cluster
    .handler({
      method: 'GET',
      path: `${pods}/silent:8080/proxy/`,
      query: new URLSearchParams(),
      headers: {},
      user: { username: 'admin', groups: ['system:masters'] },
      signal: leaving.signal,
    })
    .finally(() => (settled = true));
  await server.cluster.env.loop.advance(5000);
  expect(settled).toBe(false);
  leaving.abort();
  await server.cluster.env.loop.advance(5000);
  expect((await pending).status).toBe(503);
});

test('what is not simulated says so', async () => {
  const { status, text } = await ask(`${pods}/https:web:443/proxy/`);
  expect([status, (JSON.parse(text) as { message: string }).message]).toEqual([501, 'paperkube does not simulate TLS inside the cluster']);
});

/** What a file in a container holds, by way of exec. */
async function execOutput(pod: string, file: string): Promise<string> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${pods}/${pod}/exec?stdout=1&command=cat&command=${file}`, 'v5.channel.k8s.io');
  let text = '';
  socket.on('message', (raw: Buffer) => {
    if (raw[0] === 1) text += raw.toString('utf8', 1);
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}
