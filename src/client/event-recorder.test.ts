import { expect, test } from 'vitest';
import { createEnv, logTo, nodeMachine, silentLog } from '../env/index.ts';
import { MemoryStore } from '../store/index.ts';
import { createClient } from './client.ts';
import { createEventRecorder } from './event-recorder.ts';
import { createEventsV1Recorder } from './events-v1-recorder.ts';
import { SmallApi } from './testing/small-api.ts';

function setup() {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const api = new SmallApi(env, new MemoryStore(env));
  const client = createClient(api.handler, { username: 'tester', groups: [] });
  return { env, api, client, list: async () => (await client.events.list({ namespace: 'default' })).items };
}

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default', uid: 'u1' } };

test('the same event again is counted on the first one', async () => {
  const { env, client, list } = setup();
  const recorder = createEventRecorder(client, env, { component: 'kubelet', host: 'node-1' });
  recorder.event(pod, 'Warning', 'BackOff', 'Back-off restarting failed container');
  await env.loop.advance(10_000);
  recorder.event(pod, 'Warning', 'BackOff', 'Back-off restarting failed container');
  recorder.event(pod, 'Normal', 'Pulled', 'another');
  await env.loop.settle();
  const events = await list();
  expect(events).toHaveLength(2);
  expect(events[0]).toMatchObject({
    count: 2,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:10Z',
    source: { component: 'kubelet', host: 'node-1' },
    reportingComponent: 'kubelet',
    reportingInstance: 'node-1',
    involvedObject: { kind: 'Pod', name: 'web', uid: 'u1' },
  });
  expect(events[0]?.metadata.name).toMatch(/^web\.[0-9a-f]{16}$/);
});

test('from the tenth similar event on they are combined', async () => {
  const { env, client, list } = setup();
  const recorder = createEventRecorder(client, env, { component: 'test' });
  for (let i = 1; i <= 12; i += 1) recorder.event(pod, 'Normal', 'SuccessfulCreate', `Created pod: web-${i}`);
  await env.loop.settle();
  const events = await list();
  expect(events).toHaveLength(10);
  expect(events.at(-1)).toMatchObject({ message: '(combined from similar events): Created pod: web-12', count: 3, reportingComponent: '' });
  expect(events[0]).toMatchObject({ reportingComponent: 'test' });
});

test('after 25 events about one object, one in five minutes gets through', async () => {
  const { env, client, api } = setup();
  const recorder = createEventRecorder(client, env, { component: 'test' });
  for (let i = 0; i < 40; i += 1) recorder.event(pod, 'Normal', 'Same', 'same');
  await env.loop.settle();
  expect(api.writes).toHaveLength(25);
  await env.loop.advance(300_000);
  recorder.event(pod, 'Normal', 'Same', 'same');
  recorder.event(pod, 'Normal', 'Same', 'same');
  await env.loop.settle();
  expect(api.writes).toHaveLength(26);
});

test('an event of the newer form becomes a series, written at its second and when it is over', async () => {
  const { env, client, api } = setup();
  const recorder = createEventsV1Recorder(client, env, 'default-scheduler', 'default-scheduler-host');
  const say = () => recorder.event(pod, undefined, 'Warning', 'FailedScheduling', 'Scheduling', '0/1 nodes are available.');
  for (let i = 0; i < 5; i += 1) say();
  await env.loop.settle();
  const [event] = (await client.eventsV1.list({ namespace: 'default' })).items;
  expect(event).toMatchObject({ eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'default-scheduler', series: { count: 2 } });
  expect(api.writes).toHaveLength(2);
  await env.loop.advance(6 * 60_000);
  expect((await client.eventsV1.list({ namespace: 'default' })).items[0]?.series?.count).toBe(5);
  await env.loop.advance(3_600_000);
  expect([api.writes.length, env.loop.upcoming(5)]).toEqual([3, []]);
});

test('events beyond the queue are dropped, and one line of the log says how many', async () => {
  const lines: string[] = [];
  const log = logTo(({ message, fields }) => lines.push(`${message} ${JSON.stringify(fields)}`));
  const env = createEnv({ machine: nodeMachine, log, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const api = new SmallApi(env, new MemoryStore(env));
  const recorder = createEventRecorder(createClient(api.handler, { username: 'tester', groups: [] }), env, { component: 'kubelet' });
  for (let i = 0; i < 1500; i += 1) recorder.event({ ...pod, metadata: { ...pod.metadata, name: `web-${i}`, uid: `u${i}` } }, 'Normal', 'Started', 'started');
  await env.loop.settle();
  expect(api.writes).toHaveLength(1000);
  expect(lines).toEqual(['events dropped, too many were waiting {"recorder":"kubelet","count":500}']);
});
