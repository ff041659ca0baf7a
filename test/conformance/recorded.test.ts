import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { builtInPlugins } from '../../src/admission/plugins/index.ts';
import { admin, type TestServer, testServer } from '../../src/apiserver/testing/test-server.ts';
import { createEnv, nodeMachine, silentLog } from '../../src/env/index.ts';
import type { UserInfo } from '../../src/machinery/handler.ts';

/**
 * Answers of a real API server (1.21, default settings), shortened to codes, messages and values, against ours.
 * What 1.33 answers differently on purpose is named in `differences`, with what it is.
 */
interface Case {
  readonly name: string;
  readonly request: { method: string; path: string; contentType?: string; accept?: string; user?: string; body?: unknown };
  readonly response: { status: number; body: unknown };
}

type Json = Record<string, unknown>;

const users: Readonly<Record<string, UserInfo>> = {
  alice: { username: 'alice', groups: ['system:authenticated'] },
  anonymous: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
};

/** Answers of ours that differ from the recording, and why: the expected message, or undefined where only the status is told. */
const differences: Readonly<Record<string, { status: number; message?: string; because: string }>> = {
  'errors: resourceVersion of a list': {
    status: 400,
    message: 'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    because: 'newer servers call the request of a list a bad one',
  },
  'patches: fieldValidation=Strict (newer servers answer 400)': {
    status: 400,
    message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "bogus"',
    because: 'field validation by the server is newer',
  },
  'deletes: service': { status: 200, because: 'newer servers answer with the service itself' },
  'lists: pods by spec.hostNetwork=true': { status: 200, because: 'the field became selectable in 1.28' },
  'lists: services by spec.clusterIP=None': { status: 200, because: 'the field became selectable in 1.22' },
  'updates: update of metadata: namespace': {
    status: 400,
    message: 'the namespace of the provided object does not match the namespace sent on the request',
    because: 'newer servers check namespaces of patches as those of other writes',
  },
  'updates: update by JSON patch: not a list': {
    status: 400,
    message: 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    because: 'strict reading comes first',
  },
  'updates: update by merge patch: broken JSON': {
    status: 400,
    message: 'error decoding patch: unexpected end of JSON input',
    because: 'strict reading comes first',
  },
  'updates: update by merge patch: a list': {
    status: 400,
    message: 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    because: 'strict reading comes first',
  },
  'updates: update by strategic patch: broken JSON': { status: 400, message: 'unexpected end of JSON input', because: 'another JSON decoder' },
  'updates: update by strategic patch: unknown directive': { status: 200, because: 'newer servers drop directives from maps that are new' },
  'errors: wrong group': {
    status: 400,
    message:
      'Deployment in version "v1beta1" cannot be handled as a Deployment: no kind "Deployment" is registered for version "extensions/v1beta1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"',
    because: 'extensions/v1beta1 has gone',
  },
  'errors: wrong type of a field': {
    status: 400,
    message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    because: 'another JSON decoder',
  },
  'errors: wrong type deep within': {
    status: 400,
    message:
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    because: 'another JSON decoder',
  },
  'errors: quantity not parsable': {
    status: 400,
    message: 'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'',
    because: 'another JSON decoder',
  },
  'errors: time not parsable': {
    status: 400,
    message: 'Pod in version "v1" cannot be handled as a Pod: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    because: 'another JSON decoder',
  },
  'errors: label selector': {
    status: 400,
    message: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    because: 'newer servers name the operators so',
  },
  'errors: Accept text/plain': {
    status: 406,
    message: '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    because: 'a newer router says what there is',
  },
  'errors: fieldManager too long': {
    status: 422,
    message: 'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    because: 'newer servers say it so',
  },
};

function recorded(file: string): Case[] {
  return JSON.parse(readFileSync(new URL(`./${file}.recorded.json`, import.meta.url), 'utf8')) as Case[];
}

function serverUnderTest(): TestServer {
  const { ids } = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const onlyAdmin = ({ user }: { user: UserInfo }) => ({ allowed: user.username === 'admin' });
  const none = { resourceRules: [], nonResourceRules: [], incomplete: false };
  return testServer({ admissionPlugins: (reader) => builtInPlugins({ reader, ids }), authorizer: { authorize: onlyAdmin, rulesFor: () => none } });
}

async function ask(server: TestServer, { method, path, contentType, accept, user, body }: Case['request']): Promise<{ status: number; body: unknown }> {
  const [pathname = '', search = ''] = path.split('?');
  const who = user === undefined ? admin : users[user];
  const bytes = body === undefined ? undefined : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  const pending = server.handler({
    method,
    path: pathname,
    query: new URLSearchParams(search),
    headers: accept ? { accept } : {},
    ...(who ? { user: who } : {}),
    ...(bytes ? { body: { kind: 'bytes' as const, bytes, contentType: contentType ?? 'application/json' } } : {}),
  });
  await server.env.loop.advance(4000); // Some answers take their time.
  const answer = await pending;
  if (answer.body.kind === 'bytes') return { status: answer.status, body: String(answer.body.bytes) };
  if (answer.body.kind !== 'object') throw new Error(`unexpected body: ${answer.body.kind}`);
  return { status: answer.status, body: JSON.parse(String(answer.body.json())) };
}

/** Everything that was recorded must be there; there may be more, except in lists. Names of a list stand for its items. */
function missing(wanted: unknown, got: unknown, at: string): string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(got) || got.length !== wanted.length) return [`${at}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`];
    return wanted.flatMap((one, index) => missing(one, got[index], `${at}[${index}]`));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof got !== 'object' || got === null) return [`${at}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`];
    return Object.entries(wanted).flatMap(([key, value]) => missing(value, (got as Json)[key], `${at}.${key}`));
  }
  const same = typeof wanted === 'string' && typeof got === 'string' ? plain(wanted) === plain(got) : wanted === got;
  return same ? [] : [`${at}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`];
}

/** Uids and the newest revision are the server's own. */
function plain(text: string): string {
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>').replace(/(current: |record \()\d+/g, '$1<revision>');
}

/** The recordings show lists by name, and of a deployment's template only containers and volumes. */
function shortened(body: unknown, wanted: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const object = body as Json & { items?: { metadata: { name: string } }[]; metadata: { continue?: string }; spec?: Json };
  if (wanted && Object.hasOwn(wanted, 'names')) {
    return { ...object, names: object.items!.map((item) => item.metadata.name), ...(object.metadata.continue ? { more: true } : {}) };
  }
  const template = object.spec?.template as { spec: { containers: unknown; volumes: unknown } } | undefined;
  if (!template) return object;
  return { ...object, spec: { ...object.spec, containers: template.spec.containers, volumes: template.spec.volumes } };
}

async function replay(server: TestServer, file: string): Promise<void> {
  const problems: string[] = [];
  for (const { name, request, response } of recorded(file)) {
    const answer = await ask(server, request);
    const different = differences[`${file}: ${name}`];
    if (different) {
      const message = (answer.body as { message?: string }).message;
      if (answer.status !== different.status || (different.message !== undefined && message !== different.message)) {
        problems.push(`${name} (differs): ${answer.status} ${message}`);
      }
      continue;
    }
    const wanted = { status: response.status, body: response.body };
    problems.push(...missing(wanted, { status: answer.status, body: shortened(answer.body, response.body) }, name));
  }
  expect(problems).toEqual([]);
}

async function create(server: TestServer, path: string, object: object): Promise<void> {
  const { status, body } = await server.ask('POST', path, object);
  if (status !== 201) throw new Error(JSON.stringify(body));
}

const facts = '/api/v1/namespaces/facts';
const deployments = '/apis/apps/v1/namespaces/facts/deployments';
const deployment = (name: string, spec: object) => ({
  metadata: { name },
  spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec } },
});
const container = { name: 'c', image: 'nginx:1' };

async function withFacts(): Promise<TestServer> {
  const server = serverUnderTest();
  for (const name of ['default', 'facts']) {
    await create(server, '/api/v1/namespaces', { metadata: { name } });
    await create(server, `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  return server;
}

const configMap = (name: string, extra: object = {}) => ({ metadata: { name }, data: { a: '1' }, ...extra });

test('patches change objects as the real server has it', async () => {
  const server = await withFacts();
  await create(server, `${facts}/pods`, {
    metadata: { name: 'p', labels: { l: '1', m: '1' }, finalizers: ['facts.example.com/one', 'facts.example.com/two'] },
    spec: {
      containers: [
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:1' },
      ],
      tolerations: [{ key: 'x', operator: 'Exists' }],
    },
  });
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', value: '1' },
  ];
  const spec = {
    containers: [
      { name: 'a', image: 'a:1', ports: [{ containerPort: 80 }], env },
      { name: 'b', image: 'b:1' },
    ],
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 'w', emptyDir: {} },
    ],
  };
  await create(server, deployments, deployment('p', spec));
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81 },
  ];
  await create(server, `${facts}/services`, { metadata: { name: 'p' }, spec: { selector: { a: 'b' }, ports } });
  await replay(server, 'patches');
});

test('deletes answer as the real server does', async () => {
  const server = await withFacts();
  for (const name of ['d1', 'd2', 'd5']) await create(server, `${facts}/configmaps`, configMap(name));
  await server.ask('PATCH', `${facts}/configmaps/d2`, { metadata: { finalizers: ['facts.example.com/hold'] }, data: null }, merge);
  for (const name of ['c1', 'c2']) await create(server, `${facts}/configmaps`, configMap(name, { metadata: { name, labels: { gone: 'soon' } } }));
  await create(server, `${facts}/secrets`, { metadata: { name: 'd1' } });
  await create(server, `${facts}/services`, { metadata: { name: 'd1' }, spec: { ports: [{ port: 80 }] } });
  await create(server, `${facts}/pods`, { metadata: { name: 'd1' }, spec: { containers: [container] } });
  for (const name of ['d2', 'd3']) await create(server, `${facts}/pods`, { metadata: { name }, spec: { nodeName: 'n', containers: [container] } });
  for (const name of ['d1', 'd2', 'd3', 'd4']) await create(server, deployments, deployment(name, { containers: [container] }));
  await create(server, '/api/v1/namespaces', { metadata: { name: 'facts-d' } });
  await create(server, '/api/v1/nodes', { metadata: { name: 'd1' } });
  await replay(server, 'deletes');
});

const merge = { 'content-type': 'application/merge-patch+json' };

test('a dry run answers as the real server does', async () => {
  const server = await withFacts();
  await create(server, `${facts}/configmaps`, { metadata: { name: 'l-1', labels: { list: 'odd', n: '1' } }, data: { i: '1' } });
  await replay(server, 'dry-run');
});

test('lists hold what those of the real server do', async () => {
  const server = await withFacts();
  for (const name of ['cm', 'cm-frozen', 'e', 'e-frozen', 'kube-root-ca.crt', 'x']) await create(server, `${facts}/configmaps`, configMap(name));
  for (let n = 0; n < 5; n++) {
    const labels = { list: n % 2 ? 'odd' : 'even', n: String(n) };
    await create(server, `${facts}/configmaps`, { metadata: { name: `l-${n}`, labels }, data: { i: String(n) } });
  }
  await replay(server, 'lists');
});

test('changes that are refused are refused in the words of the real server', async () => {
  const server = await withFacts();
  await create(server, `${facts}/configmaps`, configMap('e'));
  await create(server, `${facts}/configmaps`, configMap('e-frozen', { immutable: true }));
  await create(server, `${facts}/secrets`, { metadata: { name: 'e' } });
  await create(server, `${facts}/services`, { metadata: { name: 'e' }, spec: { ports: [{ port: 80 }] } });
  await create(server, `${facts}/pods`, { metadata: { name: 'e' }, spec: { containers: [container] } });
  await create(server, deployments, deployment('e', { containers: [container] }));
  await replay(server, 'updates');
});

test('mistakes are answered as the real server does', async () => {
  const server = await withFacts();
  await create(server, `${facts}/configmaps`, configMap('e'));
  await create(server, `${facts}/pods`, { metadata: { name: 'e' }, spec: { containers: [container] } });
  await create(server, deployments, deployment('e', { containers: [container] }));
  await replay(server, 'errors');
});
