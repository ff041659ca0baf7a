import { readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { decodeProtobuf, encodeProtobuf, loadProtobufSchema } from '../machinery/codec/index.ts';
import { WireReader } from '../machinery/codec/wire.ts';
import type { ApiResponse, ObjectBody, ServedEvent, WatchBody } from '../machinery/handler.ts';
import { admin, type TestServer, testServer } from './testing/test-server.ts';

const schema = loadProtobufSchema(JSON.parse(readFileSync(new URL('../../generated/schema/protobuf.json', import.meta.url), 'utf8')));
const protobuf = 'application/vnd.kubernetes.protobuf';
const partial = (kind: string, version = 'v1'): string => `${protobuf};as=${kind};g=meta.k8s.io;v=${version}`;
const maps = '/api/v1/namespaces/facts/configmaps';
const onlyAccepted = 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf';
let server: TestServer;

beforeEach(async () => {
  server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  for (const name of ['a', 'b'])
    await server.ask('POST', maps, { metadata: { name, labels: { app: name } }, data: { key: 'ü' }, binaryData: { bytes: '/+8=' } });
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

async function ask(path: string, accept: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<ApiResponse> {
  const [pathname = '', search = ''] = path.split('?');
  const contentType = headers['content-type'] ?? protobuf;
  return server.handler({
    method,
    path: pathname,
    query: new URLSearchParams(search),
    headers: { accept, ...headers },
    user: admin,
    ...(body ? { body: { kind: 'bytes' as const, bytes: body, contentType } } : {}),
  });
}

function bytesOf({ body }: ApiResponse): Uint8Array {
  const bytes = (body as ObjectBody).json();
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

/** What a protobuf answer holds; its media type is checked on the way. */
async function read(path: string, accept = protobuf, asked: Asked = {}): Promise<Record<string, never>> {
  const answer = await ask(path, accept, asked);
  expect((answer.body as ObjectBody).contentType).toBe(protobuf);
  return decodeProtobuf(schema, bytesOf(answer)).object as Record<string, never>;
}

const json = async (path: string): Promise<unknown> => (await server.ask('GET', path)).body;

test('objects, lists and failures are answered in protobuf, and say what they say in JSON', async () => {
  expect(await read(`${maps}/a`)).toEqual(await json(`${maps}/a`));
  expect(await read(maps)).toEqual(await json(maps));
  expect(await read(`${maps}?limit=1`)).toMatchObject({ metadata: { continue: expect.stringMatching(/./), remainingItemCount: 1 } });
  expect(await read('/apis/apps/v1/deployments')).toMatchObject({ apiVersion: 'apps/v1', kind: 'DeploymentList' });
  expect(await read(`${maps}/nope`)).toEqual(await json(`${maps}/nope`));
  expect(await read('/api/v1/nothings')).toMatchObject({ kind: 'Status', code: 404 });
});

test('a list in protobuf is as long as it says, and is made of the bytes of its objects', async () => {
  const answer = await ask(maps, protobuf);
  const { pieces } = answer.body as ObjectBody;
  const whole = Buffer.concat([...pieces!()]);
  expect(whole).toEqual(Buffer.from(bytesOf(answer)));
  expect(pieces!().byteLength).toBe(whole.length);
  const [one, again] = [await ask(maps, protobuf), await ask(maps, protobuf)].map((list) => [...(list.body as ObjectBody).pieces!()]);
  expect(one![1]).toBe(again![1]);
});

test('what is written comes back in protobuf: create, update, patch and delete', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } };
  const created = await read(maps, protobuf, { method: 'POST', body: encodeProtobuf(schema, object) });
  expect(created).toMatchObject({ metadata: { name: 'c', uid: expect.any(String) }, data: { a: 'b' } });
  const changed: object = { ...created, data: { a: 'c' } };
  expect(await read(`${maps}/c`, protobuf, { method: 'PUT', body: encodeProtobuf(schema, changed) })).toMatchObject({ data: { a: 'c' } });
  const patch = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' }, body: Buffer.from('{"data":{"a":null}}') };
  expect(await read(`${maps}/c`, protobuf, patch)).not.toHaveProperty('data');
  const options = encodeProtobuf(schema, { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' } as object);
  expect(await read(`${maps}/c`, protobuf, { method: 'DELETE', body: options })).toMatchObject({ kind: 'Status', status: 'Success' });
});

test('metadata alone can be had in protobuf, a table cannot', async () => {
  const { kind: _, apiVersion: __, ...metadata } = (await json(`${maps}/a`)) as { kind: string; apiVersion: string; metadata: object };
  expect(await read(`${maps}/a`, partial('PartialObjectMetadata'))).toEqual({
    apiVersion: 'meta.k8s.io/v1',
    kind: 'PartialObjectMetadata',
    metadata: metadata.metadata,
  });
  expect(await read(maps, partial('PartialObjectMetadataList', 'v1beta1'))).toMatchObject({
    apiVersion: 'meta.k8s.io/v1beta1',
    kind: 'PartialObjectMetadataList',
    items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
  });
  expect((await server.ask('GET', maps, undefined, { accept: partial('Table') })).body).toMatchObject({ code: 406, message: onlyAccepted });
  const either = `${partial('Table')},application/json;as=Table;g=meta.k8s.io;v=v1`;
  expect((await server.ask('GET', maps, undefined, { accept: either })).body).toMatchObject({ kind: 'Table' });
});

test('metadata of a list is not that of an object, and the other way round', async () => {
  const messages: [string, string, string][] = [
    [`${maps}/a`, 'PartialObjectMetadataList', 'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)'],
    ['/apis/apps/v1/deployments', 'PartialObjectMetadata', 'you requested PartialObjectMetadata, but the requested object is a list (*apps.DeploymentList)'],
  ];
  for (const [path, kind, message] of messages) {
    const { body } = await server.ask('GET', path, undefined, { accept: `application/json;as=${kind};g=meta.k8s.io;v=v1` });
    expect(body).toMatchObject({ code: 406, reason: 'NotAcceptable', message });
  }
});

/** The event in a frame: a length, then a WatchEvent without envelope around an object that has one. */
function readFrame(frame: Uint8Array): { type: string; object: unknown } {
  expect(Buffer.from(frame).readUInt32BE()).toBe(frame.length - 4);
  const reader = new WireReader(frame.subarray(4));
  let [type, object]: [string, unknown] = ['', undefined];
  while (reader.next('WatchEvent')) {
    const part = reader.part();
    if (reader.number === 1) type = Buffer.from(part).toString();
    else {
      const extension = new WireReader(part);
      extension.next('RawExtension');
      object = decodeProtobuf(schema, extension.part()).object;
    }
  }
  return { type, object };
}

test('a watch in protobuf is made of frames that watchers share, errors and bookmarks too', async () => {
  const open = async (accept: string): Promise<ServedEvent[]> => {
    const answer = await ask(`${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=0`, accept);
    const body = answer.body as WatchBody;
    expect(body.contentType).toBe('application/vnd.kubernetes.protobuf;stream=watch');
    const events: ServedEvent[] = [];
    body.start({ event: (event) => events.push(event), end() {} });
    return events;
  };
  const [one, two, metadata] = [await open(`${protobuf};stream=watch`), await open(protobuf), await open(partial('PartialObjectMetadata'))];
  await server.ask('PATCH', `${maps}/a`, { data: { key: 'new' } }, { 'content-type': 'application/merge-patch+json' });
  await server.env.loop.advance(70_000);
  const events = one.map((event) => readFrame(event.frame()));
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['ADDED', 'MODIFIED', 'BOOKMARK']));
  expect(events.find(({ type }) => type === 'MODIFIED')?.object).toEqual(await json(`${maps}/a`));
  expect(events.find(({ type }) => type === 'BOOKMARK')?.object).toMatchObject({ kind: 'ConfigMap', metadata: { resourceVersion: expect.any(String) } });
  expect(one[0]!.frame()).toBe(two[0]!.frame());
  const kinds = metadata.map((event) => (readFrame(event.frame()).object as { kind: string }).kind);
  expect(new Set(kinds)).toEqual(new Set(['PartialObjectMetadata']));
});

test('discovery is answered in protobuf, aggregated or not', async () => {
  for (const path of ['/api', '/apis', '/apis/apps', '/api/v1', '/apis/apps/v1'])
    expect(await read(path), path).toMatchObject(withoutVersion(await json(path)));
  const aggregated = await ask('/apis', `${protobuf};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json`);
  expect((aggregated.body as ObjectBody).contentType).toBe(`${protobuf};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`);
  expect(Buffer.from(bytesOf(aggregated)).toString('latin1')).toContain('statefulsets');
});

/** The oldest answers carry no version of their own. */
function withoutVersion(answer: unknown): object {
  const { apiVersion: _, ...rest } = answer as { apiVersion?: string };
  return rest;
}

test('of several media types the most wanted one is spoken', async () => {
  const cases: [string, string][] = [
    ['application/vnd.kubernetes.protobuf,application/json', protobuf],
    ['application/json;q=0.1,application/vnd.kubernetes.protobuf', protobuf],
    ['application/vnd.kubernetes.protobuf;q=0.5,application/yaml;q=0.7', 'application/yaml'],
    ['*/*,application/vnd.kubernetes.protobuf;q=0.1', protobuf],
    ['application/cbor,*/*', 'application/json'],
    ['application/cbor, application/yaml;q=0.1', 'application/yaml'],
    ['application/vnd.kubernetes.protobuf;stream=other,application/json', 'application/json'],
    ['application/vnd.kubernetes.protobuf;sv=v2,application/json', 'application/json'],
    ['*/*', 'application/json'],
  ];
  for (const [accept, contentType] of cases) {
    const { body } = await ask(`${maps}/a`, accept);
    expect((body as ObjectBody).contentType ?? 'application/json', accept).toBe(contentType);
  }
});

test('CBOR is refused, as an answer and as a body', async () => {
  const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
  const streams = `${types}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`;
  const cbor = { 'content-type': 'application/cbor' };
  const cases: [string, string, Record<string, string>, number, string][] = [
    ['GET', `${maps}/a`, { accept: 'application/cbor' }, 406, `406: Not Acceptable\n\nAvailable representations: ${types}`],
    ['GET', maps, { accept: 'application/cbor' }, 406, `406: Not Acceptable\n\nAvailable representations: ${streams}`],
    ['GET', `${maps}?watch=1`, { accept: 'application/cbor-seq' }, 406, `406: Not Acceptable\n\nAvailable representations: ${streams}`],
    ['POST', maps, cbor, 415, `the body of the request was in an unknown format - accepted media types include: ${types}`],
    ['DELETE', `${maps}/a`, cbor, 415, `the body of the request was in an unknown format - accepted media types include: ${types}`],
    ['PATCH', `${maps}/a?fieldManager=x`, { 'content-type': 'application/apply-patch+cbor' }, 415, '415: Unsupported Media Type'],
    ['PATCH', `${maps}/a`, { 'content-type': protobuf }, 415, '415: Unsupported Media Type'],
  ];
  for (const [method, path, headers, code, message] of cases) {
    const { body } = await server.ask(method, path, method === 'GET' ? undefined : 'x', headers);
    expect(body, `${method} ${path}`).toMatchObject({ code, message });
  }
});

test('a watch in YAML is refused with the streams there are, in YAML', async () => {
  const { status, body } = await server.ask('GET', `${maps}?watch=1`, undefined, { accept: 'application/yaml' });
  expect(status).toBe(406);
  expect(body).toContain('application/json;stream=watch');
  expect(body).toContain('kind: Status');
});

test('broken protobuf is a bad request in the words of Go, whatever it was meant to be', async () => {
  const type = '0a0f0a0276311209436f6e6669674d6170';
  const cases: [string, string][] = [
    ['', 'the object provided is unrecognized (must be of type ConfigMap): empty data (<empty>)'],
    ['6b387300', 'the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)'],
    [
      '68656c6c6f',
      'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (68656c6c6f)',
    ],
    [`6b387300${type}12020a09`, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF'],
    [`6b387300${type}12020801`, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: proto: wrong wireType = 0 for field ObjectMeta'],
    [
      '6b3873000a120a07617070732f763112074e6f7468696e67',
      'Nothing in version "v1" cannot be handled as a ConfigMap: no kind "Nothing" is registered for version "apps/v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"',
    ],
    ['6b3873000a090a0276311203506f64', 'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion'],
  ];
  for (const [hex, message] of cases) {
    const answer = await ask(maps, 'application/json', { method: 'POST', body: Buffer.from(hex, 'hex') });
    expect(JSON.parse(Buffer.from(bytesOf(answer)).toString()), hex).toMatchObject({ code: 400, reason: 'BadRequest', message });
  }
});
