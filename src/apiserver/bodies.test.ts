import { beforeEach, expect, test } from 'vitest';
import type { TestServer } from './testing/test-server.ts';
import { testServer } from './testing/test-server.ts';

let server: TestServer;
const configMaps = '/api/v1/namespaces/facts/configmaps';
const pods = '/api/v1/namespaces/facts/pods';
const yaml = { 'content-type': 'application/yaml' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const merge = { 'content-type': 'application/merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };

interface Answered {
  metadata: Record<string, unknown>;
  data?: Record<string, string>;
  message?: string;
}

const messageOf = async (...call: Parameters<TestServer['ask']>): Promise<[number, string | undefined]> => {
  const { status, body } = await server.ask(...call);
  return [status, (body as Answered).message];
};

beforeEach(async () => {
  server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  await server.ask('POST', configMaps, { metadata: { name: 'e' }, data: { a: '1' } });
  await server.ask('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
});

test('nulls in a body are absent fields, and empty texts in maps', async () => {
  const { status, body } = await server.ask('POST', configMaps, {
    metadata: { name: 'n', labels: null, annotations: { a: null } },
    data: { a: null },
    immutable: null,
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({ metadata: { annotations: { a: '' } }, data: { a: '' } });
  expect(Object.keys(body)).not.toContain('immutable');
  expect((body as Answered).metadata).not.toHaveProperty('labels');
});

test('a JSON patch that sets null leaves no null behind', async () => {
  const { body } = await server.ask('PATCH', `${configMaps}/e`, [{ op: 'add', path: '/metadata/labels', value: null }], json);
  expect((body as Answered).metadata).not.toHaveProperty('labels');
});

test('repeated keys in YAML are warned of and the last one counts, unless the client is strict', async () => {
  const text = 'metadata:\n  name: twice\ndata:\n  a: "1"\n  a: "2"\n';
  const { status, body, headers } = await server.ask('POST', configMaps, text, yaml);
  expect([status, (body as Answered).message, (body as Answered).data]).toEqual([201, undefined, { a: '2' }]);
  expect(headers.warning).toEqual(['299 - "line 5: key \\"a\\" already set in map"']);
  expect(await messageOf('POST', `${configMaps}?fieldValidation=Strict`, text.replace('name: twice', 'name: z'), yaml)).toEqual([
    400,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 5: key "a" already set in map',
  ]);
});

test('what a patch does wrong is told in the words of its kind', async () => {
  const cases: [string, unknown, Record<string, string>, number, string][] = [
    [
      `${pods}/p`,
      { spec: { containers: 'x' } },
      strategic,
      422,
      ' "" is invalid: patch: Invalid value: "map[spec:map[containers:x]]": cannot restore slice from string',
    ],
    [
      `${pods}/p`,
      { spec: { terminationGracePeriodSeconds: 'x' } },
      strategic,
      422,
      ' "" is invalid: patch: Invalid value: "map[spec:map[terminationGracePeriodSeconds:x]]": unrecognized type: int64',
    ],
    [`${pods}/p`, { metadata: 1 }, strategic, 422, ' "" is invalid: patch: Invalid value: "map[metadata:1]": cannot restore struct from: int64'],
    [`${configMaps}/e`, '{', merge, 400, 'error decoding patch: unexpected end of JSON input'],
    [`${configMaps}/e?fieldValidation=Ignore`, '{', merge, 400, 'Invalid JSON Patch'],
    [`${configMaps}/e`, '{', strategic, 400, 'unexpected end of JSON input'],
    [`${configMaps}/e`, [], merge, 400, 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    [`${configMaps}/e`, { op: 'add' }, json, 400, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    [
      `${configMaps}/e?fieldValidation=Strict`,
      '{"data":{"a":"1","a":"2"},"bogus":1}',
      strategic,
      422,
      ' "" is invalid: patch: Invalid value: "map[bogus:1 data:map[a:2]]": strict decoding error: duplicate field "data.a", unknown field "bogus"',
    ],
  ];
  for (const [path, patch, headers, status, message] of cases) expect(await messageOf('PATCH', path, patch, headers), path).toEqual([status, message]);
  const { headers } = await server.ask('PATCH', `${configMaps}/e`, '[{"op":"add","path":"/data/b","value":"1","note":"x"}]', json);
  expect(headers.warning).toEqual(['299 - "json patch unknown field \\"[0].note\\""']);
});

test('a strategic patch never passes through JSON: bytes are still read, and integers lose what does not fit', async () => {
  const secrets = '/api/v1/namespaces/default/secrets';
  await server.ask('POST', secrets, { metadata: { name: 's' }, data: { a: 'AAAA' } });
  expect(await messageOf('PATCH', `${secrets}/s`, { data: { a: 'c' } }, strategic)).toEqual([
    422,
    ' "" is invalid: patch: Invalid value: "map[data:map[a:c]]": error decoding from json: illegal base64 data at input byte 0',
  ]);
  const { body: bytes } = await server.ask('PATCH', `${secrets}/s`, { data: { c: [98, 256 + 98] } }, strategic);
  expect(bytes).toMatchObject({ data: { a: 'AAAA', c: 'YmI=' } });
  const { body } = await server.ask('PATCH', `${secrets}/s`, { data: { a: 'Yg==' } }, strategic);
  expect(body).toMatchObject({ data: { a: 'Yg==' } });
  const drivers = '/apis/storage.k8s.io/v1/csidrivers';
  await server.ask('POST', drivers, { metadata: { name: 'd' }, spec: {} });
  expect((await messageOf('PATCH', `${drivers}/d`, { spec: { volumeLifecycleModes: [5] } }, strategic))[1]).toMatch(
    /: cannot convert int64 to v1.VolumeLifecycleMode$/,
  );
  const controllers = '/api/v1/namespaces/default/replicationcontrollers';
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await server.ask('POST', controllers, { metadata: { name: 'r' }, spec: { replicas: 3, template } });
  const { status, body: scaled } = await server.ask('PATCH', `${controllers}/r`, { spec: { replicas: 2 ** 32 + 1 } }, strategic);
  expect([status, scaled]).toMatchObject([200, { spec: { replicas: 1 } }]);
});

test('a strategic patch that is refused is shown as it is once obeyed: without ordered lists and directives, and with nulls that had something to delete', async () => {
  const path = `${configMaps}/spent?fieldValidation=Strict`;
  await server.ask('POST', configMaps, { metadata: { name: 'spent', labels: { a: 'b' }, finalizers: ['x/y'] } });
  const cases: [unknown, string][] = [
    [{ metadata: { labels: { gone: null }, annotations: { a: null } } }, 'metadata:map[annotations:map[] labels:map[gone:<nil>]]'],
    [{ metadata: { finalizers: ['x/z'], '$setElementOrder/finalizers': ['x/z', 'x/y'] } }, 'metadata:map[]'],
    [
      { metadata: { finalizers: ['x/z'], '$deleteFromPrimitiveList/finalizers': ['q'] } },
      'metadata:map[$deleteFromPrimitiveList/finalizers:[q] finalizers:[x/z]]',
    ],
    [{ metadata: { labels: { c: 'd', $retainKeys: ['c'] } } }, 'metadata:map[labels:map[c:d]]'],
  ];
  for (const [patch, shown] of cases) {
    const [, message] = await messageOf('PATCH', path, { ...(patch as object), bogus: 1 }, strategic);
    expect(message).toBe(` "" is invalid: patch: Invalid value: "map[bogus:1 ${shown}]": strict decoding error: unknown field "bogus"`);
  }
});

test('a merge patch that changes the type of a field shows the object that came out', async () => {
  const [status, message] = await messageOf('PATCH', `${configMaps}/e`, { data: { a: 1 } }, merge);
  expect(status).toBe(422);
  expect(message).toContain('patch: Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"a\\":1},\\"kind\\":\\"ConfigMap\\",');
  expect(message).toContain('json: cannot unmarshal number into Go struct field ConfigMap.data of type string');
});

test('a version of the future is waited for, three seconds at most', async () => {
  for (const path of [`${configMaps}?resourceVersion=99`, `${configMaps}/e?resourceVersion=99`]) {
    let answered = false;
    const pending = server.ask('GET', path).finally(() => {
      answered = true;
    });
    await server.env.loop.advance(2900);
    expect(answered).toBe(false);
    await server.env.loop.advance(100);
    const { status, body, headers } = await pending;
    expect([status, headers['retry-after']]).toEqual([504, '1']);
    expect(body).toMatchObject({
      message: 'Timeout: Too large resource version: 99, current: 4',
      reason: 'Timeout',
      details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
    });
  }
  const pending = server.ask('GET', `${configMaps}?resourceVersion=5`);
  await server.env.loop.advance(1000);
  await server.ask('POST', configMaps, { metadata: { name: 'late' } });
  await server.env.loop.advance(200);
  expect((await pending).status).toBe(200);
});
