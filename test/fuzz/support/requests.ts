import fc from 'fast-check';
import type { GroupVersionKind } from '../../../src/machinery/types.ts';
import type { Mutation } from './mutate.ts';
import { mutate } from './mutate.ts';
import { Dice, randomObject } from './random-object.ts';
import { validObject } from './valid-objects.ts';

/** A resource as discovery shows it. */
export interface FuzzedResource extends GroupVersionKind {
  readonly plural: string;
  readonly namespaced: boolean;
  readonly subresources: readonly string[];
}

export interface FuzzedRequest {
  readonly method: string;
  /** With query; percent-encoded as a client might, or worse. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const encoder = new TextEncoder();

/** Values that stand where nobody expects them. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      null,
      '',
      0,
      -1,
      1.5,
      1e308,
      true,
      false,
      [],
      {},
      [null],
      [[]],
      { a: null },
      'ü\u0000',
      '../..',
      'a'.repeat(300),
      '9'.repeat(400),
      '2026-13-45T99:99:99Z',
      { $patch: 'delete' },
    ),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>('x'.repeat(1_000_000), nested(200), nested(500)) },
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({ at: fc.nat(400), action: fc.constantFrom('replace', 'replace', 'remove', 'add', 'repeat'), value: odd });
const name = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom('web', 'web', 'web', 'web', 'web', 'a', 'a', 'b') },
  { weight: 1, arbitrary: fc.constantFrom('A', '..', '.', 'a/b', '-', 'a'.repeat(260), '__proto__', 'constructor', 'system:x', 'ü', 'x'.repeat(1_000_000)) },
);

/** An object of a kind, mostly valid, with up to two things done to it. */
function objectOf(resource: FuzzedResource): fc.Arbitrary<Record<string, unknown>> {
  const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version;
  const made = fc.tuple(name, fc.nat(), fc.nat(3)).map(([own, seed, sort]) => {
    const valid = sort > 0 ? validObject(resource.kind, apiVersion, own) : undefined;
    if (valid) return valid;
    const random = randomObject(resource, new Dice(seed));
    return { ...random, metadata: sort === 0 ? { ...(random.metadata as object), name: own } : { name: own } };
  });
  return fc.tuple(made, fc.array(mutation, { maxLength: 2 })).map(([object, mutations]) => {
    const copy = structuredClone(object);
    for (const one of mutations) mutate(copy, one);
    return copy;
  });
}

/** Things done to a text that was JSON before. */
const breakText: fc.Arbitrary<(text: string) => string> = fc.oneof(
  { weight: 14, arbitrary: fc.constant((text: string) => text) },
  { weight: 1, arbitrary: fc.nat(2000).map((at) => (text: string) => text.slice(0, at)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(2000), fc.constantFrom('\u0000', '"', '{', '}', ',', '\\', '\ud800', '1e999', '//', '\t')).map(
      ([at, insert]) =>
        (text: string) =>
          text.slice(0, at) + insert + text.slice(at),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('"kind":"Pod",', '"__proto__":{"polluted":1},', '"metadata":{"name":"twice"},', '"constructor":{"prototype":{"polluted":1}},')
      .map((insert) => (text: string) => text.replace('{', `{${insert}`)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        '',
        '[]',
        'null',
        '{}',
        '1',
        '"x"',
        '{"a":',
        '['.repeat(100_000),
        `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
        'a: &a [*a]',
        '- \n -',
        '%YAML 9.9',
        '!!js/function x',
        'k8s\u0000',
      )
      .map((whole) => () => whole),
  },
);

const jsonTypes = fc.constantFrom(
  'application/json',
  'application/json',
  'application/json',
  'application/json; charset=utf-8',
  'application/yaml',
  'text/plain',
  '',
  'application/vnd.kubernetes.protobuf',
  'application/cbor',
  'application/json;;',
  '*/*',
);
const accepts = fc.oneof(
  { weight: 18, arbitrary: fc.constant('application/json') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
      'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      'application/yaml',
      'application/vnd.kubernetes.protobuf',
      'application/vnd.kubernetes.protobuf,application/json;q=0.5',
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1',
      'application/cbor',
      'text/html',
      '',
      ';;,,q=',
      'application/json;q=0',
      'application/json;as=Table;v=v9;g=x',
      'application/json;stream=watch',
    ),
  },
);

const pairs: readonly (readonly [string, readonly string[]])[] = [
  ['labelSelector', ['app=web', 'app in (web,x)', '!app', 'app notin ()', 'a=b=c', '(', ',', 'x in (', 'a'.repeat(300), 'ü=1', '__proto__=1', 'app>1', 'app=']],
  [
    'fieldSelector',
    ['metadata.name=web', 'status.phase!=Running', 'spec.nope=1', '=', 'metadata.name', '\\', 'metadata.name=a,metadata.name=b', '__proto__=1'],
  ],
  ['limit', ['0', '1', '-1', '2', 'x', '99999999999999999999']],
  ['continue', ['', 'x', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJcdTAwMDAifQ', 'e30', 'bnVsbA']],
  ['resourceVersion', ['0', '1', '5', '-1', 'x', '999999', '1e3', '']],
  ['resourceVersionMatch', ['Exact', 'NotOlderThan', 'x', '']],
  ['watch', ['1', 'true', '0', 'x', '']],
  ['timeoutSeconds', ['1', '0', '-1', 'x']],
  ['allowWatchBookmarks', ['true']],
  ['sendInitialEvents', ['true', 'false', 'x']],
  ['dryRun', ['All', 'x', '']],
  ['fieldValidation', ['Strict', 'Warn', 'Ignore', 'x', '']],
  ['fieldManager', ['me', '', 'm'.repeat(200), '\u0000']],
  ['force', ['true', 'x']],
  ['gracePeriodSeconds', ['0', '-1', 'x', '30']],
  ['propagationPolicy', ['Foreground', 'Orphan', 'Background', 'x']],
  ['orphanDependents', ['true', 'x']],
  ['pretty', ['true', '1', 'false']],
  ['includeObject', ['None', 'Object', 'x']],
  ['exclude', ['etcd']],
  ['verbose', ['']],
];
const query = fc
  .array(
    fc.constantFrom(...pairs).chain(([key, values]) => fc.constantFrom(...values).map((value) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)),
    { maxLength: 3 },
  )
  .map((all) => all.join('&'));

/** A body, and its type. */
interface Body {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Protobuf that is not what it looks like: huge numbers, lengths beyond the end, groups, wrong types, what nests in itself. */
const oddWire = fc.constantFrom(
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01),
  Uint8Array.of(0x7b, 0x08, 0x01, 0x7c),
  Uint8Array.of(0x7b, 0x7b, 0x7b),
  Uint8Array.of(0x00),
  Uint8Array.of(0x0c),
  Uint8Array.of(0x0f),
  Uint8Array.of(0xfa, 0xff, 0xff, 0xff, 0x0f, 0x01, 0x00),
  nestedLists(3000),
);

/** A list that holds a list, and so on; each is an envelope of its own. */
function nestedLists(levels: number): Uint8Array {
  const part = (tag: number, content: Uint8Array): Buffer => {
    const length: number[] = [];
    for (let rest = content.length; ; rest >>>= 7) {
      length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) return Buffer.concat([Uint8Array.of(tag, ...length), content]);
    }
  };
  const head = Buffer.concat([Buffer.from('k8s\u0000'), part(0x0a, Buffer.concat([part(0x0a, Buffer.from('v1')), part(0x12, Buffer.from('List'))]))]);
  let body: Uint8Array = head;
  for (let level = 0; level < levels; level += 1) body = Buffer.concat([head, part(0x12, part(0x12, part(0x0a, body)))]);
  return body;
}

function objectBody(resource: FuzzedResource, encodeProtobuf: (object: unknown) => Uint8Array | undefined): fc.Arbitrary<Body> {
  const asText = fc
    .tuple(objectOf(resource), breakText, jsonTypes)
    .map(([object, change, contentType]) => ({ bytes: encoder.encode(change(JSON.stringify(object))), contentType }));
  const damage = fc.array(
    fc.record({
      at: fc.nat(600),
      action: fc.constantFrom('set', 'set', 'insert', 'cut'),
      bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 3 }), oddWire),
    }),
    { maxLength: 3 },
  );
  const asProtobuf = fc.tuple(objectOf(resource), damage).map(([object, changes]) => {
    let bytes = Buffer.from(encodeProtobuf(object) ?? encoder.encode('k8s\u0000'));
    for (const { at, action, bytes: odd } of changes) {
      const place = at % (bytes.length + 1);
      const behind = action === 'cut' ? bytes.length : action === 'set' ? place + odd.length : place;
      bytes = Buffer.concat([bytes.subarray(0, place), ...(action === 'cut' ? [] : [odd]), bytes.subarray(behind)]);
    }
    return { bytes, contentType: 'application/vnd.kubernetes.protobuf' };
  });
  const asNoise = fc
    .uint8Array({ maxLength: 64 })
    .map((noise) => ({ bytes: Uint8Array.from([0x6b, 0x38, 0x73, 0, ...noise]), contentType: 'application/vnd.kubernetes.protobuf' }));
  const asNested = fc.constant({ bytes: nestedLists(3000), contentType: 'application/vnd.kubernetes.protobuf' });
  return fc.oneof(
    { weight: 24, arbitrary: asText },
    { weight: 6, arbitrary: asProtobuf },
    { weight: 3, arbitrary: asNoise },
    { weight: 1, arbitrary: asNested },
  );
}

const pointer = fc.constantFrom(
  '',
  '/',
  '/metadata',
  '/metadata/name',
  '/metadata/labels',
  '/metadata/labels/app',
  '/metadata/labels/a~1b',
  '/metadata/labels/~2',
  '/spec',
  '/spec/containers/0',
  '/spec/containers/-',
  '/spec/containers/-1',
  '/spec/containers/99',
  '/spec/replicas',
  '/data/a',
  '/__proto__/polluted',
  '/constructor/prototype/polluted',
  'metadata',
  '/status',
  '/metadata/finalizers',
  '/metadata/uid',
  '/metadata/resourceVersion',
);
const jsonPatch = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record(
        { op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'), path: pointer, from: pointer, value: odd },
        { requiredKeys: ['op', 'path'] },
      ),
    },
    { weight: 1, arbitrary: odd },
  ),
  { maxLength: 4 },
);
const directives = fc.constantFrom<unknown>(
  { spec: { containers: [{ name: 'main', $patch: 'delete' }] } },
  { spec: { containers: [{ $patch: 'replace' }, { name: 'x' }] } },
  { spec: { $retainKeys: ['containers'], containers: [] } },
  { spec: { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'main', image: 'x' }] } },
  { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
  { metadata: { finalizers: ['example.com/a', 'example.com/a'] } },
  { metadata: { finalizers: null, labels: null } },
  { metadata: { ownerReferences: [{ uid: 'x' }] } },
  { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } },
  { $patch: 'replace' },
  { $patch: 'delete' },
  { $patch: 'nonsense' },
  { spec: { template: { spec: { containers: [{ image: 'x' }] } } } },
  { spec: { ports: [{ port: 80, protocol: 'TCP', $patch: 'merge' }, { port: 80 }] } },
  { data: { a: null, b: 'c' } },
  { metadata: { name: 'other', namespace: 'other', uid: 'x', resourceVersion: '1' } },
  { status: { phase: 'Running', conditions: [{ type: 'Ready' }] } },
);

function patchBody(resource: FuzzedResource): fc.Arbitrary<Body> {
  const types = fc.constantFrom('application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/json');
  const merge = fc
    .tuple(fc.oneof(directives, objectOf(resource), odd), breakText, types)
    .map(([patch, change, contentType]) => ({ bytes: encoder.encode(change(JSON.stringify(patch) ?? '')), contentType }));
  const steps = fc
    .tuple(jsonPatch, breakText)
    .map(([patch, change]) => ({ bytes: encoder.encode(change(JSON.stringify(patch))), contentType: 'application/json-patch+json' }));
  return fc.oneof(merge, merge, steps);
}

const deleteOptions = fc
  .oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    {
      weight: 2,
      arbitrary: fc.constantFrom<unknown>(
        {},
        { gracePeriodSeconds: 0 },
        { propagationPolicy: 'Foreground' },
        { propagationPolicy: 5 },
        { preconditions: { uid: 'x' } },
        { preconditions: 'x' },
        { dryRun: 'All' },
        { dryRun: ['All'] },
        { gracePeriodSeconds: 1.5 },
        { gracePeriodSeconds: 1e99 },
        { kind: 'Pod' },
        [],
        'x',
        1,
        null,
        { orphanDependents: 'x' },
      ),
    },
  )
  .map((options) => (options === undefined ? undefined : { bytes: encoder.encode(JSON.stringify(options)), contentType: 'application/json' }));

/** Requests about one resource. */
function requestsAbout(resource: FuzzedResource, encodeProtobuf: (object: unknown) => Uint8Array | undefined): fc.Arbitrary<FuzzedRequest> {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`;
  const place = resource.namespaced
    ? fc.oneof({ weight: 14, arbitrary: fc.constant('default') }, { weight: 2, arbitrary: fc.constantFrom('other', 'missing', '', '%2e%2e', '__proto__') })
    : fc.constant('');
  const collection = place.map((namespace) => `${root}${namespace ? `/namespaces/${namespace}` : ''}/${resource.plural}`);
  const sub = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 3, arbitrary: fc.constantFrom('', ...resource.subresources) },
    { weight: 1, arbitrary: fc.constantFrom('nope', 'status', 'scale', 'status/more', '__proto__') },
  );
  const encoded = name.map((one) => encodeURIComponent(one));
  const item = fc.tuple(collection, encoded, sub).map(([path, own, subresource]) => `${path}/${own}${subresource ? `/${subresource}` : ''}`);
  const request = (method: string, path: fc.Arbitrary<string>, body: fc.Arbitrary<Body | undefined>) =>
    fc.tuple(path, query, accepts, body).map(([target, search, accept, content]): FuzzedRequest => {
      const headers = { accept, ...(content ? { 'content-type': content.contentType } : {}) };
      return { method, path: search ? `${target}?${search}` : target, headers, ...(content ? { body: content.bytes } : {}) };
    });
  const none = fc.constant(undefined);
  const object = objectBody(resource, encodeProtobuf);
  return fc.oneof(
    { weight: 6, arbitrary: request('POST', collection, object) },
    { weight: 2, arbitrary: request('POST', item, object) },
    { weight: 4, arbitrary: request('PUT', item, object) },
    { weight: 6, arbitrary: request('PATCH', item, patchBody(resource)) },
    { weight: 2, arbitrary: request('GET', item, none) },
    { weight: 3, arbitrary: request('GET', collection, none) },
    { weight: 2, arbitrary: request('DELETE', item, deleteOptions) },
    { weight: 1, arbitrary: request('DELETE', collection, deleteOptions) },
    { weight: 1, arbitrary: request('HEAD', collection, none) },
  );
}

const oddPaths = fc.oneof(
  fc.constantFrom(
    '/',
    '',
    '//',
    '/api',
    '/apis',
    '/apis/',
    '/api/v1/',
    '/api/v2',
    '/apis/apps',
    '/apis/apps/v1',
    '/apis/nope/v1/x',
    '/healthz',
    '/readyz/etcd',
    '/livez/nope',
    '/version',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/api/v1',
    '/api/v1/namespaces',
    '/api/v1/namespaces/default/finalize',
    '/api/v1/watch/pods',
    '/api/v1/proxy/pods/x',
    '/api/v1/namespaces/default/pods/%',
    '/api/v1/namespaces/default/pods/%00',
    '/api/v1/namespaces/%2F/pods',
    '/__proto__',
    '/apis/__proto__/v1/constructor',
    '/api/v1/constructor',
    `/api/v1/${'a/'.repeat(2000)}`,
    '*',
    'http://x/api',
  ),
  fc.string().map((text) => `/api/v1/${text}`),
  fc.webPath().map((path) => `/apis${path}`),
);

const elsewhere: fc.Arbitrary<FuzzedRequest> = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'FOO', ''),
    oddPaths,
    query,
    accepts,
    fc.option(
      fc.json().map((text) => encoder.encode(text)),
      { nil: undefined },
    ),
  )
  .map(([method, path, search, accept, body]) => ({
    method,
    path: search ? `${path}?${search}` : path,
    headers: { accept, 'content-type': 'application/json' },
    ...(body ? { body } : {}),
  }));

/** The creation of a valid object, for what comes after to work on. */
function creation(resource: FuzzedResource, own: string): FuzzedRequest[] {
  const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version;
  const object = validObject(resource.kind, apiVersion, own);
  if (!object) return [];
  const root = resource.group ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const path = `${root}${resource.namespaced ? '/namespaces/default' : ''}/${resource.plural}`;
  return [{ method: 'POST', path, headers: { accept: 'application/json', 'content-type': 'application/json' }, body: encoder.encode(JSON.stringify(object)) }];
}

/** A few requests, one after the other. */
export function sessions(resources: readonly FuzzedResource[], encodeProtobuf: (object: unknown) => Uint8Array | undefined): fc.Arbitrary<FuzzedRequest[]> {
  const about = resources.map((resource) => requestsAbout(resource, encodeProtobuf));
  // A session dwells on a few resources, so that requests meet objects of earlier ones.
  return fc.uniqueArray(fc.nat(about.length - 1), { minLength: 1, maxLength: 3 }).chain((chosen) => {
    const first = chosen.flatMap((index) => creation(resources[index] as FuzzedResource, 'web'));
    const dwelling = fc.oneof(...chosen.map((index) => about[index] as fc.Arbitrary<FuzzedRequest>));
    const others = fc.array(fc.oneof({ weight: 15, arbitrary: dwelling }, { weight: 1, arbitrary: elsewhere }), { minLength: 1, maxLength: 24, size: 'max' });
    return fc.tuple(fc.boolean(), others).map(([begin, requests]) => (begin ? [...first, ...requests] : requests));
  });
}
