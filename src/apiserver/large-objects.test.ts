import { expect, test } from 'vitest';
import { type TestServer, testServer } from './testing/test-server.ts';

const templates = '/api/v1/namespaces/default/podtemplates';

const template = (length: number, name = 'big') => ({
  metadata: { name },
  template: { spec: { containers: [{ name: 'a', image: 'b', env: [{ name: 'X', value: 'y'.repeat(length) }] }] } },
});

const text = ({ body }: { body: unknown }) => (body as { message?: string }).message;

async function serverWithDefault(): Promise<TestServer> {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  return server;
}

test('objects may be as large as etcd takes them in protobuf, to the byte', async () => {
  const server = await serverWithDefault();
  expect((await server.ask('POST', `${templates}?fieldManager=m`, template(1_572_491))).status).toBe(500);
  expect((await server.ask('POST', `${templates}?fieldManager=m`, template(1_572_490))).status).toBe(201);
  expect((await server.ask('PUT', `${templates}/big?fieldManager=m`, template(1_572_450))).status).toBe(500);
  expect((await server.ask('PUT', `${templates}/big?fieldManager=m`, template(1_572_449))).status).toBe(200);
  const longer = 'big-but-with-a-longer-name';
  expect((await server.ask('POST', `${templates}?fieldManager=m`, template(1_572_422, longer))).status).toBe(500);
  expect((await server.ask('POST', `${templates}?fieldManager=m`, template(1_572_421, longer))).status).toBe(201);
});

test('what is too large is refused in the words of etcd, and what is larger still in those of its client', async () => {
  const server = await serverWithDefault();
  expect(text(await server.ask('POST', templates, template(2_000_000)))).toBe('etcdserver: request is too large');
  const larger = await server.ask('POST', `${templates}?fieldManager=m`, template(2_200_000));
  expect([larger.status, text(larger)]).toEqual([
    500,
    'rpc error: code = ResourceExhausted desc = trying to send message larger than max (2200366 vs. 2097152)',
  ]);
});

test('an object of just the size that is allowed can be deleted again', async () => {
  const server = await serverWithDefault();
  await server.ask('POST', `${templates}?fieldManager=m`, template(1_572_490));
  expect((await server.ask('DELETE', `${templates}/big`)).status).toBe(200);
  expect((await server.ask('GET', `${templates}/big`)).status).toBe(404);
});

test('an object of JSON that is longer than etcd takes may be short enough in protobuf', async () => {
  const server = await serverWithDefault();
  const args = new Array(450_000).fill('a');
  const made = { metadata: { name: 'many' }, template: { spec: { containers: [{ name: 'a', image: 'b', args }] } } };
  expect(JSON.stringify(made).length).toBeGreaterThan(1_572_864);
  expect((await server.ask('POST', templates, made)).status).toBe(201);
});

test('of an object that is too large the managed fields are left away, unless they are what was asked for', async () => {
  const server = await serverWithDefault();
  const env = Array.from({ length: 40_000 }, (_, index) => ({ name: `N${index}`, value: 'value' }));
  const made = { ...template(1), metadata: { name: 'many' }, template: { spec: { containers: [{ name: 'a', image: 'b', env }] } } };
  const created = await server.ask('POST', templates, made);
  expect([created.status, (created.body as { metadata: { managedFields?: unknown } }).metadata.managedFields]).toEqual([201, undefined]);
  const applied = { apiVersion: 'v1', kind: 'PodTemplate', ...made, metadata: { name: 'applied' } };
  const refused = await server.ask('PATCH', `${templates}/applied?fieldManager=m`, applied, { 'content-type': 'application/apply-patch+yaml' });
  expect([refused.status, text(refused)]).toEqual([500, expect.stringContaining('trying to send message larger than max')]);
});
