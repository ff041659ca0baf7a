import { describe, expect, test } from 'vitest';
import type { UserInfo } from '../machinery/handler.ts';
import { appsStrategies } from '../registry/apps/index.ts';
import { coreStrategies, IpAllocator, PortAllocator } from '../registry/core/index.ts';
import { rbacStrategies } from '../registry/rbac/index.ts';
import type { AuditEvent } from './audit/index.ts';
import { parseAuditPolicy } from './audit/index.ts';
import { bootstrapPolicy, hmacSigner } from './index.ts';
import type { TestServer } from './testing/test-server.ts';
import { admin, testServer } from './testing/test-server.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const tokenFile = 'alice-token,alice,1,\nbob-token,bob,2,devs\n';
const rbacPath = '/apis/rbac.authorization.k8s.io/v1';
const rbacVersion = 'rbac.authorization.k8s.io/v1';

/** A server with RBAC, static tokens and the roles that every cluster has. */
async function server(options: Parameters<typeof testServer>[0] = {}) {
  const pools = { ips: new IpAllocator('10.96.0.0/16'), ports: new PortAllocator(30000, 32767) };
  const strategies = [...coreStrategies(pools), ...appsStrategies, ...rbacStrategies];
  const serviceAccountTokens = { signer: hmacSigner('secret'), issuer };
  const made = testServer({ strategies, authorizationModes: ['Node', 'RBAC'], anonymous: true, tokenFile, serviceAccountTokens, ...options });
  const { clusterRoles, clusterRoleBindings } = bootstrapPolicy();
  for (const role of clusterRoles) await made.ask('POST', `${rbacPath}/clusterroles`, role);
  for (const binding of clusterRoleBindings) await made.ask('POST', `${rbacPath}/clusterrolebindings`, binding);
  await made.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  await made.ask('POST', '/api/v1/namespaces/facts/serviceaccounts', { metadata: { name: 'default' } });
  return made;
}

interface Asked {
  readonly token?: string | undefined;
  readonly as?: UserInfo;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** A request as it comes off the wire: who asks must be found out. */
async function ask({ handler }: TestServer, method: string, path: string, { token, as, body, headers = {} }: Asked = {}) {
  const [pathname = '', search = ''] = path.split('?');
  const response = await handler({
    method,
    path: pathname,
    query: new URLSearchParams(search),
    headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(as ? { user: as } : {}),
    ...(body ? { body: { kind: 'bytes' as const, bytes: new TextEncoder().encode(JSON.stringify(body)), contentType: 'application/json' } } : {}),
  });
  const data =
    response.body.kind === 'object' ? JSON.parse(String(response.body.json())) : response.body.kind === 'bytes' ? String(response.body.bytes) : undefined;
  return { status: response.status, body: data };
}

const anonymousCannot = (what: string) => `User "system:anonymous" cannot ${what}`;
const aliceCannot = (what: string) => `User "alice" cannot ${what}`;
const inFacts = 'in the namespace "facts"';

describe('what a kube-apiserver with RBAC has answered', () => {
  const alice = 'alice-token';
  const shared = server();
  const cases: [string, string, string, string | undefined, string][] = [
    [
      'anonymous, core resource',
      'GET',
      '/api/v1/namespaces/facts/pods',
      undefined,
      `pods is forbidden: ${anonymousCannot(`list resource "pods" in API group "" ${inFacts}`)}`,
    ],
    ['anonymous, path', 'GET', '/metrics', undefined, `forbidden: ${anonymousCannot('get path "/metrics"')}`],
    ['get', 'GET', '/api/v1/namespaces/facts/pods/e', alice, `pods "e" is forbidden: ${aliceCannot(`get resource "pods" in API group "" ${inFacts}`)}`],
    [
      'list in a namespace',
      'GET',
      '/apis/apps/v1/namespaces/facts/deployments',
      alice,
      `deployments.apps is forbidden: ${aliceCannot(`list resource "deployments" in API group "apps" ${inFacts}`)}`,
    ],
    ['list of the cluster', 'GET', '/api/v1/nodes', alice, `nodes is forbidden: ${aliceCannot('list resource "nodes" in API group "" at the cluster scope')}`],
    ['create', 'POST', '/api/v1/namespaces/facts/pods', alice, `pods is forbidden: ${aliceCannot(`create resource "pods" in API group "" ${inFacts}`)}`],
    [
      'subresource',
      'GET',
      '/api/v1/namespaces/facts/pods/e/log',
      alice,
      `pods "e" is forbidden: ${aliceCannot(`get resource "pods/log" in API group "" ${inFacts}`)}`,
    ],
    [
      'delete of a collection',
      'DELETE',
      '/api/v1/namespaces/facts/pods',
      alice,
      `pods is forbidden: ${aliceCannot(`deletecollection resource "pods" in API group "" ${inFacts}`)}`,
    ],
    ['watch', 'GET', '/api/v1/namespaces/facts/pods?watch=1', alice, `pods is forbidden: ${aliceCannot(`watch resource "pods" in API group "" ${inFacts}`)}`],
    [
      'custom resource',
      'GET',
      '/apis/facts.example.com/v1/namespaces/facts/widgets',
      alice,
      `widgets.facts.example.com is forbidden: ${aliceCannot(`list resource "widgets" in API group "facts.example.com" ${inFacts}`)}`,
    ],
  ];
  test.each(cases)('%s', async (_name, method, path, token, message) => {
    const answer = await ask(await shared, method, path, { token });
    expect(answer).toMatchObject({ status: 403, body: { reason: 'Forbidden', code: 403, message } });
  });
});

test('an unknown token is a 401; without RBAC, so is none at all, save on the public paths', async () => {
  expect(await ask(await server(), 'GET', '/api/v1/pods', { token: 'bad' })).toMatchObject({
    status: 401,
    body: { message: 'Unauthorized', reason: 'Unauthorized' },
  });
  const open = testServer();
  expect((await ask(open, 'GET', '/api/v1/pods')).status).toBe(401);
  expect((await ask(open, 'GET', '/version')).status).toBe(200);
  expect((await ask(await server({ anonymous: false }), 'GET', '/version')).status).toBe(401);
});

test('after RBAC, AlwaysAllow lets everybody do what no role says', async () => {
  const api = await server({ authorizationModes: ['RBAC', 'AlwaysAllow'], anonymous: true });
  expect((await ask(api, 'GET', '/api/v1/namespaces/facts/secrets')).status).toBe(200);
  const spec = { user: 'alice', resourceAttributes: { namespace: 'facts', verb: 'delete', resource: 'pods' } };
  const review = await api.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
  expect(review.body).toMatchObject({ status: { allowed: true } });
  // Nobody escalates who may do everything anyway.
  const role = { metadata: { name: 'all' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] };
  expect((await ask(api, 'POST', `${rbacPath}/clusterroles`, { token: 'alice-token', body: role })).status).toBe(201);
});

test('a role that is granted counts for the very next request', async () => {
  const api = await server();
  const path = '/api/v1/namespaces/facts/configmaps';
  await api.ask('POST', `${rbacPath}/namespaces/facts/roles`, {
    metadata: { name: 'r' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
  });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
  await api.ask('POST', `${rbacPath}/namespaces/facts/rolebindings`, {
    metadata: { name: 'b' },
    roleRef,
    subjects: [{ kind: 'User', apiGroup: roleRef.apiGroup, name: 'alice' }],
  });
  expect((await ask(api, 'GET', path, { token: 'alice-token' })).status).toBe(200);
  const spec = { user: 'alice', resourceAttributes: { namespace: 'facts', verb: 'list', resource: 'configmaps' } };
  const review = await api.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
  expect(review.body).toMatchObject({ spec, status: { allowed: true, reason: 'RBAC: allowed by RoleBinding "b/facts" of Role "r" to User "alice"' } });
});

test('who may act as somebody else does so with the rights of that one', async () => {
  const api = await server();
  const headers = { 'impersonate-user': 'alice' };
  expect(await ask(api, 'GET', '/api/v1/namespaces/facts/pods', { token: 'bob-token', headers })).toMatchObject({
    status: 403,
    body: { message: 'users "alice" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope' },
  });
  const acting = { as: admin, headers: { ...headers, 'impersonate-group': 'devs' } };
  const who = await ask(api, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { ...acting, body: {} });
  expect(who.body.status).toEqual({ userInfo: { username: 'alice', groups: ['devs', 'system:authenticated'] } });
  expect(await ask(api, 'GET', '/api/v1/nodes', acting)).toMatchObject({ status: 403, body: { message: expect.stringContaining('User "alice" cannot list') } });
});

test('nobody grants what they do not have', async () => {
  const api = await server();
  const grant = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name });
  const bob = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }];
  const rules = [
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: ['*'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  ];
  await api.ask('POST', `${rbacPath}/clusterroles`, { metadata: { name: 'granter' }, rules });
  await api.ask('POST', `${rbacPath}/namespaces/facts/rolebindings`, { metadata: { name: 'granters' }, roleRef: grant('granter'), subjects: bob });
  const create = (kind: string, body: object) =>
    ask(api, 'POST', `${rbacPath}/namespaces/facts/${kind}`, { token: 'bob-token', body: { apiVersion: rbacVersion, ...body } });
  const role = (name: string, verbs: string[]) =>
    create('roles', { kind: 'Role', metadata: { name }, rules: [{ apiGroups: [''], resources: ['pods'], verbs }] });
  // `*` on roles holds `escalate`, on rolebindings not `bind`: that is asked of roles and cluster roles.
  expect((await role('more', ['get', 'list', 'watch'])).status).toBe(201);
  expect((await create('rolebindings', { kind: 'RoleBinding', metadata: { name: 'x' }, roleRef: grant('cluster-admin'), subjects: bob })).body.message).toBe(
    'rolebindings.rbac.authorization.k8s.io "x" is forbidden: user "bob" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
      '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
  );
  expect((await create('rolebindings', { kind: 'RoleBinding', metadata: { name: 'x' }, roleRef: grant('absent'), subjects: bob })).status).toBe(404);
  await api.ask('PUT', `${rbacPath}/clusterroles/granter`, { metadata: { name: 'granter' }, rules: [{ ...rules[0], verbs: ['create'] }, rules[1]] });
  expect(await role('even-more', ['get', 'list', 'watch'])).toMatchObject({
    status: 403,
    body: { message: expect.stringContaining('not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}') },
  });
  expect((await role('same', ['get'])).status).toBe(201);
});

describe('a token request', () => {
  const path = '/api/v1/namespaces/facts/serviceaccounts/default/token';
  const request = async (api: TestServer, spec: object) =>
    (await api.ask('POST', path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })) as Awaited<ReturnType<typeof ask>>;

  test('gives a token that its bearer can show', async () => {
    const api = await server();
    const answer = await request(api, { expirationSeconds: 3600 });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        kind: 'TokenRequest',
        spec: { audiences: [issuer], expirationSeconds: 3600, boundObjectRef: null },
        status: { expirationTimestamp: '2026-01-01T01:00:00Z' },
      },
    });
    const { token } = answer.body.status;
    const review = await api.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } });
    expect(review.body).toMatchObject({ status: { authenticated: true, audiences: [issuer], user: { username: 'system:serviceaccount:facts:default' } } });
    expect((await ask(api, 'GET', '/openid/v1/jwks', { token })).status).toBe(200);
    await api.env.loop.advance(3661_000);
    expect((await ask(api, 'GET', '/version', { token })).status).toBe(401);
  });

  test('must be for ten minutes at least', async () => {
    const answer = await request(await server(), { expirationSeconds: 10 });
    const why = 'Invalid value: 10: may not specify a duration less than 10 minutes';
    expect(answer).toMatchObject({ status: 422, body: { message: `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: ${why}` } });
  });

  test('binds to nothing but what is there', async () => {
    const api = await server();
    expect(await request(api, { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'gone' } })).toMatchObject({
      status: 404,
      body: { message: 'secrets "gone" not found' },
    });
    const other = await request(api, { boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } });
    expect(other).toMatchObject({ status: 400, body: { message: 'cannot bind token to object of type apps/v1, Kind=Deployment' } });
    expect(await request(api, { boundObjectRef: { kind: 'Pod' } })).toMatchObject({ status: 400, body: { message: 'Name parameter required.' } });
  });

  test('may name its account, and no other one', async () => {
    const api = await server();
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: 'robot' }, spec: {} };
    const why = 'metadata.name: Invalid value: "robot": must match the service account name if specified';
    expect(await api.ask('POST', path, body)).toMatchObject({
      status: 422,
      body: { message: `TokenRequest.authentication.k8s.io "default" is invalid: ${why}` },
    });
    const own = await api.ask('POST', `${path}?dryRun=All`, { ...body, metadata: { name: 'default', labels: { a: 'b' } } });
    expect(own).toMatchObject({
      status: 201,
      body: {
        metadata: { labels: { a: 'b' }, managedFields: [{ operation: 'Update', subresource: 'token' }] },
        status: { token: expect.stringContaining('.') },
      },
    });
  });
});

test('reviews answer as recorded', async () => {
  const api = await server();
  const post = (path: string, kind: string, spec: object, token?: string) =>
    ask(api, 'POST', `/apis/${path}`, { ...(token ? { token } : { as: admin }), body: { apiVersion: path.slice(0, path.lastIndexOf('/')), kind, spec } });
  const bad = await post('authentication.k8s.io/v1/tokenreviews', 'TokenReview', { token: 'nonsense' });
  expect(bad.body).toMatchObject({ spec: { token: 'nonsense' }, status: { user: {}, error: 'invalid bearer token' } });
  const none = await post('authorization.k8s.io/v1/subjectaccessreviews', 'SubjectAccessReview', { user: 'carol' });
  const why = 'spec.resourceAttributes: Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified';
  expect(none).toMatchObject({ status: 422, body: { message: `.authorization.k8s.io "" is invalid: ${why}` } });
  const attributes = { verb: 'get', resource: 'pods', namespace: 'facts' };
  const self = await post('authorization.k8s.io/v1/selfsubjectaccessreviews', 'SelfSubjectAccessReview', { resourceAttributes: attributes }, 'alice-token');
  expect(self.body.status).toEqual({ allowed: false });
  const rules = await post('authorization.k8s.io/v1/selfsubjectrulesreviews', 'SelfSubjectRulesReview', { namespace: 'facts' }, 'alice-token');
  expect(rules.body).toMatchObject({ metadata: { creationTimestamp: null }, spec: {} });
  const me = await post('authentication.k8s.io/v1/selfsubjectreviews', 'SelfSubjectReview', {}, 'alice-token');
  expect(Object.keys(me.body)).toEqual(['kind', 'apiVersion', 'metadata', 'status']);
  expect(me.body.metadata).toEqual({ creationTimestamp: expect.stringMatching(/Z$/) });
  expect(self.body.metadata.managedFields[0].fieldsV1['f:spec']['f:resourceAttributes']).toHaveProperty('f:verb');
  expect(rules.body.status).toMatchObject({ incomplete: false, resourceRules: [{ verbs: ['create'] }, { verbs: ['create'] }] });
});

test('a review says which selectors nobody could look at', async () => {
  const api = await server();
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' };
  const errorFor = async (attributes: object) => {
    const spec = { user: 'carol', resourceAttributes: { verb: 'list', resource: 'pods', ...attributes } };
    const { body } = await api.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { ...review, spec });
    return (body as { status: { evaluationError?: string } }).status.evaluationError;
  };
  const ignored = (what: string) => `spec.resourceAttributes.${what} ignored due to parse error`;
  expect(await errorFor({ fieldSelector: { rawSelector: '&&&' }, labelSelector: { rawSelector: 'a in' } })).toBe(
    `${ignored('fieldSelector')}; ${ignored('labelSelector')}`,
  );
  expect(await errorFor({ fieldSelector: { rawSelector: 'a=b' }, labelSelector: { rawSelector: 'a in (b)' } })).toBeUndefined();
  const requirements = [
    { key: 'a', operator: 'In', values: ['b'] },
    { key: 'a', operator: 'Near', values: ['b'] },
  ];
  expect(await errorFor({ labelSelector: { requirements } })).toBe(ignored('labelSelector partially'));
});

test('who is turned away is told of the space that spoils a token', async () => {
  const api = await server({ anonymous: false });
  const headers = { authorization: 'Bearer  alice-token' };
  const answer = await api.handler({ method: 'GET', path: '/api/v1/nodes', query: new URLSearchParams(), headers });
  const text = 'the provided Authorization header contains extra space before the bearer token, and is ignored';
  expect([answer.status, answer.headers.warning]).toEqual([401, [`299 - "${text}"`]]);
});

test('a refusal tells browsers not to guess its type only where no handler has seen the request', async () => {
  const api = await server();
  await api.ask('POST', `${rbacPath}/clusterroles`, { metadata: { name: 'mgr' }, rules: [{ apiGroups: ['*'], resources: ['roles'], verbs: ['create'] }] });
  const subjects = [{ kind: 'User', name: 'alice' }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'mgr' };
  await api.ask('POST', `${rbacPath}/namespaces/facts/rolebindings`, { metadata: { name: 'mgr' }, roleRef, subjects });
  const post = (path: string, body: object) =>
    api.handler({
      method: 'POST',
      path,
      query: new URLSearchParams(),
      headers: { authorization: 'Bearer alice-token' },
      body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(body)), contentType: 'application/json' },
    });
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const escalating = await post(`${rbacPath}/namespaces/facts/roles`, { metadata: { name: 'more' }, rules });
  const unauthorized = await post('/api/v1/namespaces/facts/pods', {});
  expect([escalating.status, escalating.headers['x-content-type-options']]).toEqual([403, undefined]);
  expect([unauthorized.status, unauthorized.headers['x-content-type-options']]).toEqual([403, 'nosniff']);
});

test('a role that cannot be looked up is refused to whoever would bind it, before anything else of the binding is looked at', async () => {
  const api = await server();
  const manage = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings', 'clusterrolebindings'], verbs: ['create'] };
  await api.ask('POST', `${rbacPath}/clusterroles`, { metadata: { name: 'mgr' }, rules: [manage] });
  const grant = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'mgr' };
  await api.ask('POST', `${rbacPath}/clusterrolebindings`, { metadata: { name: 'mgr' }, roleRef: grant, subjects: [{ kind: 'User', name: 'alice' }] });
  const bind = async (resource: string, kind: string, name: string) => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
    const { status, body } = await ask(api, 'POST', `${rbacPath}/${resource}`, { token: 'alice-token', body: { metadata: { name: 'b' }, roleRef } });
    return [status, body.message];
  };
  const local = 'namespaces/facts/rolebindings';
  expect(await bind(local, 'Role', 'missing')).toEqual([404, 'rolebindings.rbac.authorization.k8s.io "missing" not found']);
  expect(await bind('clusterrolebindings', 'ClusterRole', 'missing')).toEqual([404, 'clusterrolebindings.rbac.authorization.k8s.io "missing" not found']);
  expect(await bind('clusterrolebindings', 'Role', 'missing')).toEqual([400, 'Namespace parameter required.']);
  expect(await bind(local, 'Role', '')).toEqual([400, 'Name parameter required.']);
  expect(await bind(local, 'Role', 'a/b')).toEqual([400, `Name parameter invalid: "a/b": may not contain '/'`]);
  expect(await bind(local, 'Lord', 'x')).toEqual([500, 'unsupported role reference kind: "Lord"']);
});

test('a review in a namespace is about that namespace', async () => {
  const api = await server();
  const path = '/apis/authorization.k8s.io/v1/namespaces/facts/localsubjectaccessreviews';
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'LocalSubjectAccessReview' };
  const spec = { user: 'carol', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'facts' } };
  expect((await api.ask('POST', path, { ...review, spec })).status).toBe(201);
  const elsewhere = await api.ask('POST', path, { ...review, metadata: { namespace: 'other' }, spec });
  expect(elsewhere.body).toMatchObject({ message: 'the namespace of the provided object does not match the namespace sent on the request' });
  const other = await api.ask('POST', path, { ...review, spec: { ...spec, resourceAttributes: { verb: 'get', namespace: 'other' } } });
  expect(other.body).toMatchObject({
    message: '.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
  });
  const named = await api.ask('POST', path, { ...review, metadata: { name: 'x' }, spec });
  expect(named.body).toMatchObject({ message: expect.stringContaining('metadata: Invalid value: {"name":"x"}: must be empty except for namespace') });
});

test('groups without a user are told back in plain text, as by upstream, and never as HTML', async () => {
  const api = await server();
  const headers = { 'impersonate-group': 'a, <b>', 'impersonate-extra-x': 'y' };
  const answer = await ask(api, 'GET', '/livez/ping?q=1', { token: 'bob-token', headers });
  const asked = '[{Group  a    } {Group  &lt;b&gt;    } {UserExtra  y  authentication.k8s.io/v1  x}]';
  expect(answer).toEqual({ status: 500, body: `Internal Server Error: "/livez/ping?q=1": requested ${asked} without impersonating a user\n` });
});

test('the audit log knows a token by its id when it is given out, and when it is shown', async () => {
  const events: AuditEvent[] = [];
  const policy = parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] });
  const api = await server({ audit: { policy, sink: (event) => events.push(event) } });
  const path = '/api/v1/namespaces/facts/serviceaccounts/default/token';
  const given = await ask(api, 'POST', path, { as: admin, body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } });
  const id = events.at(-1)?.annotations?.['authentication.kubernetes.io/issued-credential-id'];
  expect(id).toMatch(/^JTI=[0-9a-f-]{36}$/);
  await ask(api, 'GET', '/version', { token: given.body.status.token });
  expect(events.at(-1)?.user.extra).toMatchObject({ 'authentication.kubernetes.io/credential-id': [id] });
});

test('the audit log holds what its policy asks for', async () => {
  const events: AuditEvent[] = [];
  const policy = parseAuditPolicy({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [
      { level: 'None', verbs: ['get'] },
      { level: 'Request', resources: [{ group: '', resources: ['configmaps'] }] },
      { level: 'Metadata', users: ['alice'] },
    ],
  });
  const api = await server({ audit: { policy, sink: (event) => events.push(event) } });
  await api.ask('POST', '/api/v1/namespaces/facts/configmaps', { metadata: { name: 'm' }, data: { a: '1' } });
  await ask(api, 'GET', '/api/v1/nodes', { token: 'alice-token' });
  await ask(api, 'GET', '/api/v1/nodes/x', { token: 'alice-token' });
  await ask(api, 'GET', '/api/v1/namespaces/facts/pods', { as: admin, headers: { 'impersonate-user': 'alice' } });
  expect(events).toHaveLength(2);
  expect(events[0]).toMatchObject({
    level: 'Request',
    stage: 'ResponseComplete',
    verb: 'create',
    objectRef: { resource: 'configmaps', namespace: 'facts', apiVersion: 'v1' },
    requestObject: { metadata: { name: 'm' }, data: { a: '1' } },
    responseStatus: { code: 201 },
    requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
  });
  expect(events[0]?.responseObject).toBeUndefined();
  expect(events[1]).toMatchObject({
    level: 'Metadata',
    user: { username: 'alice' },
    responseStatus: { code: 403, reason: 'Forbidden' },
    annotations: { 'authorization.k8s.io/decision': 'forbid' },
  });
  expect(() => parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'All' }] })).toThrow('rules[0].level');
});

describe('an event of the audit log', () => {
  async function audited() {
    const events: AuditEvent[] = [];
    const rules = [{ level: 'RequestResponse' }];
    const policy = parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitManagedFields: true, rules });
    const api = await server({ audit: { policy, sink: (event) => events.push(event) } });
    events.length = 0;
    return { api, events };
  }

  test('names the object that is made, and shows it decoded and with its defaults', async () => {
    const { api, events } = await audited();
    await ask(api, 'POST', '/api/v1/namespaces/facts/services', { as: admin, body: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] }, bogus: 1 } });
    expect(events.map(({ stage, objectRef }) => [stage, (objectRef as { name?: string }).name])).toEqual([
      ['RequestReceived', undefined],
      ['ResponseComplete', 's'],
    ]);
    expect(events[1]?.requestObject).toMatchObject({ kind: 'Service', apiVersion: 'v1', metadata: { name: 's', creationTimestamp: null } });
    expect(events[1]?.requestObject).toMatchObject({ spec: { ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }], type: 'ClusterIP' } });
    expect(events[1]?.requestObject).not.toHaveProperty('bogus');
  });

  test('shows a list of patches as a list, and the Status that an answer is', async () => {
    const { api, events } = await audited();
    const path = '/api/v1/namespaces/facts/configmaps';
    await ask(api, 'POST', path, { as: admin, body: { metadata: { name: 'm' } } });
    const patch = [{ op: 'add', path: '/data', value: { a: 'b' } }];
    const bytes = new TextEncoder().encode(JSON.stringify(patch));
    const body = { kind: 'bytes' as const, bytes, contentType: 'application/json-patch+json' };
    await api.handler({ method: 'PATCH', path: `${path}/m`, query: new URLSearchParams(), headers: {}, user: admin, body });
    expect(events.at(-1)?.requestObject).toEqual(patch);
    await ask(api, 'GET', path, { as: admin });
    const list = events.at(-1)?.responseObject as { items: object[] } | undefined;
    expect(list?.items[0]).not.toHaveProperty('kind', expect.anything());
    await ask(api, 'DELETE', `${path}/m`, { as: admin, body: { gracePeriodSeconds: 0 } });
    expect(events.at(-1)).toMatchObject({
      requestObject: { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal', gracePeriodSeconds: 0 },
      responseStatus: { metadata: {}, status: 'Success', details: { name: 'm', kind: 'configmaps' }, code: 200 },
    });
  });

  test('tells of credentials that are wrong once, when they are refused', async () => {
    const { api, events } = await audited();
    await ask(api, 'GET', '/api/v1/nodes', { token: 'nonsense' });
    expect(events).toMatchObject([{ stage: 'ResponseStarted', user: {}, responseStatus: { reason: 'Unauthorized', code: 401 } }]);
  });

  test('says where the request came from as proxies tell it, and what it asked for as the client wrote it', async () => {
    const { api, events } = await audited();
    const headers = { 'x-forwarded-for': '1.2.3.4, nonsense, 5.6.7.8', 'x-real-ip': '1.2.3.4' };
    const target = '/api/v1/nodes?labelSelector=a%20b';
    await api.handler({ method: 'GET', path: '/api/v1/nodes', query: new URLSearchParams('labelSelector=a%20b'), target, headers, user: admin });
    expect(events[0]).toMatchObject({ requestURI: target, sourceIPs: ['1.2.3.4', '5.6.7.8', '127.0.0.1'] });
  });

  test('of what lasts comes when it begins, even if it ends at once', async () => {
    const { api, events } = await audited();
    await ask(api, 'GET', '/api/v1/namespaces/facts/pods/absent/log', { as: admin });
    expect(events.map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([
      ['RequestReceived', undefined],
      ['ResponseStarted', 404],
      ['ResponseComplete', 404],
    ]);
  });
});
