/** The Express app without a socket of ours: what supertest, or any program that mounts it, gets. */
import type { Express } from 'express';
import request from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../server/app.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import type { Handler } from '../../src/machinery/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
let app: Express;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 1 });
  const user = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
  // Certificates need TLS, which supertest does not speak: a header stands for one.
  const handler: Handler = (one) => cluster.handler(one.headers['x-test-user'] ? { ...one, user } : one);
  app = createApp({ handler, log: cluster.env.log });
});
afterAll(() => cluster.stop());

const get = (path: string) => request(app).get(path).set('x-test-user', 'admin');
/** A watch's lines are JSON each, but not together. */
const asText = (test: request.Test) =>
  test.buffer().parse((response, done) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () => done(null, text));
  });
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

test('without credentials everything but the open paths is a 401, and so is a wrong token', async () => {
  for (const path of ['/api', '/apis', '/api/v1/nodes', '/apis/apps/v1', '/openapi/v2', '/metrics', '/nothing']) {
    const answer = await request(app).get(path);
    expect([path, answer.status]).toEqual([path, 401]);
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
    const wrong = await request(app).get(path).set('authorization', 'Bearer wrong');
    expect(wrong.body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
  }
  for (const path of ['/healthz', '/livez', '/readyz', '/version']) expect([path, (await request(app).get(path)).status]).toEqual([path, 200]);
});

test('discovery names the groups, their versions and what is in them', async () => {
  expect((await get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  const { groups } = (await get('/apis')).body as { groups: { name: string; preferredVersion: { groupVersion: string } }[] };
  expect(groups.map((group) => group.preferredVersion.groupVersion)).toEqual(
    expect.arrayContaining(['apps/v1', 'discovery.k8s.io/v1', 'coordination.k8s.io/v1']),
  );
  const { resources } = (await get('/api/v1')).body as { resources: { name: string; shortNames?: string[]; verbs: string[] }[] };
  expect(resources.find((one) => one.name === 'pods')).toMatchObject({
    kind: 'Pod',
    singularName: 'pod',
    namespaced: true,
    shortNames: ['po'],
    categories: ['all'],
  });
  expect(resources.map((one) => one.name)).toEqual(expect.arrayContaining(['pods/log', 'pods/status', 'pods/binding', 'pods/eviction']));
  const aggregated = await get('/apis').set('accept', 'application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,application/json');
  expect(aggregated.headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  expect(aggregated.body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
});

test('a list as a Table has columns, cells and the metadata of its objects', async () => {
  const { body } = await get('/api/v1/nodes').set('accept', table);
  expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
  const { columnDefinitions, rows } = body as { columnDefinitions: { name: string; priority: number }[]; rows: { cells: unknown[]; object: object }[] };
  expect(columnDefinitions.filter((column) => column.priority === 0).map((column) => column.name)).toEqual(['Name', 'Status', 'Roles', 'Age', 'Version']);
  expect(rows[0]?.cells.slice(0, 5)).toEqual(['default-control-plane', 'Ready', 'control-plane', '60s', 'v1.33.0']);
  expect(rows[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'default-control-plane' } });
  const whole = await get('/api/v1/nodes?includeObject=Object').set('accept', table);
  expect((whole.body as { rows: { object: object }[] }).rows[0]?.object).toMatchObject({ kind: 'Node', spec: { podCIDR: '10.244.0.0/24' } });
  const bare = await get('/api/v1/nodes?includeObject=None').set('accept', table);
  expect((bare.body as { rows: { object: unknown }[] }).rows[0]?.object).toBeNull();
});

test('only the metadata comes to those who ask for no more', async () => {
  const { body } = await get('/api/v1/nodes').set('accept', 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io');
  expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ metadata: { name: 'default-control-plane' } }] });
  expect((body as { items: object[] }).items[0]).not.toHaveProperty('spec');
});

test('a watch is a line per event, and ends when its time is over', async () => {
  const watching = asText(get('/api/v1/namespaces?watch=1&timeoutSeconds=20&allowWatchBookmarks=true')).then((answer) => answer);
  await request(app)
    .post('/api/v1/namespaces')
    .set('x-test-user', 'admin')
    .send({ metadata: { name: 'watched' } });
  await cluster.env.loop.advance(21_000);
  const answer = await watching;
  expect([answer.status, answer.headers['content-type'], answer.headers['transfer-encoding']]).toEqual([200, 'application/json', 'chunked']);
  const events = (answer.body as string)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; object: { metadata: { name: string } } });
  expect(events.filter((event) => event.type === 'ADDED').map((event) => event.object.metadata.name)).toEqual([
    'default',
    'kube-node-lease',
    'kube-public',
    'kube-system',
    'watched',
  ]);
});

test('a watch from a revision that is gone says so with 410', async () => {
  await cluster.env.loop.advance(15 * 60_000);
  const answer = await asText(get('/api/v1/namespaces?watch=1&resourceVersion=1'));
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body as string)).toMatchObject({ type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } });
  const list = await get('/api/v1/namespaces?resourceVersion=1&resourceVersionMatch=Exact');
  expect(list.body).toMatchObject({ reason: 'Expired', code: 410 });
});
