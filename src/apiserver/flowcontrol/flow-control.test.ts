import { expect, test } from 'vitest';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../generated/types/index.ts';
import type { MetricFamily, Sample } from '../../env/index.ts';
import type { ApiResponse } from '../../machinery/handler.ts';
import { type TestServer, testServer } from '../testing/test-server.ts';

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
/** Waits for a revision of the future, so it stays at work until three seconds have passed. */
const slow = '/api/v1/configmaps?resourceVersion=999999';
const quick = '/api/v1/namespaces/default/configmaps';
const byUser = { type: 'ByUser' };

/** Whoever says who they are is believed. */
const serverWith = (seats: number): TestServer =>
  testServer({
    authenticators: [({ headers }) => ({ username: headers['x-user'] ?? '', groups: (headers['x-groups'] ?? 'system:authenticated').split(',') })],
    requestLimits: { nonMutating: seats, mutating: 0 },
  });

function ask(server: TestServer, user: string, path: string, { groups, signal }: { groups?: string; signal?: AbortSignal } = {}): Promise<ApiResponse> {
  const [pathname = '', search = ''] = path.split('?');
  const headers = { 'x-user': user, ...(groups ? { 'x-groups': groups } : {}) };
  return server.handler({ method: 'GET', path: pathname, query: new URLSearchParams(search), headers, ...(signal ? { signal } : {}) });
}

type Limited = NonNullable<NonNullable<PriorityLevelConfiguration['spec']>['limited']>;

async function store(
  server: TestServer,
  level: string,
  limited: Limited,
  schema: Partial<FlowSchema['spec']> = {},
): Promise<{ level: string; schema: string }> {
  const stored = await server.ask('POST', `${group}/prioritylevelconfigurations`, { metadata: { name: level }, spec: { type: 'Limited', limited } });
  const rules = [
    {
      subjects: [{ kind: 'Group', group: { name: 'system:authenticated' } }],
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
    },
  ];
  const spec = { matchingPrecedence: 500, priorityLevelConfiguration: { name: level }, distinguisherMethod: byUser, rules, ...schema };
  const made = await server.ask('POST', `${group}/flowschemas`, { metadata: { name: level }, spec });
  expect([stored.status, made.status]).toEqual([201, 201]);
  await server.env.loop.settle();
  const uid = ({ body }: { body: unknown }) => (body as { metadata: { uid: string } }).metadata.uid;
  return { level: uid(stored), schema: uid(made) };
}

const queued = (shares: number, queuing: { queues: number; handSize: number; queueLengthLimit: number }): Limited => ({
  nominalConcurrencyShares: shares,
  limitResponse: { type: 'Queue', queuing },
});
const roomy = { queues: 64, handSize: 4, queueLengthLimit: 50 };

async function samples(server: TestServer, name: string): Promise<readonly Sample[]> {
  const family = server.env.metrics.families().find((one: MetricFamily) => one.name === `apiserver_flowcontrol_${name}`);
  return (await family?.samples()) ?? [];
}

const sampleValue = (all: readonly Sample[], labels: Readonly<Record<string, string>>): number | undefined =>
  all.find((one) => Object.entries(labels).every(([name, value]) => one.labels[name] === value))?.value;

/** Who has been answered, in order, and how. */
function answers(pending: readonly (readonly [string, Promise<ApiResponse>])[]): string[] {
  const seen: string[] = [];
  for (const [name, answer] of pending) void answer.then(({ status }) => seen.push(`${name} ${status}`));
  return seen;
}

const pf = ({ headers }: ApiResponse) => [headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']];

test('an answer says by uids under which schema and level its request came, but not where it never got so far or lasts', async () => {
  const server = serverWith(10);
  const uids = await store(server, 'narrow', queued(5, roomy));
  expect(pf(await ask(server, 'alice', quick))).toEqual([uids.schema, uids.level]);
  expect(pf(await ask(server, 'alice', '/api/v1/nope'))).toEqual([uids.schema, uids.level]);
  expect(pf(await ask(server, 'alice', `${quick}?watch=1`))).toEqual([uids.schema, uids.level]);
  expect(pf(await ask(server, 'alice', '/api/v1/namespaces/default/pods/web/log'))).toEqual([undefined, undefined]);
  // The ones that nobody has stored have no uid.
  expect(pf(await ask(server, 'alice', '/version'))).toEqual(['', '']);
  const nobody = testServer({ anonymous: false });
  const refused = await nobody.handler({ method: 'GET', path: '/api/v1/pods', query: new URLSearchParams(), headers: {} });
  expect([refused.status, ...pf(refused)]).toEqual([401, undefined, undefined]);
});

test('while one user floods, another waits for the next seat only, and those who are exempt for none', async () => {
  const server = serverWith(10);
  await store(server, 'narrow', queued(5, roomy));
  const flood = Array.from({ length: 40 }, (_, index) => [`flood-${index}`, ask(server, 'mallory', slow)] as const);
  await server.env.loop.settle();
  const alice = ask(server, 'alice', quick);
  const seen = answers([...flood, ['alice', alice]]);
  await server.env.loop.settle();
  expect(seen).toEqual([]);
  expect((await ask(server, 'root', quick, { groups: 'system:masters,system:authenticated' })).status).toBe(200);
  const own = { priority_level: 'narrow', flow_schema: 'narrow' };
  expect(sampleValue(await samples(server, 'current_executing_requests'), own)).toBe(5);
  expect(sampleValue(await samples(server, 'current_inqueue_requests'), own)).toBe(36);
  await server.env.loop.advance(4000);
  expect(seen.indexOf('alice 200')).toBeGreaterThanOrEqual(0);
  expect(seen.indexOf('alice 200')).toBeLessThan(10);
  await server.env.loop.advance(60_000);
  expect(seen).toHaveLength(41);
  expect(sampleValue(await samples(server, 'dispatched_requests_total'), own)).toBe(seen.filter((one) => !one.endsWith('429')).length);
  expect(sampleValue(await samples(server, 'rejected_requests_total'), { ...own, reason: 'time-out' })).toBe(seen.filter((one) => one.endsWith('429')).length);
  expect(sampleValue(await samples(server, 'current_inqueue_requests'), own)).toBe(0);
});

test('users whose queues do not touch share the seats, however many requests each of them has', async () => {
  const server = serverWith(4);
  await store(server, 'narrow', queued(1000, roomy));
  const many = Array.from({ length: 60 }, () => ['many', ask(server, 'mallory', `${slow}&timeout=59s`)] as const);
  const few = Array.from({ length: 4 }, () => ['few', ask(server, 'alice', `${slow}&timeout=59s`)] as const);
  const seen = answers([...many, ...few]);
  await server.env.loop.advance(7000);
  expect(seen.filter((one) => one.startsWith('few')).length).toBeGreaterThanOrEqual(2);
});

test('a queue that is full turns requests away, and tells them to come back later each time', async () => {
  const server = serverWith(2);
  await store(server, 'narrow', queued(1000, { queues: 1, handSize: 1, queueLengthLimit: 3 }));
  for (let index = 0; index < 5; index += 1) void ask(server, 'mallory', slow);
  await server.env.loop.settle();
  const turnedAway = await ask(server, 'mallory', slow);
  expect([turnedAway.status, turnedAway.headers['retry-after'], turnedAway.headers['x-content-type-options']]).toEqual([429, '1', 'nosniff']);
  expect(turnedAway.body).toMatchObject({ contentType: 'text/plain; charset=utf-8', bytes: 'Too many requests, please try again later.\n' });
  expect(pf(turnedAway).every(Boolean)).toBe(true);
  await ask(server, 'mallory', slow);
  await ask(server, 'mallory', slow);
  await server.env.loop.advance(1000);
  expect((await ask(server, 'mallory', slow)).headers['retry-after']).toBe('2');
  expect(sampleValue(await samples(server, 'rejected_requests_total'), { priority_level: 'narrow', reason: 'queue-full' })).toBe(4);
});

test('a level without queues turns away what it has no seats for', async () => {
  const server = serverWith(2);
  await store(server, 'narrow', { nominalConcurrencyShares: 1000, limitResponse: { type: 'Reject' } });
  for (let index = 0; index < 2; index += 1) void ask(server, 'mallory', slow);
  await server.env.loop.settle();
  expect((await ask(server, 'alice', quick)).status).toBe(429);
  expect((await ask(server, 'alice', `${quick}?watch=1`)).status).toBe(429);
  await server.env.loop.advance(4000);
  expect((await ask(server, 'alice', quick)).status).toBe(200);
  expect(sampleValue(await samples(server, 'rejected_requests_total'), { priority_level: 'narrow', reason: 'concurrency-limit' })).toBe(2);
});

test('a request waits for a quarter of its time, or until its client has gone', async () => {
  const server = serverWith(1);
  await store(server, 'narrow', queued(1000, roomy));
  void ask(server, 'mallory', slow);
  const gone = new AbortController();
  const seen = answers([
    ['brief', ask(server, 'alice', `${quick}?timeout=4s`)],
    ['gone', ask(server, 'bob', quick, { signal: gone.signal })],
    ['wrong', ask(server, 'carol', `${quick}?timeout=soon`)],
    ['patient', ask(server, 'dora', quick)],
  ]);
  await server.env.loop.settle();
  expect(seen).toEqual(['wrong 400']);
  gone.abort();
  await server.env.loop.advance(1000);
  expect(seen).toEqual(['wrong 400', 'gone 429', 'brief 429']);
  await server.env.loop.advance(3000);
  expect(seen).toEqual(['wrong 400', 'gone 429', 'brief 429', 'patient 200']);
  const waited = await samples(server, 'request_wait_duration_seconds');
  expect(waited.find(({ labels }) => labels.priority_level === 'narrow' && labels.execute === 'true')?.histogram?.sum).toBe(0 + 1 + 0 + 3);
  expect(server.env.loop.upcoming(9).map(({ name }) => name)).not.toContain('seats in the API server');
});

test('a schema that is changed or deleted holds for the next request, and a level that is gone until those in it have left', async () => {
  const server = serverWith(10);
  const uids = await store(server, 'narrow', queued(5, roomy));
  const pending = ask(server, 'alice', slow);
  await server.env.loop.settle();
  await server.ask('DELETE', `${group}/prioritylevelconfigurations/narrow`);
  await server.env.loop.settle();
  expect(pf(await ask(server, 'alice', quick))).toEqual(['', '']); // Without its level, a schema speaks of nobody.
  expect((await samples(server, 'nominal_limit_seats')).map((one) => one.labels.priority_level)).toEqual(['catch-all', 'exempt', 'narrow']);
  await server.env.loop.advance(4000);
  expect(pf(await pending)).toEqual([uids.schema, uids.level]);
  expect((await samples(server, 'nominal_limit_seats')).map((one) => one.labels.priority_level)).toEqual(['catch-all', 'exempt']);
});

test('a list of many objects takes more than one seat, once it is known how many there are', async () => {
  const server = serverWith(100);
  await store(server, 'narrow', queued(1000, { queues: 8, handSize: 2, queueLengthLimit: 50 }));
  for (let index = 0; index < 250; index += 1) await server.ask('POST', quick, { metadata: { name: `c${index}` } });
  for (let times = 0; times < 2; times += 1) await ask(server, 'alice', quick);
  await ask(server, 'alice', `${quick}?limit=50&resourceVersion=1`);
  const seats = await samples(server, 'work_estimated_seats');
  expect(seats.find(({ labels }) => labels.priority_level === 'narrow')?.histogram?.buckets).toEqual([2, 0, 1, 0]); // Up to 1, 2, 4, 10.
});

test('seats that others do not want are lent to those who wait, within ten seconds', async () => {
  const server = serverWith(10);
  await store(server, 'idle', { ...queued(500, roomy), lendablePercent: 100 }, { rules: [] });
  await store(server, 'narrow', queued(500, roomy));
  const current = async () => sampleValue(await samples(server, 'current_limit_seats'), { priority_level: 'narrow' });
  void Array.from({ length: 20 }, () => ask(server, 'mallory', `${slow}&timeout=59s`));
  await server.env.loop.settle();
  const before = (await current()) ?? 0;
  await server.env.loop.advance(10_000);
  expect(await current()).toBeGreaterThanOrEqual(before);
  expect(sampleValue(await samples(server, 'demand_seats_high_watermark'), { priority_level: 'narrow' })).toBe(20);
});

test('for how long how much of a level was in use is told by nanoseconds', async () => {
  const server = serverWith(10);
  await store(server, 'narrow', queued(5, roomy));
  const pending = [ask(server, 'alice', slow), ask(server, 'bob', slow)];
  await server.env.loop.advance(5000);
  await Promise.all(pending);
  const limit = sampleValue(await samples(server, 'current_limit_seats'), { priority_level: 'narrow' }) as number;
  const spent = async (name: string, phase?: string) => {
    const found = (await samples(server, name)).find(({ labels }) => labels.priority_level === 'narrow' && labels.phase === phase);
    return { sum: Math.round(((found?.histogram?.sum ?? 0) * limit) / 1e9), seconds: (found?.value ?? 0) / 1e9 };
  };
  for (const name of ['demand_seats', 'priority_level_seat_utilization', 'priority_level_request_utilization']) {
    expect(await spent(name, name === 'demand_seats' ? undefined : 'executing')).toEqual({ sum: 2 * 3, seconds: 5 });
  }
  expect(await spent('priority_level_request_utilization', 'waiting')).toEqual({ sum: 0, seconds: 5 });
});

test('the tables for those who look for a jam are as wide as their widest cells', async () => {
  const server = serverWith(1);
  await store(server, 'narrow', queued(1000, { queues: 2, handSize: 1, queueLengthLimit: 3 }));
  void ask(server, 'mallory', slow);
  void ask(server, 'mallory', quick);
  await server.env.loop.settle();
  const root = { groups: 'system:masters,system:authenticated' };
  const page = async (path: string) => {
    const { status, body } = await ask(server, 'root', `/debug/api_priority_and_fairness/${path}`, root);
    return status === 200 && body.kind === 'bytes' ? String(body.bytes) : status;
  };
  expect(await page('dump_priority_levels')).toBe(
    [
      'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests',
      'catch-all,         0,            true,   false,       0,               0,                 0,                  0,                0,                0',
      'exempt,            0,            false,  false,       0,               1,                 3,                  0,                0,                0',
      'narrow,            1,            false,  false,       1,               1,                 1,                  0,                0,                0',
      '',
    ].join('\n'),
  );
  expect(String(await page('dump_queues')).split('\n')).toContain(
    'narrow,            0,      1,               1,                 1,          0.00300000ss,  1,               1,           0.00300000ss',
  );
  const requests = String(await page('dump_requests?includeRequestDetails=1')).split('\n');
  expect(requests[0]).toMatch(/^PriorityLevelName, FlowSchemaName, QueueIndex, RequestIndexInQueue, FlowDistingsher, ArriveTime, +InitialSeats/);
  const waiting = requests.find((one) => one.includes('0001-01-01T00:00:00Z'));
  expect(waiting?.split(/, */)).toEqual(
    ['narrow', 'narrow', '0', '0', 'mallory', '2026-01-01T00:00:00Z', '1', '0', '0s', '0001-01-01T00:00:00Z', 'mallory', 'list'].concat([
      quick,
      'default',
      '',
      'v1',
      'configmaps',
      '',
    ]),
  );
  expect(await page('nope')).toBe(404);
});
