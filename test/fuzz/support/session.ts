import { readFileSync } from 'node:fs';
import { builtInPlugins } from '../../../src/admission/plugins/index.ts';
import { admin, type TestServer, testServer } from '../../../src/apiserver/testing/test-server.ts';
import { createEnv, nodeMachine, silentLog } from '../../../src/env/index.ts';
import { decodeProtobuf, encodeProtobuf as encode, loadProtobufSchema, parseYamlDocuments } from '../../../src/machinery/codec/index.ts';
import type { ApiResponse } from '../../../src/machinery/index.ts';
import type { FuzzedRequest, FuzzedResource } from './requests.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const protobufSchema = loadProtobufSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/protobuf.json', import.meta.url), 'utf8')));

export function encodeProtobuf(object: unknown): Uint8Array | undefined {
  try {
    return encode(protobufSchema, object as { apiVersion?: string; kind?: string });
  } catch {
    return undefined; // Of the wrong shape for its own kind: such bytes cannot come from an encoder.
  }
}

/** Answers with 500 that upstream gives too, by what they say. They carry no reason; our own mistakes say InternalError. */
const allowed500: readonly RegExp[] = [
  // Revisions that are none, and objects that bring one along.
  /^resourceVersion should not be set on objects to be created$/,
  /^(resourceVersion: Invalid value: ".*": )?strconv\.ParseUint: parsing ".*": (invalid syntax|value out of range)$/s,
  // A service whose endpoints are none of pods.
  /^no endpoints available for service "/,
  // A pod of a runtime class without a name.
  /^resource name may not be empty$/,
  // A binding to what is no node.
  /^\[?target\.(kind|name): /,
  // What etcd does not take.
  /^etcdserver: request is too large$/,
  /^rpc error: code = ResourceExhausted desc = trying to send message larger than max /,
  /^etcdserver: mvcc: required revision is a future revision$/,
  // A deletion whose options are of another kind, or are none.
  /^couldn't get version\/kind; json parse error: /s,
  /^json: cannot unmarshal \w+ into Go struct field DeleteOptions\./,
  /^no kind ".*" is registered for version ".*" in scheme "k8s.io\/apimachinery\/pkg\/apis\/meta\/internalversion\/scheme\/register.go:27"$/s,
  // Strategic merge patches that make no sense.
  /^unable to find api field in struct /,
  /^unknown patch type: /,
  /^map: map\[.*\] does not contain declared merge key: /s,
  /^list element types are not identical: /,
  /^expected a (\[\]|map\[string\])interface \{\}, but received a /,
  /^cannot merge lists without merge key for struct$/,
  /^no elements in any of the given slices$/,
  /^merging lists cannot yet be specified in the patch$/,
  /^The order in patch list:/,
  // Server-side apply of something that does not have the shape of its kind.
  /^failed to create typed patch object \(/,
  /^failed to convert new typed object to object: /,
  /^failed to convert new object \(/,
  /^failed to decode managed fields$/,
  // Nodes that nobody can reach.
  /^error dialing backend: /,
  /^no preferred addresses found; known addresses: /,
  /^Get "https:\/\//,
];

/** A server with every plugin, and two namespaces. */
export async function fuzzedServer(): Promise<TestServer> {
  const { ids } = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const server = testServer({ admissionPlugins: (reader, writer) => builtInPlugins({ reader, writer, ids }) });
  for (const name of ['default', 'other']) {
    await server.ask('POST', '/api/v1/namespaces', { metadata: { name } });
    await server.ask('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  return server;
}

interface ApiResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
    readonly group?: string;
    readonly version?: string;
  }[];
}

/** Everything with objects that the server says it serves. */
export async function servedResources(server: TestServer): Promise<FuzzedResource[]> {
  const { groups } = (await server.ask('GET', '/apis')).body as { groups: { versions: { groupVersion: string }[] }[] };
  const roots = ['v1', ...groups.flatMap((group) => group.versions.map((one) => one.groupVersion))];
  const found: FuzzedResource[] = [];
  for (const groupVersion of roots) {
    const [group, version] = groupVersion.includes('/') ? (groupVersion.split('/') as [string, string]) : ['', groupVersion];
    const { resources } = (await server.ask('GET', group ? `/apis/${groupVersion}` : `/api/${groupVersion}`)).body as ApiResourceList;
    for (const { name, kind, namespaced, verbs } of resources) {
      if (name.includes('/') || !verbs.includes('list')) continue;
      const subresources = resources.filter((one) => one.name.startsWith(`${name}/`)).map((one) => one.name.slice(name.length + 1));
      found.push({ group, version, kind, plural: name, namespaced, subresources });
    }
  }
  return found;
}

/** Sends a request as bytes; lets time pass if the answer waits for it. */
async function send(server: TestServer, { method, path, headers, body }: FuzzedRequest): Promise<ApiResponse> {
  const mark = path.indexOf('?');
  let answered = false;
  const pending = server
    .handler({
      method,
      path: mark < 0 ? path : path.slice(0, mark),
      query: new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1)),
      headers,
      user: admin,
      ...(body ? { body: { kind: 'bytes' as const, bytes: body, contentType: headers['content-type'] ?? '' } } : {}),
    })
    .finally(() => {
      answered = true;
    });
  await server.env.loop.settle();
  if (!answered) await server.env.loop.advance(70_000);
  if (!answered) throw new Error(`${method} ${path.slice(0, 200)} has no answer after a minute`);
  return pending;
}

/** The whole answer as text; a watch is begun and ended. */
async function read(server: TestServer, { body }: ApiResponse): Promise<string> {
  switch (body.kind) {
    case 'object': {
      const text = body.json();
      if (body.contentType === protobuf) return JSON.stringify(decodeProtobuf(protobufSchema, text as Uint8Array).object);
      const written = typeof text === 'string' ? text : new TextDecoder().decode(text);
      return body.contentType === 'application/yaml' ? JSON.stringify(parseYamlDocuments(written)[0]) : written;
    }
    case 'bytes':
      return typeof body.bytes === 'string' ? body.bytes : new TextDecoder().decode(body.bytes);
    case 'watch': {
      const isJson = body.contentType === 'application/json';
      const stop = body.start({ event: ({ frame }) => (isJson ? JSON.parse(new TextDecoder().decode(frame())) : readProtobufFrame(frame())), end() {} });
      await server.env.loop.settle();
      stop();
      return '';
    }
    case 'stream':
      body.start({ data() {}, end() {} })();
      return '';
    default:
      return '';
  }
}

/** The object of a watch event: behind the length and the type, a part that holds a part that holds a body. */
function readProtobufFrame(frame: Uint8Array): unknown {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0) !== frame.length - 4) throw new Error('a frame of another length than it says');
  const mark = Buffer.from(frame).indexOf('k8s\u0000');
  return decodeProtobuf(protobufSchema, frame.subarray(mark)).object;
}

const writes = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Sends one request and checks what is promised of every answer. */
export async function checkRequest(server: TestServer, request: FuzzedRequest): Promise<void> {
  const before = await server.store.revision();
  const response = await send(server, request);
  const text = await read(server, response);
  const after = await server.store.revision();
  const what = `${request.method} ${request.path.slice(0, 300)} -> ${response.status} ${text.slice(0, 600)}`;
  const { status } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new Error(`no such status: ${what}`);
  if (status >= 500 && status !== 501 && status !== 504) {
    const message = text.startsWith('{') ? String((JSON.parse(text) as { message?: string }).message) : text;
    if (!allowed500.some((one) => one.test(message))) throw new Error(`the server failed: ${what}`);
  }
  if (response.body.kind === 'object') {
    const data = JSON.parse(text) as { kind?: string; code?: number };
    if (status >= 400 && data.kind === 'Status' && data.code !== status) throw new Error(`the Status says another code: ${what}`);
  }
  // Upstream too finds only after a write that it cannot show the metadata of a list where there is one object, or rows with nonsense in them.
  const notShown =
    (status === 406 && text.includes('you requested PartialObjectMetadata')) ||
    (status === 400 && text.includes('Unable to convert to Table as requested: includeObject'));
  const mayWrite = writes.has(request.method) && (status < 300 || notShown);
  if (!mayWrite && after !== before) throw new Error(`written although refused: ${what}`);
  // The options of a deletion are read from the query only if there is no body.
  const dryRun = /[?&]dryRun=All/.test(request.path) && !(request.method === 'DELETE' && request.body);
  if (mayWrite && dryRun && after !== before) throw new Error(`a dry run has written: ${what}`);
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) throw new Error(`the prototype of all objects was changed by ${what}`);
}

interface Item {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion: string };
}

/** What holds of the store however it came about: lists equal gets, and everything in it is valid still. */
export async function checkStore(server: TestServer, resources: readonly FuzzedResource[]): Promise<void> {
  for (const resource of resources) {
    const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version;
    const root = resource.group ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const list = await server.ask('GET', `${root}/${resource.plural}`);
    if (list.status !== 200) throw new Error(`${resource.plural} cannot be listed any more: ${JSON.stringify(list.body).slice(0, 500)}`);
    for (const accept of ['application/json;as=Table;v=v1;g=meta.k8s.io', 'application/yaml']) {
      const other = await server.ask('GET', `${root}/${resource.plural}`, undefined, { accept });
      if (other.status !== 200) throw new Error(`${resource.plural} cannot be shown as ${accept}: ${JSON.stringify(other.body).slice(0, 500)}`);
    }
    const { items } = list.body as { items: Item[] };
    if (items.length > 0) await checkProtobuf(server, `${root}/${resource.plural}`, list.body);
    for (const item of items) await checkItem(server, `${root}`, resource, item);
  }
}

/** A list in protobuf says what the same list says in JSON. */
async function checkProtobuf(server: TestServer, path: string, list: unknown): Promise<void> {
  const answer = await server.handler({ method: 'GET', path, query: new URLSearchParams(), headers: { accept: protobuf }, user: admin });
  if (answer.status !== 200) throw new Error(`${path} cannot be listed as protobuf: ${answer.status}`);
  const shown = JSON.parse(await read(server, answer)) as unknown;
  const [before, after] = [comparable(list), comparable(shown)];
  if (before !== after) throw new Error(`${path} is another list in protobuf: ${difference(JSON.parse(before), JSON.parse(after))}`);
}

/** JSON with its keys in order, without what is empty: protobuf tells no empty list from none, and always has what Go has no pointer to. */
function comparable(value: unknown): string {
  return JSON.stringify(strip(value) ?? null);
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => strip(item) ?? null);
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false || value === null || value === '0' ? undefined : value;
  const kept = Object.entries(value).flatMap(([key, child]) => {
    const stripped = strip(child);
    return stripped === undefined ? [] : [[key, stripped] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function checkItem(server: TestServer, root: string, resource: FuzzedResource, item: Item): Promise<void> {
  const { name, namespace, resourceVersion } = item.metadata;
  const path = `${root}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${resource.plural}/${encodeURIComponent(name)}`;
  const got = await server.ask('GET', path);
  const { kind: _, apiVersion: __, ...shown } = got.body as Record<string, unknown>;
  const { kind: ___, apiVersion: ____, ...listed } = item as unknown as Record<string, unknown>;
  if (JSON.stringify(shown) !== JSON.stringify(listed))
    throw new Error(`${path} is listed as ${JSON.stringify(listed).slice(0, 800)} but read as ${JSON.stringify(shown).slice(0, 800)}`);
  const put = await server.ask('PUT', path, got.body);
  const body = put.body as unknown as Item & { message?: string };
  // Upstream, too, checks events less when they come as core/v1's than as those of their own group.
  if (put.status === 422 && resource.group === 'events.k8s.io') return;
  if (put.status !== 200)
    throw new Error(`${path} is stored but not valid: ${put.status} ${body.message?.slice(0, 500)}; ${JSON.stringify(shown).slice(0, 1200)}`);
  if (body.metadata.resourceVersion === resourceVersion) return;
  // Upstream, too, gives whoever owns an emptied map what has come into it since, at the next write, and a Job the labels that its
  // template got when it was made; but only once.
  const again = (await server.ask('PUT', path, put.body)).body as unknown as Item;
  const expected = resource.plural === 'jobs' || besideOwners(shown) === besideOwners(put.body);
  if (expected && again.metadata.resourceVersion === body.metadata.resourceVersion) return;
  throw new Error(`${path} is written anew when nothing is changed: ${difference(shown, put.body)}`);
}

/** An object without what a change of owners changes. */
function besideOwners(object: unknown): string {
  const { kind: _, apiVersion: __, metadata, ...rest } = object as Record<string, unknown> & { metadata: Record<string, unknown> };
  const { managedFields: ___, resourceVersion: ____, ...others } = metadata;
  return JSON.stringify([others, rest]);
}

/** The parts of two objects that are not the same. */
function difference(before: unknown, after: unknown, at = ''): string {
  if (JSON.stringify(before) === JSON.stringify(after)) return '';
  const both = [before, after].every((one) => typeof one === 'object' && one !== null);
  if (!both) return `${at}: ${JSON.stringify(before)?.slice(0, 300)} becomes ${JSON.stringify(after)?.slice(0, 300)}; `;
  const keys = new Set([...Object.keys(before as object), ...Object.keys(after as object)]);
  return [...keys].map((key) => difference((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key], `${at}.${key}`)).join('');
}
