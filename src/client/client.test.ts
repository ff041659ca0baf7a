import { expect, test } from 'vitest';
import type { Handler } from '../machinery/index.ts';
import { notFound } from '../machinery/index.ts';
import { createClient, refs } from './index.ts';

const missing: Handler = async () => {
  const { status } = notFound({ group: '', resource: 'pods' }, 'web');
  return { status: 404, headers: {}, body: { kind: 'object', object: () => status, json: () => JSON.stringify(status) } };
};

test('what the API answers knows nothing of where it was made, and what a client rejects with knows where it was called', async () => {
  expect(notFound({ group: '', resource: 'pods' }, 'web').stack).toBe('StatusError: pods "web" not found');
  const client = createClient(missing, { username: 'somebody', groups: [] });
  const lookForWeb = async () => await client.resource(refs.pods).get({ name: 'web', namespace: 'default' });
  const { name, message, stack } = await lookForWeb().then(
    () => new Error('found'),
    (error: Error) => error,
  );
  expect([name, message]).toEqual(['StatusError', 'pods "web" not found']);
  expect(stack).toContain('at lookForWeb');
});
