import { expect, test } from 'vitest';
import type { ApiResponse, UserInfo } from '../../machinery/handler.ts';
import { type TestServer, testServer } from '../testing/test-server.ts';

const textOf = ({ body }: ApiResponse): string => (body.kind === 'bytes' ? String(body.bytes) : body.kind === 'object' ? String(body.json()) : '');

/** A request as from outside: the user comes from an authenticator. */
function outside(server: TestServer, method: string, path: string): Promise<ApiResponse> {
  const [pathname = '', search = ''] = path.split('?');
  return server.handler({ method, path: pathname, query: new URLSearchParams(search), headers: {} });
}

const as = (user: UserInfo, limits?: { nonMutating: number; mutating: number }) =>
  testServer({ authenticators: [async () => user], requestLimits: { ...limits, priorityAndFairness: false } });
const alice: UserInfo = { username: 'alice', groups: ['system:authenticated'] };

/** Waits for a revision of the future, so it stays at work until three seconds have passed. */
const slow = '/api/v1/configmaps?resourceVersion=999999';

test('without priority and fairness, a request too many is turned away and told to come back, a watch and an administrator are not', async () => {
  const server = as(alice, { nonMutating: 1, mutating: 1 });
  const first = outside(server, 'GET', slow);
  const second = await outside(server, 'GET', '/api/v1/configmaps');
  expect([second.status, second.headers['retry-after'], textOf(second)]).toEqual([429, '1', 'Too many requests, please try again later.\n']);
  expect((await outside(server, 'GET', '/api/v1/configmaps?watch=1')).status).toBe(200);
  await server.env.loop.advance(4000);
  expect((await first).status).toBe(504);
  expect((await outside(server, 'GET', '/api/v1/configmaps')).status).toBe(200);

  const masters = as({ username: 'root', groups: ['system:masters'] }, { nonMutating: 1, mutating: 1 });
  void outside(masters, 'GET', slow);
  expect((await outside(masters, 'GET', '/api/v1/configmaps')).status).toBe(200);
  expect((await outside(masters, 'GET', '/debug/api_priority_and_fairness/dump_queues')).status).toBe(404);

  const unlimited = as(alice, { nonMutating: 0, mutating: 0 });
  void outside(unlimited, 'GET', slow);
  expect((await outside(unlimited, 'GET', '/api/v1/configmaps')).headers).not.toHaveProperty('x-kubernetes-pf-flowschema-uid');
});

test('a request has the time it asks for, and no text that is no duration', async () => {
  const server = as(alice);
  const pending = outside(server, 'GET', `${slow}&timeout=1s`);
  await server.env.loop.advance(1000);
  const answer = await pending;
  expect([answer.status, JSON.parse(textOf(answer))]).toMatchObject([
    504,
    { reason: 'Timeout', message: 'Timeout: request did not complete within the allotted timeout' },
  ]);
  const wrong = await outside(server, 'GET', '/api/v1/configmaps?timeout=soon');
  expect([wrong.status, JSON.parse(textOf(wrong)).message]).toEqual([400, 'invalid timeout specified in the request URL - time: invalid duration "soon"']);
  expect(server.env.loop.upcoming(9).map((timer) => timer.name)).not.toContain('request timeout');
});
