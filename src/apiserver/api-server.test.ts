import { beforeEach, expect, test } from 'vitest';
import type { ServedEvent } from '../machinery/handler.ts';
import type { TestServer } from './testing/test-server.ts';
import { admin, testServer } from './testing/test-server.ts';

let server: TestServer;
const merge = { 'content-type': 'application/merge-patch+json' };
const configMaps = '/api/v1/namespaces/facts/configmaps';
const podBody = (name: string, extra: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'nginx' }], ...extra } });

beforeEach(async () => {
  server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  await server.ask('POST', configMaps, { metadata: { name: 'e', labels: { list: 'even' } }, data: { a: '1' } });
});

async function seen(path: string): Promise<ServedEvent[]> {
  const [pathname = '', search = ''] = path.split('?');
  const response = await server.handler({ method: 'GET', path: pathname, query: new URLSearchParams(search), headers: {}, user: admin });
  const events: ServedEvent[] = [];
  if (response.body.kind !== 'watch') throw new Error(`no watch: ${response.status}`);
  response.body.start({ event: (event) => events.push(event), end: () => {} });
  await server.env.loop.settle();
  return events;
}

const told = (events: readonly ServedEvent[]) =>
  events.map(({ type, object }) => `${type} ${(object() as { metadata?: { name?: string } }).metadata?.name ?? ''}`);

test('mistakes of clients get the codes and messages of the real server', async () => {
  const cases: [string, string, unknown, number, string][] = [
    ['GET', '/api/v1/namespaces/facts/pods/none', undefined, 404, 'pods "none" not found'],
    ['GET', '/apis/apps/v1/namespaces/facts/deployments/none', undefined, 404, 'deployments.apps "none" not found'],
    ['PUT', `${configMaps}/none`, { metadata: { name: 'none' } }, 404, 'configmaps "none" not found'],
    ['GET', '/api/v1/namespaces/facts/nothings', undefined, 404, 'the server could not find the requested resource'],
    ['GET', '/api/v1/namespaces/facts/pods/e/nothing', undefined, 404, 'the server could not find the requested resource'],
    ['GET', '/api/v2', undefined, 404, 'the server could not find the requested resource'],
    ['POST', configMaps, { metadata: { name: 'e' } }, 409, 'configmaps "e" already exists'],
    [
      'POST',
      configMaps,
      { metadata: { name: 'x', namespace: 'default' } },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    ['PUT', `${configMaps}/e`, { metadata: { name: 'other' } }, 400, 'the name of the object (other) does not match the name on the URL (e)'],
    ['POST', configMaps, { metadata: { name: 'x', resourceVersion: '5' } }, 500, 'resourceVersion should not be set on objects to be created'],
    ['PUT', `${configMaps}/e`, { metadata: { name: 'e', resourceVersion: 'abc' } }, 500, 'strconv.ParseUint: parsing "abc": invalid syntax'],
    [
      'POST',
      configMaps,
      { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'x' } },
      400,
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      'POST',
      configMaps,
      { kind: 'Nothing', apiVersion: 'v1' },
      400,
      'Nothing in version "v1" cannot be handled as a ConfigMap: no kind "Nothing" is registered for version "v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'POST',
      configMaps,
      '{"a":',
      400,
      'the object provided is unrecognized (must be of type ConfigMap): couldn\'t get version/kind; json parse error: unexpected end of JSON input ({"a":)',
    ],
    [
      'POST',
      `${configMaps}?fieldValidation=Strict`,
      '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"},"bogus":1}',
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a", unknown field "bogus"',
    ],
    [
      'POST',
      configMaps,
      { metadata: { name: 'x' }, data: { a: 1 } },
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    ['GET', '/api/v1/namespaces/facts/pods?fieldSelector=bogus', undefined, 400, "invalid selector: 'bogus'; can't understand 'bogus'"],
    ['GET', `${configMaps}?fieldSelector=data.a%3Dx`, undefined, 400, '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['GET', '/api/v1/namespaces/facts/pods?fieldSelector=spec.bogus%3Dtrue', undefined, 400, 'field label not supported: spec.bogus'],
    ['GET', '/api/v1/nodes?fieldSelector=metadata.namespace%3Dx', undefined, 400, 'field label not supported: metadata.namespace'],
    ['GET', '/apis/batch/v1/jobs?fieldSelector=status.active%3D1', undefined, 400, 'field label "status.active" not supported for Job'],
    ['GET', `${configMaps}?fieldSelector=metadata.name%3Da%3Db`, undefined, 400, 'invalid field selector: unescaped character in value: 61'],
    ['GET', `${configMaps}?continue=x`, undefined, 400, 'invalid continue token: continue key is not valid: illegal base64 data at input byte 0'],
    ['GET', '/api/v1/namespaces/facts/namespaces', undefined, 404, 'the server could not find the requested resource'],
    ['GET', `${configMaps}/a%2Fb`, undefined, 404, 'the server could not find the requested resource'],
    ['GET', `${configMaps}/%2e%2e`, undefined, 400, `Name parameter invalid: "..": may not be '..'`],
    ['GET', `${configMaps}/a%25b`, undefined, 400, `Name parameter invalid: "a%b": may not contain '%'`],
    ['HEAD', `${configMaps}/a`, undefined, 405, 'the server does not allow this method on the requested resource'],
    ['GET', '/api/v1/namespaces/facts/pods?limit=many', undefined, 400, 'strconv.ParseInt: parsing "many": invalid syntax'],
    [
      'GET',
      '/api/v1/namespaces/facts/pods?resourceVersion=abc',
      undefined,
      400,
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [
      'GET',
      '/api/v1/namespaces/facts/pods?resourceVersionMatch=Exact',
      undefined,
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      'POST',
      `${configMaps}?dryRun=Some`,
      { metadata: { name: 'x' } },
      422,
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All"',
    ],
    [
      'DELETE',
      `${configMaps}/e?propagationPolicy=Sometimes`,
      undefined,
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sometimes": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      'DELETE',
      `${configMaps}/e?propagationPolicy=`,
      undefined,
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    ['DELETE', `${configMaps}/e?gracePeriodSeconds=`, undefined, 400, 'strconv.ParseInt: parsing "": invalid syntax'],
    ['GET', `${configMaps}?limit=`, undefined, 400, 'strconv.ParseInt: parsing "": invalid syntax'],
    ['POST', `${configMaps}/e`, { metadata: { name: 'e' } }, 405, 'the server does not allow this method on the requested resource'],
    ['PUT', configMaps, { metadata: { name: 'e' } }, 405, 'the server does not allow this method on the requested resource'],
    ['DELETE', '/api/v1/namespaces', undefined, 405, 'the server does not allow this method on the requested resource'],
    ['POST', '/api/v1/pods', podBody('x'), 405, 'the server does not allow this method on the requested resource'],
    ['POST', '/version', {}, 405, 'the server does not allow this method on the requested resource'],
    ['PATCH', `${configMaps}/e`, {}, 415, '415: Unsupported Media Type'],
  ];
  for (const [method, path, body, status, message] of cases) {
    const answer = await server.ask(method, path, body);
    expect([answer.status, (answer.body as { message?: string }).message], `${method} ${path}`).toEqual([status, message]);
  }
});

test('preconditions that do not hold are conflicts', async () => {
  const wrong = '00000000-0000-0000-0000-000000000000';
  const { uid } = ((await server.ask('GET', `${configMaps}/e`)).body as { metadata: { uid: string } }).metadata;
  const put = await server.ask('PUT', `${configMaps}/e`, { metadata: { name: 'e', uid: wrong } });
  expect(put.body).toMatchObject({
    code: 409,
    message: `Operation cannot be fulfilled on configmaps "e": StorageError: invalid object, Code: 4, Key: /registry/configmaps/facts/e, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wrong}, UID in object meta: ${uid}`,
  });
  const gone = await server.ask('DELETE', `${configMaps}/e`, { preconditions: { uid: wrong } });
  expect((gone.body as { message: string }).message).toContain(
    `on ConfigMap "e": the UID in the precondition (${wrong}) does not match the UID in record (${uid}).`,
  );
});

test('a change that changes nothing keeps the version', async () => {
  const before = (await server.ask('GET', `${configMaps}/e`)).body as { metadata: object };
  const after = await server.ask('PATCH', `${configMaps}/e`, { data: { a: '1' } }, merge);
  expect(after.body).toEqual(before);
});

test('lists come in pages of one revision, with tokens of upstream’s shape', async () => {
  for (const name of ['f', 'g', 'h']) await server.ask('POST', configMaps, { metadata: { name } });
  const first = (await server.ask('GET', `${configMaps}?limit=2`)).body as { metadata: Record<string, string>; items: { metadata: { name: string } }[] };
  expect(Buffer.from(first.metadata.continue!, 'base64url').toString()).toBe(
    `{"v":"meta.k8s.io/v1","rv":${first.metadata.resourceVersion},"start":"f\\u0000"}`,
  );
  expect(first.metadata.remainingItemCount).toBe(2);
  await server.ask('POST', configMaps, { metadata: { name: 'ga' } });
  const second = (await server.ask('GET', `${configMaps}?limit=2&continue=${first.metadata.continue}`)).body as typeof first;
  expect(second.items.map((item) => item.metadata.name)).toEqual(['g', 'h']);
  expect(second.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
  await server.store.compact(await server.store.revision());
  const late = (await server.ask('GET', `${configMaps}?limit=2&continue=${first.metadata.continue}`)) as {
    status: number;
    body: { metadata: { continue: string } };
  };
  expect(late.status).toBe(410);
  const rest = (await server.ask('GET', `${configMaps}?limit=9&continue=${late.body.metadata.continue}`)).body as typeof first;
  expect(rest.items.map((item) => item.metadata.name)).toEqual(['g', 'ga', 'h']);
});

test('a watch shows what enters and leaves its selection', async () => {
  const events = await seen(`${configMaps}?watch=1&labelSelector=list%3Deven`);
  await server.ask('PATCH', `${configMaps}/e`, { data: { b: '2' } }, merge);
  await server.ask('PATCH', `${configMaps}/e`, { metadata: { labels: null } }, merge);
  await server.ask('PATCH', `${configMaps}/e`, { metadata: { labels: { list: 'even' } } }, merge);
  await server.ask('DELETE', `${configMaps}/e`);
  await server.env.loop.settle();
  expect(told(events)).toEqual(['ADDED e', 'MODIFIED e', 'DELETED e', 'ADDED e', 'DELETED e']);
  expect((events[2]!.object() as { metadata: { labels: object } }).metadata.labels).toEqual({ list: 'even' });
});

test('watchers in the same form share one frame', async () => {
  const [one, two] = [await seen(`${configMaps}?watch=1`), await seen(`${configMaps}?watch=true`)];
  const created = one.find((event) => told([event])[0] === 'ADDED e')!;
  expect(two).toContain(created);
  expect(new TextDecoder().decode(created.frame())).toMatch(/^\{"type":"ADDED","object":\{"kind":"ConfigMap",.*\}\n$/);
});

test('a watch of compacted history is an ERROR event, bookmarks come every minute, initial events end with one', async () => {
  await server.store.compact(await server.store.revision());
  const [error] = await seen(`${configMaps}?watch=1&resourceVersion=1`);
  expect(error).toMatchObject({ type: 'ERROR' });
  expect(error!.object()).toMatchObject({ code: 410, reason: 'Expired', message: expect.stringContaining('too old resource version: 1 (') });
  const events = await seen(`${configMaps}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`);
  expect(told(events)).toEqual(['ADDED e', 'BOOKMARK ']);
  expect(events[1]!.object()).toMatchObject({ metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } });
  await server.env.loop.advance(60_000);
  expect(told(events)).toEqual(['ADDED e', 'BOOKMARK ', 'BOOKMARK ']);
});

test('deletes answer and linger as the real server’s do', async () => {
  const pods = '/api/v1/namespaces/facts/pods';
  await server.ask('POST', pods, podBody('d1'));
  const unscheduled = await server.ask('DELETE', `${pods}/d1`);
  expect(unscheduled.body).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 0 } });
  expect((await server.ask('GET', `${pods}/d1`)).status).toBe(404);
  await server.ask('POST', pods, podBody('d2'));
  const bound = await server.ask('POST', `${pods}/d2/binding`, { metadata: { name: 'd2' }, target: { kind: 'Node', name: 'node-a' } });
  expect(bound).toMatchObject({ status: 201, body: { status: 'Success', code: 201 } });
  const again = await server.ask('POST', `${pods}/d2/binding`, { metadata: { name: 'd2' }, target: { kind: 'Node', name: 'node-b' } });
  expect((again.body as { message: string }).message).toBe('Operation cannot be fulfilled on pods/binding "d2": pod d2 is already assigned to node "node-a"');
  expect((await server.ask('DELETE', `${pods}/d2`)).body).toMatchObject({
    metadata: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
  });
  expect((await server.ask('DELETE', `${pods}/d2?gracePeriodSeconds=5`)).body).toMatchObject({ metadata: { deletionTimestamp: '2026-01-01T00:00:05Z' } });
  expect((await server.ask('DELETE', `${pods}/d2?gracePeriodSeconds=600`)).body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 5 } });
  expect((await server.ask('DELETE', `${pods}/d2?gracePeriodSeconds=0`)).status).toBe(200);
  expect((await server.ask('GET', `${pods}/d2`)).status).toBe(404);
});

test('pods are selected by a field of an older name, and by one that no pod has', async () => {
  const named = async (selector: string) => {
    const { body } = await server.ask('GET', `/api/v1/namespaces/facts/pods?fieldSelector=${encodeURIComponent(selector)}`);
    return (body as { items: { metadata: { name: string } }[] }).items.length;
  };
  await server.ask('POST', '/api/v1/namespaces/facts/pods', {
    metadata: { name: 'placed' },
    spec: { nodeName: 'one', containers: [{ name: 'c', image: 'i' }] },
  });
  expect(await named('spec.host=one')).toBe(1);
  expect(await named('spec.host=two')).toBe(0);
  expect(await named('status.podIPs=10.0.0.1')).toBe(0);
});

test('a finalizer keeps an object until it is taken away', async () => {
  await server.ask('POST', configMaps, { metadata: { name: 'd', finalizers: ['facts.example.com/hold'] } });
  expect((await server.ask('DELETE', `${configMaps}/d`)).body).toMatchObject({ kind: 'ConfigMap', metadata: { deletionGracePeriodSeconds: 0 } });
  const more = await server.ask('PATCH', `${configMaps}/d`, { metadata: { finalizers: ['facts.example.com/hold', 'facts.example.com/more'] } }, merge);
  expect((more.body as { message: string }).message).toContain(
    'no new finalizers can be added if the object is being deleted, found new finalizers []string{"facts.example.com/more"}',
  );
  expect((await server.ask('PATCH', `${configMaps}/d`, { metadata: { finalizers: [] } }, merge)).status).toBe(200);
  expect((await server.ask('GET', `${configMaps}/d`)).status).toBe(404);
});

test('a dry run answers as if, and stores nothing', async () => {
  const made = await server.ask('POST', `${configMaps}?dryRun=All`, { metadata: { generateName: 'dry-' } });
  expect(made.status).toBe(201);
  expect((made.body as { metadata: object }).metadata).not.toHaveProperty('resourceVersion');
  expect((await server.ask('DELETE', `${configMaps}/e?dryRun=All`)).body).toMatchObject({ kind: 'Status', status: 'Success' });
  expect((await server.ask('GET', configMaps)).body).toMatchObject({ items: [{ metadata: { name: 'e' } }] });
});

test('generated names are made anew for every object', async () => {
  const pod = { ...podBody(''), metadata: { generateName: 'web-' } };
  const names = await Promise.all(
    [1, 2, 3].map(async () => ((await server.ask('POST', '/api/v1/namespaces/facts/pods', pod)).body as { metadata: { name: string } }).metadata.name),
  );
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('what belongs to no namespace forgets the one it was written with', async () => {
  const made = await server.ask('POST', '/api/v1/nodes', { metadata: { name: 'placed', namespace: 'nowhere' } });
  expect([made.status, (made.body as { metadata: object }).metadata]).toMatchObject([201, { name: 'placed' }]);
  expect((made.body as { metadata: object }).metadata).not.toHaveProperty('namespace');
  const changed = await server.ask('PUT', '/api/v1/nodes/placed', { metadata: { name: 'placed', namespace: 'nowhere', labels: { a: 'b' } } });
  expect([changed.status, (changed.body as { metadata: object }).metadata]).toMatchObject([200, { labels: { a: 'b' } }]);
  await server.ask('DELETE', '/api/v1/nodes/placed');
});

test('keys that JavaScript treats specially are data', async () => {
  const text = '{"metadata":{"name":"proto","__proto__":{"polluted":1}},"__proto__":{"polluted":1},"data":{"__proto__":"1","constructor":"2"}}';
  const made = await server.ask('POST', configMaps, text);
  expect(made.status).toBe(201);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(Object.keys((made.body as { data: object }).data).sort()).toEqual(['__proto__', 'constructor']);
  await server.ask('PATCH', `${configMaps}/proto`, '{"__proto__":{"polluted":1},"data":{"x":"1"}}', merge);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('whoever is not known gets 401, whoever has a certificate is its subject', async () => {
  const request = {
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    query: new URLSearchParams(),
    headers: {},
    body: { kind: 'object', object: {} },
  } as const;
  const nobody = await server.handler(request);
  expect(nobody.status).toBe(401);
  expect(nobody.headers).toMatchObject({ 'audit-id': expect.any(String), 'cache-control': 'no-cache, private' });
  const known = await server.handler({ ...request, clientCertificate: { commonName: 'carol', organizations: ['dev'] } });
  expect(known.status).toBe(201);
  if (known.body.kind === 'object')
    expect(known.body.object()).toMatchObject({ status: { userInfo: { username: 'carol', groups: ['dev', 'system:authenticated'] } } });
});

test('logs ask for a container where there are several', async () => {
  await server.ask(
    'POST',
    '/api/v1/namespaces/facts/pods',
    podBody('p', {
      containers: [
        { name: 'a', image: 'i' },
        { name: 'b', image: 'i' },
      ],
    }),
  );
  const log = async (query: string) => await server.ask('GET', `/api/v1/namespaces/facts/pods/p/log${query}`);
  expect((await log('')).body).toMatchObject({ code: 400, message: 'a container name must be specified for pod p, choose one of: [a b]' });
  expect((await log('?container=zzz')).body).toMatchObject({ code: 400, message: 'container zzz is not valid for pod p' });
  expect((await log('?container=a')).status).toBe(204);
  expect((await log('?container=a&tailLines=-1')).body).toMatchObject({
    code: 422,
    message: 'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
  });
});

test('discovery carries the hashes of the real server', async () => {
  const list = (await server.ask('GET', '/api/v1')).body as { resources: { name: string; storageVersionHash?: string }[] };
  expect(list.resources.find((one) => one.name === 'pods')).toMatchObject({ storageVersionHash: 'xPOwRZ+Yhw8=', singularName: 'pod' });
  expect(list.resources.map((one) => one.name)).toContain('pods/log');
});

test('a namespace stays, Terminating, until its own finalizers are gone', async () => {
  const deleted = await server.ask('DELETE', '/api/v1/namespaces/facts');
  expect(deleted.body).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' }, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  expect((deleted.body as { metadata: object }).metadata).not.toHaveProperty('deletionGracePeriodSeconds');
  expect((await server.ask('DELETE', '/api/v1/namespaces/facts')).body).toEqual(deleted.body);
  const finalized = await server.ask('PUT', '/api/v1/namespaces/facts/finalize', { metadata: { name: 'facts' }, spec: { finalizers: [] } });
  expect(finalized.status).toBe(200);
  expect((await server.ask('GET', '/api/v1/namespaces/facts')).status).toBe(404);
});

test('only the first event of a table watch names the columns', async () => {
  const response = await server.handler({
    method: 'GET',
    path: configMaps,
    query: new URLSearchParams('watch=1'),
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    user: admin,
  });
  const tables: { columnDefinitions: unknown[] | null; rows: { cells: unknown[] }[] }[] = [];
  if (response.body.kind === 'watch') response.body.start({ event: (event) => tables.push(event.object() as never), end: () => {} });
  await server.env.loop.settle();
  await server.ask('PATCH', `${configMaps}/e`, { data: { b: '2' } }, merge);
  await server.env.loop.settle();
  expect(tables.map((table) => [table.columnDefinitions !== null, table.rows[0]!.cells[1]])).toEqual([
    [true, 1],
    [false, 2],
  ]);
});

test('components in this process write and read objects without serialisation', async () => {
  const object = { metadata: { name: 'inside', namespace: 'facts' }, data: { a: '1' } };
  const ask = (method: string, path: string, body?: unknown) =>
    server.handler({
      method,
      path,
      query: new URLSearchParams(),
      headers: {},
      user: admin,
      ...(body ? { body: { kind: 'object' as const, object: body } } : {}),
    });
  const made = await ask('POST', configMaps, object);
  const read = await ask('GET', `${configMaps}/inside`);
  if (made.body.kind !== 'object' || read.body.kind !== 'object') throw new Error('objects were expected');
  expect(read.body.object()).toBe(made.body.object());
  expect(Object.isFrozen(read.body.object())).toBe(true);
  const again = await ask('PUT', `${configMaps}/inside`, read.body.object());
  expect(again.status).toBe(200);
});
