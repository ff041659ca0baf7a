import express from 'express';
import request from 'supertest';
import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../src/env/index.ts';
import { controlPrefix, createControlRouter } from './control.ts';

/** One node with a kubelet. */
function nodeStates() {
  const states = new Map([['demo-worker', 'running']]);
  return { nodeState: (name: string) => states.get(name), setNodeState: (name: string, state: string) => states.set(name, state) };
}

function world() {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const state = { ready: false, stopped: 0 };
  const app = express();
  app.use(
    controlPrefix,
    createControlRouter({
      env,
      name: 'demo',
      version: '1.2.3',
      kubernetesVersion: 'v1.33.0+paperkube',
      token: 'secret',
      kubeconfig: () => 'apiVersion: v1\n',
      ready: () => state.ready,
      cluster: { nodes: ['demo-worker', 'quiet'].map((name, index) => ({ name, address: `172.18.0.${index + 3}` })), dataPlane: nodeStates() as never },
      shutdown: () => (state.stopped += 1),
    }),
  );
  const get = (path: string) =>
    request(app)
      .get(controlPrefix + path)
      .set('authorization', 'Bearer secret');
  const post = (path: string, body: object = {}) =>
    request(app)
      .post(controlPrefix + path)
      .set('authorization', 'Bearer secret')
      .send(body);
  return { env, state, app, get, post };
}

test('health and version are open, the rest wants the token', async () => {
  const { app, state, get } = world();
  expect((await request(app).get(`${controlPrefix}/health`)).status).toBe(503);
  state.ready = true;
  expect((await request(app).get(`${controlPrefix}/health`)).body).toEqual({ status: 'ok', name: 'demo' });
  expect((await request(app).get(`${controlPrefix}/version`)).body.version).toBe('1.2.3');
  const refused = await request(app).get(`${controlPrefix}/kubeconfig`);
  expect([refused.status, refused.body.error.id]).toEqual([401, 'Unauthorized']);
  expect((await request(app).post(`${controlPrefix}/clock/pause`).set('authorization', 'Bearer wrong')).status).toBe(401);
  expect((await get('/kubeconfig')).text).toBe('apiVersion: v1\n');
});

test('time is advanced to the millisecond, and stepped from event to event', async () => {
  const { env, get, post } = world();
  let ran = 0;
  env.loop.after(90_000, 'probe', () => {
    ran += 1;
  });
  const status = (await get('/clock')).body;
  expect(status).toMatchObject({ now: '2026-01-01T00:00:00.000Z', mode: 'manual', paused: true, upcoming: [{ task: 'probe', inMs: 90_000 }] });
  expect((await post('/clock/advance', { duration: '1m' })).body).toMatchObject({ now: '2026-01-01T00:01:00.000Z', advancedMs: 60_000 });
  expect(ran).toBe(0);
  expect((await post('/clock/step')).body.stepped).toEqual({ task: 'probe', at: '2026-01-01T00:01:30.000Z' });
  expect(ran).toBe(1);
  expect((await post('/clock/step')).body.stepped).toBeNull();
});

test('pause and resume keep the mode that ran', async () => {
  const { env, post } = world();
  expect((await post('/clock/speed', { speed: 10 })).body.mode).toBe('x10');
  expect((await post('/clock/pause')).body.mode).toBe('manual');
  expect((await post('/clock/resume')).body.mode).toBe('x10');
  expect((await post('/clock/mode', { mode: 'auto' })).body.mode).toBe('auto');
  env.loop.stop();
});

test('mistakes are named', async () => {
  const { post, get, app } = world();
  const cases: [string, object, string][] = [
    ['/clock/advance', { duration: 'soon' }, 'duration: "soon" is no duration; write it like 30s, 5m, 1h30m or 500ms'],
    ['/clock/advance', {}, 'duration: missing is no duration'],
    ['/clock/advance', { duration: '-5s' }, '"-5s" is no duration'],
    ['/clock/advance', { duration: '9999999h' }, 'more than ten years'],
    ['/clock/speed', { speed: 0 }, 'speed: 0 is no speed'],
    ['/clock/mode', { mode: 'fast' }, 'mode: "fast" is no clock mode'],
    ['/clock/advance', [1], 'the body must be a JSON object'],
  ];
  for (const [path, body, message] of cases) {
    const answer = await post(path, body);
    expect([path, answer.status]).toEqual([path, 400]);
    expect(answer.body.error.message).toContain(message);
  }
  const broken = await request(app)
    .post(`${controlPrefix}/clock/advance`)
    .set('authorization', 'Bearer secret')
    .set('content-type', 'application/json')
    .send('{');
  expect([broken.status, broken.body.error.message]).toEqual([400, 'the body is no JSON']);
  expect((await get('/nothing')).body.error.message).toBe('the control API has no GET /_paperkube/v1/nothing');
});

test('shutdown answers before it stops', async () => {
  const { state, post } = world();
  expect((await post('/shutdown')).status).toBe(202);
  await new Promise((resolve) => setImmediate(resolve));
  expect(state.stopped).toBe(1);
});

test('nodes are stopped and started by name, and what cannot be is said', async () => {
  const { get, post } = world();
  const all = [
    { name: 'demo-worker', address: '172.18.0.3', state: 'running' },
    { name: 'quiet', address: '172.18.0.4', state: 'silent' },
  ];
  expect((await get('/nodes')).body).toEqual({ nodes: all });
  expect((await post('/nodes/demo-worker/stop')).body).toEqual({ ...all[0], state: 'silent' });
  expect((await post('/nodes/demo-worker/stop', { pods: 'kill' })).body.state).toBe('down');
  const refused = await post('/nodes/demo-worker/stop', { pods: 'keep' });
  expect([refused.status, refused.body.error.message]).toEqual([409, 'node "demo-worker" is down, and its containers with it; start it first']);
  expect((await post('/nodes/demo-worker/start')).body.state).toBe('running');
  expect((await post('/nodes/demo-worker/stop', { pods: 'some' })).body.error.message).toBe('pods: "some" is neither "keep" nor "kill"');
  expect((await post('/nodes/nobody/stop')).body.error).toEqual({ id: 'NoSuchNode', message: 'there is no node "nobody"; the nodes are demo-worker, quiet' });
  expect((await post('/nodes/quiet/start')).body.error.message).toBe('node "quiet" has no kubelet to stop or start');
});
