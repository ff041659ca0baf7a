import { expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

interface Stored {
  metadata: { uid: string; resourceVersion: string; managedFields: { time: string }[] };
  data: Record<string, string>;
  message?: string;
}

const path = '/api/v1/namespaces/facts/configmaps';

async function twice() {
  const server = testServer();
  const ask = async (method: string, at: string, body?: unknown): Promise<[number, Stored]> => {
    const answer = await server.ask(method, at, body);
    return [answer.status, answer.body as Stored];
  };
  await ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  const [, first] = await ask('POST', path, { metadata: { name: 'e' }, data: { a: '1' } });
  const [, second] = await ask('PUT', `${path}/e`, { ...first, data: { a: '2' } });
  return { ask, first, second };
}

test('an update of an old version is refused whatever else it says, and what is stored stays as it is', async () => {
  const { ask, first, second } = await twice();
  const conflict =
    'Operation cannot be fulfilled on configmaps "e": the object has been modified; please apply your changes to the latest version and try again';
  const [status, body] = await ask('PUT', `${path}/e`, { ...first, data: { '/': 'no key' } });
  expect([status, body.message]).toEqual([409, conflict]);
  expect(await ask('GET', `${path}/e`)).toEqual([200, second]);
});

test('another uid, another namespace and a version that is no number are told before the version is', async () => {
  const { ask, first } = await twice();
  const put = async (metadata: object): Promise<string> =>
    (await ask('PUT', `${path}/e`, { ...first, metadata: { ...first.metadata, ...metadata } }))[1].message!;
  expect(await put({ uid: 'other' })).toContain('Precondition failed: UID in precondition: other');
  expect(await put({ namespace: 'other' })).toContain('namespace');
  expect(await put({ resourceVersion: 'x' })).toContain('invalid syntax');
});

test('who writes back what it has read keeps the entries of its managed fields', async () => {
  const { ask, second } = await twice();
  const [status, third] = await ask('PUT', `${path}/e`, { ...second, data: { a: '3' } });
  expect(status).toBe(200);
  expect(third.metadata.managedFields).toEqual(second.metadata.managedFields);
  const [, same] = await ask('PUT', `${path}/e`, third);
  expect(same.metadata.resourceVersion).toBe(third.metadata.resourceVersion);
});
