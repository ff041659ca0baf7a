import { expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';

const core = '/api/v1/namespaces/default';
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const tooMany = (message: string, more: object = {}) => ({
  status: 429,
  body: {
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    reason: 'TooManyRequests',
    details: { causes: [{ reason: 'DisruptionBudget', message }], ...more },
  },
});

interface PodState {
  readonly phase?: string;
  readonly ready?: boolean;
}

async function server({ phase = 'Running', ready = true }: PodState = {}) {
  const { ask, env, handler } = testServer();
  await ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  await ask('POST', `${core}/pods`, { metadata: { name: 'a', labels: { app: 'x' } }, spec: { nodeName: 'n', containers: [{ name: 'c', image: 'nginx' }] } });
  const put = async (url: string, change: object) => {
    const { body } = await ask('GET', url);
    expect((await ask('PUT', `${url}/status`, { ...(body as object), status: change })).status).toBe(200);
  };
  await put(`${core}/pods/a`, { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] });
  return {
    ask,
    env,
    budget: async (name: string, status?: object, spec: object = {}) => {
      await ask('POST', budgets, { metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } }, ...spec } });
      if (status) await put(`${budgets}/${name}`, { observedGeneration: 1, expectedPods: 2, ...status });
    },
    status: async (name: string) => ((await ask('GET', `${budgets}/${name}`)).body as { status: object }).status,
    evict: (more: object = {}, apiVersion = 'policy/v1') =>
      ask('POST', `${core}/pods/a/eviction`, { apiVersion, kind: 'Eviction', metadata: { name: 'a' }, ...more }),
    post: async (text: string) => {
      const { body } = await handler({
        method: 'POST',
        path: `${core}/pods/a/eviction`,
        query: new URLSearchParams(),
        headers: {},
        user: { username: 'jane', groups: ['system:masters'] },
        body: { kind: 'bytes', bytes: Buffer.from(text), contentType: 'application/json' },
      });
      return body.kind === 'object' ? body.object() : undefined;
    },
    pod: async () => (await ask('GET', `${core}/pods/a`)).body as { metadata: { deletionTimestamp?: string }; status: { conditions: { type: string }[] } },
  };
}

const one = { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 };

test('without a budget a pod goes at once, and says who ended it', async () => {
  const { evict, pod } = await server();
  expect(await evict({}, 'policy/v1beta1')).toMatchObject({ status: 201, body: { status: 'Success', code: 201 } });
  const { metadata, status } = await pod();
  expect(metadata.deletionTimestamp).toBeTruthy();
  expect(status.conditions.at(-1)).toMatchObject({
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  });
});

test('the name in the body is that of the path', async () => {
  const { evict } = await server();
  for (const metadata of [{ name: 'b' }, {}])
    expect(await evict({ metadata })).toMatchObject({ status: 400, body: { message: 'name in URL does not match name in Eviction object' } });
});

test('a budget that nobody has looked at yet, and one without disruptions left, keep their pods', async () => {
  const { budget, evict, pod } = await server();
  await budget('one');
  const refusal = await evict();
  expect(refusal).toMatchObject(tooMany('The disruption budget one is still being processed by the server.', { retryAfterSeconds: 10 }));
  expect(refusal.headers['retry-after']).toBe('10');
  const none = await server();
  await none.budget('one', { ...one, disruptionsAllowed: 0, currentHealthy: 1 });
  expect(await none.evict()).toMatchObject(tooMany('The disruption budget one needs 1 healthy pods and has 1 currently'));
  expect((await pod()).metadata.deletionTimestamp).toBeUndefined();
});

test('a budget whose controller has failed says its numbers like any other', async () => {
  const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'why', lastTransitionTime: '2026-01-01T00:00:00Z' };
  const { budget, evict } = await server();
  await budget('one', { ...one, disruptionsAllowed: 0, conditions: [condition] });
  expect(await evict()).toMatchObject(tooMany('The disruption budget one needs 1 healthy pods and has 2 currently'));
});

test('a pod of two budgets cannot be evicted', async () => {
  const { budget, evict } = await server();
  await budget('one', one);
  await budget('two', one);
  expect(await evict()).toMatchObject({
    status: 500,
    body: { message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' },
  });
});

test('an eviction is charged to its budget, a dry run is not', async () => {
  const { budget, evict, status } = await server();
  await budget('one', one);
  expect(await evict({ deleteOptions: { dryRun: ['All'] } })).toMatchObject({ status: 201 });
  expect(await status('one')).toMatchObject({ disruptionsAllowed: 1 });
  expect(await evict()).toMatchObject({ status: 201 });
  expect(await status('one')).toMatchObject({
    disruptionsAllowed: 0,
    disruptedPods: { a: '2026-01-01T00:00:00Z' },
    conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', observedGeneration: 1 }],
  });
  expect(await evict()).toMatchObject({ status: 201 }); // It is going already.
});

test('what is no more disrupted than it is already goes for nothing', async () => {
  const spent = { ...one, disruptionsAllowed: 0 };
  for (const state of [{ phase: 'Pending' }, { phase: 'Failed' }, { ready: false }] satisfies PodState[]) {
    const { budget, evict, status } = await server(state);
    await budget('one', spent);
    expect(await evict()).toMatchObject({ status: 201 });
    expect(await status('one')).not.toHaveProperty('disruptedPods');
  }
  const short = await server({ ready: false });
  await short.budget('one', { ...spent, currentHealthy: 0 });
  expect(await short.evict()).toMatchObject({ status: 429 });
  const always = await server({ ready: false });
  await always.budget('one', { ...spent, currentHealthy: 0 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  expect(await always.evict()).toMatchObject({ status: 201 });
});

test('a version that the client asks for is the one that goes, or none', async () => {
  const { evict, pod } = await server();
  expect(await evict({ deleteOptions: { preconditions: { resourceVersion: '1' } } })).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
  expect((await pod()).metadata.deletionTimestamp).toBeUndefined();
});

test('an eviction that cannot be read is refused as any other body, and the older version is looked at as closely', async () => {
  const { evict, post } = await server();
  const broken = await post('x');
  expect(broken).toMatchObject({ code: 400, message: expect.stringContaining('the object provided is unrecognized (must be of type Eviction)') });
  const wrong = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'a' }, deleteOptions: { gracePeriodSeconds: 'soon' } };
  expect(await post(JSON.stringify(wrong))).toMatchObject({ code: 400, message: expect.stringContaining('cannot unmarshal string into Go struct field') });
  expect(await evict()).toMatchObject({ status: 201 });
});
