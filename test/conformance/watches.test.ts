/** Frames of watches as a real API server (1.21) sent them: types, which state of the object, revisions, and the forms. */
import { expect, test } from 'vitest';
import { admin, type TestServer, testServer } from '../../src/apiserver/testing/test-server.ts';
import type { KubeObject } from '../../src/machinery/types.ts';

interface Frame {
  readonly type: string;
  readonly object: KubeObject & {
    data?: object;
    rows?: { cells: unknown[]; object: KubeObject }[];
    columnDefinitions?: unknown[] | null;
    code?: number;
    message?: string;
  };
}

const maps = '/api/v1/namespaces/facts/configmaps';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const metadata = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

async function server(): Promise<TestServer> {
  const made = testServer();
  await made.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  await made.env.loop.settle();
  return made;
}

/** Opens a watch. The frames are those of the wire, as they come. */
async function watch({ handler }: TestServer, path: string, accept = 'application/json'): Promise<{ status: number; frames: Frame[]; ended: () => boolean }> {
  const [pathname = '', search = ''] = path.split('?');
  const { status, body } = await handler({ method: 'GET', path: pathname, query: new URLSearchParams(search), headers: { accept }, user: admin });
  const frames: Frame[] = [];
  let ended = false;
  if (body.kind === 'watch') {
    body.start({
      event: (event) => frames.push(JSON.parse(new TextDecoder().decode(event.frame())) as Frame),
      end: () => (ended = true),
    });
  } else if (body.kind === 'object') frames.push({ type: '', object: body.object() as Frame['object'] });
  return { status, frames, ended: () => ended };
}

/** Created, changed, written unchanged, its label lost and back, deleted. */
async function life(made: TestServer): Promise<void> {
  const merge = { 'content-type': 'application/merge-patch+json' };
  const steps: [string, string, unknown?, Record<string, string>?][] = [
    ['POST', maps, { metadata: { name: 'w', labels: { watched: 'yes' } }, data: { a: '1' } }],
    ['PATCH', `${maps}/w`, { data: { a: '2' } }, merge],
    ['PATCH', `${maps}/w`, { data: { a: '2' } }, merge],
    ['PATCH', `${maps}/w`, { metadata: { labels: { watched: null } } }, merge],
    ['PATCH', `${maps}/w`, { metadata: { labels: { watched: 'yes' } } }, merge],
    ['DELETE', `${maps}/w`],
  ];
  for (const [method, path, body, headers] of steps) {
    await made.ask(method, path, body, headers);
    await made.env.loop.settle();
  }
}

const revisions = (objects: readonly KubeObject[]) => objects.map((object) => Number(object.metadata?.resourceVersion));
const consecutive = (numbers: readonly number[]) => numbers.map((one) => one - (numbers[0] as number));

test('a selector sees an object come, change, leave and come back: five frames, one revision each, the last state that matched', async () => {
  const made = await server();
  const { frames } = await watch(made, `${maps}?watch=1&labelSelector=watched%3Dyes&resourceVersion=${await made.store.revision()}`);
  await life(made);
  expect(frames.map(({ type, object }) => [type, object.metadata?.labels, object.data])).toEqual([
    ['ADDED', { watched: 'yes' }, { a: '1' }],
    ['MODIFIED', { watched: 'yes' }, { a: '2' }],
    ['DELETED', { watched: 'yes' }, { a: '2' }],
    ['ADDED', { watched: 'yes' }, { a: '2' }],
    ['DELETED', { watched: 'yes' }, { a: '2' }],
  ]);
  expect(consecutive(revisions(frames.map((frame) => frame.object)))).toEqual([0, 1, 2, 3, 4]);
});

test('the same as tables: columns in the first frame only, and as metadata', async () => {
  const made = await server();
  const from = await made.store.revision();
  const tables = await watch(made, `${maps}?watch=1&labelSelector=watched%3Dyes&resourceVersion=${from}`, table);
  const partial = await watch(made, `${maps}?watch=1&labelSelector=watched%3Dyes&resourceVersion=${from}`, metadata);
  await life(made);
  const types = ['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED'];
  expect(tables.frames.map((frame) => frame.type)).toEqual(types);
  expect(tables.frames.map(({ object }) => object.rows?.map((row) => row.cells))).toEqual(types.map(() => [['w', 1, '0s']]));
  expect(tables.frames.map(({ object }) => object.columnDefinitions === null)).toEqual([false, true, true, true, true]);
  expect(tables.frames.map(({ object }) => object.metadata?.resourceVersion)).toEqual(
    tables.frames.map(({ object }) => object.rows?.[0]?.object.metadata?.resourceVersion),
  );
  expect(partial.frames.map(({ type, object }) => [type, object.kind, object.apiVersion, object.data])).toEqual(
    types.map((type) => [type, 'PartialObjectMetadata', 'meta.k8s.io/v1', undefined]),
  );
  expect(revisions(partial.frames.map((frame) => frame.object))).toEqual(revisions(tables.frames.map((frame) => frame.object)));
});

test('what exists comes as ADDED from no revision and from 0, by selector and by the path of the old form', async () => {
  const made = await server();
  await made.ask('POST', maps, { metadata: { name: 'l-1' }, data: { i: '1' } });
  await made.ask('POST', maps, { metadata: { name: 'l-2' } });
  const paths = [
    `${maps}?watch=1&fieldSelector=metadata.name%3Dl-1`,
    `${maps}?watch=1&fieldSelector=metadata.name%3Dl-1&resourceVersion=0`,
    '/api/v1/watch/namespaces/facts/configmaps/l-1',
  ];
  for (const path of paths) {
    const { frames } = await watch(made, path);
    await made.env.loop.settle();
    expect(frames.map(({ type, object }) => [type, object.metadata?.name])).toEqual([['ADDED', 'l-1']]);
  }
  expect((await watch(made, `${maps}/l-1?watch=true`)).frames[0]).toMatchObject({ object: { kind: 'ConfigMap', data: { i: '1' } } });
});

test('revisions: the future is awaited until the time is up, what was compacted is an ERROR frame, what is no number is refused', async () => {
  const made = await server();
  const future = await watch(made, `${maps}?watch=1&resourceVersion=999999999&timeoutSeconds=2`);
  await made.env.loop.advance(2000);
  expect([future.status, future.frames, future.ended()]).toEqual([200, [], true]);
  await made.ask('POST', maps, { metadata: { name: 'old' } });
  await made.store.compact(await made.store.revision());
  const old = await watch(made, `${maps}?watch=1&resourceVersion=1`);
  await made.env.loop.settle();
  expect(old.status).toBe(200);
  expect(old.frames).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } }]);
  expect(old.frames[0]?.object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
  expect(old.ended()).toBe(true);
  const broken = await watch(made, `${maps}?watch=1&resourceVersion=abc`);
  expect([broken.status, broken.frames[0]?.object.message]).toEqual([
    500,
    'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
  ]);
});

test('bookmarks come to those who ask, with a revision and nothing else', async () => {
  const made = await server();
  const from = await made.store.revision();
  const asked = await watch(made, `${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=${from}`);
  const silent = await watch(made, `${maps}?watch=1&resourceVersion=${from}`);
  await made.ask('POST', '/api/v1/namespaces/facts/secrets', { metadata: { name: 'other' } });
  await made.env.loop.advance(120_000);
  expect(silent.frames).toEqual([]);
  expect(asked.frames.map(({ type, object }) => [type, object.kind, object.data])).toEqual(asked.frames.map(() => ['BOOKMARK', 'ConfigMap', undefined]));
  expect(Number(asked.frames.at(-1)?.object.metadata?.resourceVersion)).toBe(await made.store.revision());
});

test('a pod with a grace period: its end is seen as MODIFIED, and then DELETED', async () => {
  const made = await server();
  const { frames } = await watch(made, '/api/v1/namespaces/facts/pods?watch=1&fieldSelector=metadata.name%3Dw-pod');
  const pods = '/api/v1/namespaces/facts/pods';
  await made.ask('POST', pods, { metadata: { name: 'w-pod' }, spec: { nodeName: 'one', containers: [{ name: 'c', image: 'nginx' }] } });
  await made.ask('DELETE', `${pods}/w-pod`);
  await made.ask('DELETE', `${pods}/w-pod`, { gracePeriodSeconds: 0 });
  await made.env.loop.settle();
  expect(frames.map(({ type, object }) => [type, object.metadata?.deletionGracePeriodSeconds])).toEqual([
    ['ADDED', undefined],
    ['MODIFIED', 30],
    ['MODIFIED', 0],
    ['DELETED', 0],
  ]);
});
