import { expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };

interface Answer {
  readonly status: number;
  readonly body: { readonly message: string; readonly metadata: Record<string, unknown>; readonly data: unknown };
}

async function serverWithNamespace() {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const ask = async (...call: Parameters<typeof server.ask>): Promise<Answer> => (await server.ask(...call)) as unknown as Answer;
  return { server, ask };
}

test('a name whose object is about to go is taken still, and that is said', async () => {
  const { ask } = await serverWithNamespace();
  await ask('POST', maps, { metadata: { name: 'a', finalizers: ['example.com/a'] } });
  await ask('DELETE', `${maps}/a`);
  for (const query of ['', '?dryRun=All']) {
    const { status, body } = await ask('POST', maps + query, { metadata: { name: 'a' } });
    expect([status, body.message]).toEqual([409, 'object is being deleted: configmaps "a" already exists']);
  }
});

test('a PUT that changes nothing writes nothing: neither revision nor owners move', async () => {
  const { server, ask } = await serverWithNamespace();
  const { body } = await ask('POST', `${maps}?fieldManager=one`, { metadata: { name: 'a', labels: { l: 'm' } }, data: { x: 'y' } });
  await server.env.loop.advance(5000);
  const again = await ask('PUT', `${maps}/a?fieldManager=two`, body);
  expect(again.body).toEqual(body);
});

test('controllers keep the labels of their template when a status is written without labels', async () => {
  const { ask } = await serverWithNamespace();
  const path = '/api/v1/namespaces/default/replicationcontrollers';
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await ask('POST', path, { metadata: { name: 'r' }, spec: { replicas: 0, selector: { app: 'a' }, template } });
  const bare = { metadata: { name: 'r' }, spec: { selector: { app: 'b' }, template: { spec: template.spec } }, status: { replicas: 1 } };
  const { body } = await ask('PUT', `${path}/r/status`, bare);
  expect(body.metadata.labels).toEqual({ app: 'a' });
});

test('JSON patches count from the end of a list, and find null where there is nothing', async () => {
  const { ask } = await serverWithNamespace();
  await ask('POST', maps, { metadata: { name: 'a', finalizers: ['a/a', 'a/b', 'a/c'] } });
  const patch = (...operations: object[]) => ask('PATCH', `${maps}/a`, operations, json);
  expect((await patch({ op: 'remove', path: '/metadata/finalizers/-1' })).body.metadata.finalizers).toEqual(['a/a', 'a/b']);
  expect((await patch({ op: 'add', path: '/metadata/finalizers/-1', value: 'a/d' })).body.metadata.finalizers).toEqual(['a/a', 'a/b', 'a/d']);
  expect((await patch({ op: 'remove', path: '/metadata/finalizers/-4' })).status).toBe(422);
  expect((await patch({ op: 'test', path: '/data', value: null })).status).toBe(200);
  expect((await patch({ op: 'test', path: '/data/x', value: null })).status).toBe(422);
  await patch({ op: 'replace', path: '/data', value: { a: 'x' } });
  expect((await patch({ op: 'replace', path: '/data/b', value: 'y' })).body.data).toEqual({ a: 'x', b: 'y' });
  expect((await patch({ op: 'copy', from: '/data/none', path: '/data/c' })).body.data).toEqual({ a: 'x', b: 'y', c: '' });
  expect((await patch({ op: 'move', from: '/data/none', path: '/data/c' })).status).toBe(422);
});

test('copies of copies stop at three megabytes', async () => {
  const { ask } = await serverWithNamespace();
  await ask('POST', maps, { metadata: { name: 'a' }, data: { a: 'x' } });
  const copies = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/c${i}` }));
  expect((await ask('PATCH', `${maps}/a`, copies, json)).status).toBe(422);
});

test('a patch of null is an empty one where upstream reads it so', async () => {
  const { ask } = await serverWithNamespace();
  await ask('POST', maps, { metadata: { name: 'a' } });
  expect((await ask('PATCH', `${maps}/a`, 'null', { 'content-type': 'application/strategic-merge-patch+json' })).status).toBe(200);
  const { status, body } = await ask('PATCH', `${maps}/a`, 'null', merge);
  expect([status, body.message]).toEqual([400, 'Invalid JSON Patch']);
});

test('kinds whose storage asks for it are only updated by who has read them', async () => {
  const { ask } = await serverWithNamespace();
  const path = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  const budget = { metadata: { name: 'a' }, spec: { minAvailable: 1, selector: {} } };
  await ask('POST', path, budget);
  const { status, body } = await ask('PUT', `${path}/a`, budget);
  expect([status, body.message]).toEqual([
    422,
    'poddisruptionbudgets.policy "a" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
  ]);
});

test('a namespace looks at the preconditions of its deletion in words of its own', async () => {
  const { ask } = await serverWithNamespace();
  const { body } = await ask('DELETE', '/api/v1/namespaces/default', { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'other' } });
  expect(body.message).toMatch(/^Operation cannot be fulfilled on namespaces "default": Precondition failed: UID in precondition: other, UID in object meta: /);
});

test('lists that nothing is in are stored as none, as Go writes them', async () => {
  const { ask } = await serverWithNamespace();
  const slice = { metadata: { name: 'a' }, addressType: 'IPv4', endpoints: [], ports: [] };
  expect((await ask('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', slice)).body).toMatchObject({ endpoints: null, ports: null });
  expect((await ask('POST', '/api/v1/namespaces/default/limitranges', { metadata: { name: 'a' }, spec: {} })).body).toMatchObject({ spec: { limits: null } });
});

test('events are named by the group under which they are asked for', async () => {
  const { ask } = await serverWithNamespace();
  const events = '/apis/events.k8s.io/v1/namespaces/default/events';
  const details = { group: 'events.k8s.io', kind: 'events', name: 'e' };
  expect((await ask('GET', `${events}/e`)).body).toMatchObject({ message: 'events.events.k8s.io "e" not found', details });
  const event = {
    metadata: { name: 'e' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'example.com/c',
    reportingInstance: 'i',
    action: 'A',
    reason: 'R',
    type: 'Normal',
  };
  expect((await ask('POST', events, event)).status).toBe(201);
  expect((await ask('POST', events, event)).body).toMatchObject({ message: 'events.events.k8s.io "e" already exists', details });
  const core = '/api/v1/namespaces/default/events';
  expect((await ask('DELETE', `${core}/e`)).status).toBe(200);
  expect((await ask('GET', `${core}/e`)).body.message).toBe('events "e" not found');
});

test('what an event of events.k8s.io may not change is shown as Go shows it', async () => {
  const { ask } = await serverWithNamespace();
  const path = '/apis/events.k8s.io/v1/namespaces/default/events';
  await ask('POST', '/api/v1/namespaces/default/events', { metadata: { name: 'e' }, involvedObject: {}, reason: 'R', type: 'Normal' });
  const regarding = { kind: 'Pod', namespace: 'default', name: 'web' };
  const { status, body } = await ask('PATCH', `${path}/e`, { reason: 'S', regarding, deprecatedCount: 2, related: { kind: 'Node', name: 'n' } }, merge);
  expect([status, body.message]).toEqual([
    422,
    'Event "e" is invalid: [involvedObject: Invalid value: core.ObjectReference{Kind:"Pod", Namespace:"default", Name:"web", UID:"", APIVersion:"", ' +
      'ResourceVersion:"", FieldPath:""}: field is immutable, reason: Invalid value: "S": field is immutable, count: Invalid value: 2: field is immutable, ' +
      'related: Invalid value: core.ObjectReference{Kind:"Node", Namespace:"", Name:"n", UID:"", APIVersion:"", ResourceVersion:"", FieldPath:""}: field is immutable]',
  ]);
});

test('an empty series that core/v1 has let in is shown by events.k8s.io with its count, and can be written back', async () => {
  const { ask } = await serverWithNamespace();
  const { body: made } = await ask('POST', '/api/v1/namespaces/default/events', { metadata: { name: 'e' }, involvedObject: {}, series: {} });
  expect(made).toMatchObject({ series: { lastObservedTime: null } });
  const path = '/apis/events.k8s.io/v1/namespaces/default/events/e';
  const { body } = await ask('GET', path);
  expect(body).toMatchObject({ series: { count: 0, lastObservedTime: null } });
  expect((await ask('PUT', path, body)).status).toBe(200);
});

test('the backend of an Ingress may be a resource of the core group, whose name is null', async () => {
  const { ask } = await serverWithNamespace();
  const spec = { defaultBackend: { resource: { kind: 'Pod', name: 'web' } } };
  const { status, body } = await ask('POST', '/apis/networking.k8s.io/v1/namespaces/default/ingresses', { metadata: { name: 'i' }, spec });
  expect([status, body]).toMatchObject([201, { spec: { defaultBackend: { resource: { apiGroup: null, kind: 'Pod', name: 'web' } } } }]);
});

test('a Scale whose answer nobody could read is not written', async () => {
  const { ask } = await serverWithNamespace();
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { replicas: 1, selector: { matchLabels: { a: 'b' } }, template };
  const path = '/apis/apps/v1/namespaces/default/replicasets';
  await ask('POST', path, { metadata: { name: 'r' }, spec });
  expect((await ask('PATCH', `${path}/r/scale`, { spec: { replicas: 2 } }, { ...merge, accept: 'text/html' })).status).toBe(406);
  expect((await ask('GET', `${path}/r`)).body).toMatchObject({ spec: { replicas: 1 } });
});

test('only a POST that is meant may not say which version it replaces: what an apply creates may', async () => {
  const { ask } = await serverWithNamespace();
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion: '7' } };
  expect(await ask('POST', maps, map)).toMatchObject({ status: 500, body: { message: 'resourceVersion should not be set on objects to be created' } });
  expect((await ask('POST', `${maps}?dryRun=All`, map)).status).toBe(201);
  const applied = await ask('PATCH', `${maps}/a?fieldManager=m`, map, { 'content-type': 'application/apply-patch+yaml' });
  expect(applied.status).toBe(201);
  expect(applied.body.metadata.resourceVersion).not.toBe('7');
});

test('a condition without times has them as null, and whoever writes it owns them', async () => {
  const { ask } = await serverWithNamespace();
  await ask('POST', '/api/v1/nodes', { metadata: { name: 'n', labels: { l: 'm' } } });
  const conditions = [{ type: 'Ready', status: 'True' }];
  const { body } = await ask('PATCH', '/api/v1/nodes/n/status?fieldManager=m', { status: { conditions } }, merge);
  expect(body).toMatchObject({ status: { conditions: [{ type: 'Ready', lastHeartbeatTime: null, lastTransitionTime: null }] } });
  const owned = JSON.stringify(body.metadata.managedFields);
  for (const field of ['f:lastHeartbeatTime', 'f:lastTransitionTime']) expect(owned).toContain(field);
});

test('an apply of fields that are put back is a change all the same: the time of a new owner says so', async () => {
  const { ask } = await serverWithNamespace();
  const path = '/apis/apps/v1/namespaces/default/deployments/d';
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } };
  await ask('POST', '/apis/apps/v1/namespaces/default/deployments', deployment);
  const hasTime = async (manager: string, body: object): Promise<boolean> => {
    const { body: applied } = await ask('PATCH', `${path}?fieldManager=${manager}`, body, { 'content-type': 'application/apply-patch+yaml' });
    const entries = applied.metadata.managedFields as { manager: string; time?: string }[];
    return entries.find((entry) => entry.manager === manager)?.time !== undefined;
  };
  expect(await hasTime('same', deployment)).toBe(false);
  expect(await hasTime('reporter', { ...deployment, status: { replicas: 3 } })).toBe(true);
});
