/** What the official client's informer sees when the server ends its watch, or has forgotten the revision it stopped at. */
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type GatedServer, startGatedServer } from './support/gated-server.ts';

let server: GatedServer;
let config: KubeConfig;
let core: CoreV1Api;

beforeAll(async () => {
  server = await startGatedServer();
  config = new KubeConfig();
  config.loadFromString(server.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
});
afterAll(() => server.close());
beforeEach(() => core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'mine' }));

const namespace = 'default';
const labels = { mine: 'yes' };
const create = (name: string) => core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } });

/** An informer with a diary; `seen` resolves when a line is in it. */
function informer() {
  const diary: string[] = [];
  const waiting = new Map<string, () => void>();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const made = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace, labelSelector: 'mine' }), 'mine');
  const note = (line: string) => {
    diary.push(line);
    waiting.get(line)?.();
  };
  for (const verb of ['add', 'update', 'delete'] as const) made.on(verb, (one: V1ConfigMap) => note(`${verb} ${one.metadata?.name}`));
  made.on('error', (error) => note(`error ${error}`));
  const seen = (line: string) => (diary.includes(line) ? undefined : new Promise<void>((resolve) => waiting.set(line, resolve)));
  return { informer: made, diary, seen };
}

test('an informer is told of what is there, and then of each change', async () => {
  await create('first');
  const { informer: one, diary, seen } = informer();
  await one.start();
  await create('second');
  await core.replaceNamespacedConfigMap({ name: 'first', namespace, body: { metadata: { name: 'first', labels }, data: { a: '1' } } });
  await core.deleteNamespacedConfigMap({ name: 'second', namespace });
  await seen('delete second');
  expect(diary).toEqual(['add first', 'add second', 'update first', 'delete second']);
  expect(one.list().map((map) => map.data)).toEqual([{ a: '1' }]);
  await one.stop();
});

test('an informer whose watch the server ends goes on at its revision, and misses and repeats nothing', async () => {
  const { informer: one, diary, seen } = informer();
  await one.start();
  await create('before');
  await seen('add before');
  server.gate.close();
  await server.gate.endAll();
  await create('meanwhile');
  await core.deleteNamespacedConfigMap({ name: 'before', namespace });
  server.gate.open();
  await seen('delete before');
  await create('after');
  await seen('add after');
  expect(diary).toEqual(['add before', 'add meanwhile', 'delete before', 'add after']);
  expect(Number(server.gate.asked.at(-1))).toBeGreaterThan(0);
  await one.stop();
});

test('an informer whose revision is compacted is told so by 410, lists again and finds what changed', async () => {
  const { informer: one, diary, seen } = informer();
  await one.start();
  await create('kept');
  await create('lost');
  await seen('add lost');
  server.gate.close();
  await server.gate.endAll();
  const stale = server.gate.asked.at(-1);
  await core.deleteNamespacedConfigMap({ name: 'lost', namespace });
  await create('new');
  await server.cluster.env.loop.advance(15 * 60_000); // Compaction runs every five minutes.
  server.gate.open();
  await seen('add new');
  await create('later');
  await seen('add later');
  expect(diary).toEqual(['add kept', 'add lost', 'delete lost', 'add new', 'add later']);
  expect(Number(server.gate.asked.at(-1))).toBeGreaterThan(Number(stale));
  await one.stop();
});
