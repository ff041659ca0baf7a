import { expect, test } from 'vitest';
import type { WatchBody } from '../machinery/handler.ts';
import { testServer } from './testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const table = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };

async function served() {
  const server = testServer();
  await server.ask('POST', maps, { metadata: { name: 'a' } });
  const said = async (path: string, headers = {}) => {
    const { status, body } = await server.ask('GET', path, undefined, headers);
    return [status, (body as { message?: string }).message];
  };
  return { server, said };
}

test('how much of each object a table carries is looked at once there is an object', async () => {
  const { said } = await served();
  const wrong = `Unable to convert to Table as requested: includeObject: Invalid value: "none": must be 'Metadata', 'Object', 'None', or empty`;
  expect(await said(`${maps}/b?includeObject=none`, table)).toEqual([404, 'configmaps "b" not found']);
  for (const path of [`${maps}/a`, maps]) expect(await said(`${path}?includeObject=none`, table)).toEqual([400, wrong]);
  expect(await said(`${maps}?watch=1&includeObject=none`, table)).toEqual([400, wrong]);
});

test('an object is exported no more', async () => {
  const { said } = await served();
  for (const query of ['export=true', 'export', 'export=yes'])
    expect(await said(`${maps}/b?${query}`)).toEqual([400, 'the export parameter, deprecated since v1.14, is no longer supported']);
  for (const query of ['export=false', 'export=0']) expect((await said(`${maps}/a?${query}`))[0]).toBe(200);
  expect((await said(`${maps}?export=true`))[0]).toBe(200);
});

test('a list at exactly a version that is not there yet fails with the words of etcd', async () => {
  const { said } = await served();
  const future = [500, 'etcdserver: mvcc: required revision is a future revision'];
  expect(await said(`${maps}?resourceVersion=999&resourceVersionMatch=Exact`)).toEqual(future);
  const token = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 999, start: 'a\0' })).toString('base64url');
  expect(await said(`${maps}?continue=${token}`)).toEqual(future);
});

test('tokens and selectors that nobody can read are quoted as upstream quotes them', async () => {
  const { said } = await served();
  const unread = 'invalid continue token: continue key is not valid: server does not recognize this encoded version ';
  expect(await said(`${maps}?continue=e30`)).toEqual([400, unread]);
  const token = Buffer.from('{"v":"v2"}').toString('base64url');
  expect(await said(`${maps}?continue=${token}`)).toEqual([400, `${unread}v2`]);
  const field = encodeURIComponent('metadata.name\\=a');
  expect((await said(`${maps}?fieldSelector=${field}`))[1]).toBe(
    '"metadata.name\\\\" is not a known field selector: only "metadata.name", "metadata.namespace"',
  );
});

test('rows of flow schemas are in the order in which they are tried, in a list of them in that of their names', async () => {
  const { server } = await served();
  const path = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
  for (const [name, matchingPrecedence] of [
    ['a', 900],
    ['b', 20],
    ['c', 900],
    ['d', 1000],
  ] as const) {
    const body = { metadata: { name }, spec: { matchingPrecedence, priorityLevelConfiguration: { name: 'any' } } };
    expect((await server.ask('POST', path, body)).status).toBe(201);
  }
  const rows = (await server.ask('GET', path, undefined, table)).body as { rows: { cells: string[]; object: { metadata: { name: string } } }[] };
  expect(rows.rows.map(({ cells, object }) => [cells[0], object.metadata.name])).toEqual(['b', 'a', 'c', 'd'].map((name) => [name, name]));
  const list = (await server.ask('GET', path)).body as { items: { metadata: { name: string } }[] };
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c', 'd']);
});

test('without the gate WatchList nobody may ask for what is there already', async () => {
  const off = testServer({ featureGates: { WatchList: false } });
  const why = 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
  const said = async (query: string) => {
    const { status, body } = await off.ask('GET', `${maps}?watch=1&${query}`);
    return [status, (body as { message?: string }).message];
  };
  const invalid = 'ListOptions.meta.k8s.io "" is invalid: ';
  expect(await said('sendInitialEvents=true&resourceVersionMatch=NotOlderThan')).toEqual([422, `${invalid}${why}`]);
  expect(await said('sendInitialEvents=true')).toEqual([
    422,
    `${invalid}[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, ${why}]`,
  ]);
  const { said: allowed } = await served();
  expect((await allowed(`${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`))[0]).toBe(200);
});

test('a watch with less than no time ends before it tells anything', async () => {
  const { server } = await served();
  const { status, body } = await server.ask('GET', `${maps}?watch=1&timeoutSeconds=-1`);
  const told: string[] = [];
  let ended = false;
  (body as WatchBody).start({
    event: ({ type }) => void told.push(type),
    end() {
      ended = true;
    },
  });
  await server.env.loop.settle();
  expect({ status, told, ended }).toEqual({ status: 200, told: [], ended: true });
});

test('what cannot be watched says so at its list, and has no path of the old form', async () => {
  const { server, said } = await served();
  const missing = [404, 'the server could not find the requested resource'];
  expect(await said('/api/v1/watch/componentstatuses')).toEqual(missing);
  expect(await said('/api/v1/watch/namespaces/default/pods/a/log')).toEqual(missing);
  expect(await said('/apis/authorization.k8s.io/v1/watch/selfsubjectaccessreviews')).toEqual(missing);
  expect(await server.ask('GET', '/api/v1/componentstatuses?watch=1')).toMatchObject({
    status: 405,
    body: { reason: 'MethodNotAllowed', message: 'watch is not supported on resources of kind "componentstatuses"', details: { kind: 'componentstatuses' } },
    headers: { warning: ['299 - "v1 ComponentStatus is deprecated in v1.19+"'] },
  });
});
