import { expect, test } from 'vitest';
import { Metrics } from '../../env/index.ts';
import type { ApiRequest } from '../../machinery/handler.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { bearerAuthenticator, TokenError, unionTokens } from './authenticator.ts';
import { impersonationOf } from './impersonation.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { tokenFileAuthenticator } from './token-file.ts';
import { hmacSigner } from './token-signer.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const start = Date.parse('2026-01-01T00:00:00Z');

const silent = { annotate() {}, warn() {} };

function accounts() {
  let now = start;
  const objects = new Map<string, KubeObject>();
  const put = (key: string, uid: string, rest: object = {}) => objects.set(key, { metadata: { uid, ...rest } });
  const reader = {
    get: async (resource: { resource: string }, namespace: string | undefined, name: string) =>
      objects.get(`${resource.resource}/${namespace ?? ''}/${name}`) as never,
    list: async () => [],
  };
  const clock = { now: () => now, mode: 'manual', speed: 0 } as const;
  const random = { next: () => 0, int: () => 0, text: () => '', bytes: (length: number) => new Uint8Array(length) };
  const made = new ServiceAccountTokens({ clock, metrics: new Metrics(), random, signer: hmacSigner('secret'), issuer, reader });
  const told: string[] = [];
  const notes = { annotate: (key: string, value: string) => told.push(`${key}: ${value}`), warn: (text: string) => told.push(text) };
  const authenticate = (token: string, audiences: readonly string[]) => made.authenticate(token, audiences, notes);
  const tokens = { authenticate, issue: (...of: Parameters<typeof made.issue>) => made.issue(...of) };
  put('serviceaccounts/default/robot', 'u1');
  const issue = (change: Partial<Parameters<typeof tokens.issue>[0]> = {}) =>
    tokens.issue({ namespace: 'default', account: { name: 'robot', uid: 'u1' }, audiences: [issuer], expirationSeconds: 600, binding: {}, ...change }).token;
  return { tokens, told, objects, put, issue, advance: (seconds: number) => (now += seconds * 1000) };
}

test('a token of a service account tells who it is, and what it is bound to', async () => {
  const { tokens, put, issue } = accounts();
  put('pods/default/web', 'p1');
  const token = issue({ binding: { pod: { name: 'web', uid: 'p1' }, node: { name: 'one', uid: 'n1' } } });
  const found = await tokens.authenticate(token, [issuer]);
  expect(found?.user).toEqual({
    username: 'system:serviceaccount:default:robot',
    uid: 'u1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default'],
    extra: {
      'authentication.kubernetes.io/credential-id': ['JTI=00000000-0000-4000-a000-000000000000'],
      'authentication.kubernetes.io/node-name': ['one'],
      'authentication.kubernetes.io/node-uid': ['n1'],
      'authentication.kubernetes.io/pod-name': ['web'],
      'authentication.kubernetes.io/pod-uid': ['p1'],
    },
  });
});

test('a token is refused when its time is over, when it is for others, and when it was changed', async () => {
  const { tokens, issue, advance } = accounts();
  const token = issue();
  const [header, , signature] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ iss: issuer, aud: [issuer], sub: 'system:serviceaccount:kube-system:admin' })).toString('base64url');
  await expect(tokens.authenticate(`${header}.${forged}.${signature}`, [issuer])).rejects.toThrow('error in cryptographic primitive');
  await expect(tokens.authenticate(token, ['other'])).rejects.toThrow(`token audiences ["${issuer}"] is invalid for the target audiences ["other"]`);
  expect(await tokens.authenticate('nonsense', [issuer])).toBeUndefined();
  advance(659);
  expect(await tokens.authenticate(token, [issuer])).toBeDefined(); // Clocks differ by a minute at most.
  advance(2);
  await expect(tokens.authenticate(token, [issuer])).rejects.toThrow('service account token has expired');
});

test('a token dies with its account and with its pod, also when one of the same name follows', async () => {
  const { tokens, objects, put, issue } = accounts();
  put('pods/default/web', 'p1');
  const token = issue({ binding: { pod: { name: 'web', uid: 'p1' } } });
  put('pods/default/web', 'p2');
  await expect(tokens.authenticate(token, [issuer])).rejects.toThrow('pod UID (p2) does not match service account pod ref claim (p1)');
  objects.delete('pods/default/web');
  await expect(tokens.authenticate(token, [issuer])).rejects.toThrow('service account token has been invalidated');
  put('pods/default/web', 'p1', { deletionTimestamp: new Date(start).toISOString() });
  expect(await tokens.authenticate(token, [issuer])).toBeDefined(); // A pod that is ending may still say goodbye.
  objects.delete('serviceaccounts/default/robot');
  await expect(tokens.authenticate(token, [issuer])).rejects.toThrow(new TokenError('serviceaccounts "robot" not found'));
  put('serviceaccounts/default/robot', 'u2');
  await expect(tokens.authenticate(token, [issuer])).rejects.toThrow('service account UID (u2) does not match claim (u1)');
});

test('the token of a pod lasts longer than it says, and the audit log tells of who uses it then', async () => {
  const { tokens, told, put, issue, advance } = accounts();
  put('pods/default/web', 'p1');
  const token = issue({ expirationSeconds: 3607, binding: { pod: { name: 'web', uid: 'p1' } } });
  await tokens.authenticate(token, [issuer]);
  expect(told).toEqual([]);
  advance(7200);
  expect(await tokens.authenticate(token, [issuer])).toBeDefined();
  expect(told).toEqual(['authentication.k8s.io/stale-token: subject: system:serviceaccount:default:robot, seconds after warning threshold: 3593']);
});

test('a file of tokens is read as upstream reads it', async () => {
  const file = tokenFileAuthenticator('# people\nt1,alice,1001,"devs,qa"\n t2 , "bob ""b""",\n', ['a', 'b']);
  expect(await file.authenticate('t1', ['a', 'c'], silent)).toEqual({ user: { username: 'alice', uid: '1001', groups: ['devs', 'qa'] }, audiences: ['a'] });
  expect(await file.authenticate('t1', ['c'], silent)).toBeUndefined(); // Such tokens are meant for the API server alone.
  expect((await file.authenticate('t2', [], silent))?.user).toEqual({ username: 'bob "b"', groups: [] });
  expect(await file.authenticate('t3', [], silent)).toBeUndefined();
  expect(() => tokenFileAuthenticator('t1,alice', [])).toThrow('token file, line 1');
});

test('bearer tokens come in a header or in a WebSocket protocol; unknown ones are refused', async () => {
  const authenticate = bearerAuthenticator(unionTokens([tokenFileAuthenticator('t1,alice,', [])]), []);
  const ask = (headers: Record<string, string>) => authenticate({ headers } as unknown as ApiRequest, silent);
  expect(await ask({ authorization: 'Bearer t1' })).toEqual({ username: 'alice', groups: ['system:authenticated'] });
  expect(
    await ask({ 'sec-websocket-protocol': `v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.${Buffer.from('t1').toString('base64url')}` }),
  ).toMatchObject({
    username: 'alice',
  });
  expect(await ask({})).toBeUndefined();
  expect(await ask({ authorization: 'Basic eDp5' })).toBeUndefined();
  await expect(ask({ authorization: 'Bearer wrong' })).rejects.toMatchObject({ code: 401 });
  const warnings: string[] = [];
  const notes = { annotate() {}, warn: (text: string) => warnings.push(text) };
  expect(await authenticate({ headers: { authorization: 'Bearer  t1' } } as unknown as ApiRequest, notes)).toBeUndefined();
  expect(warnings).toEqual(['the provided Authorization header contains extra space before the bearer token, and is ignored']);
});

test('impersonation asks for each thing by itself, and fills in the groups that such a user has', () => {
  expect(impersonationOf({ headers: { accept: '*/*' } })).toBeUndefined();
  const headers = { 'impersonate-user': 'eve', 'impersonate-group': 'devs, ops', 'impersonate-uid': '7', 'impersonate-extra-acme.com%2Fscope': 'a, b' };
  const { user, targets } = impersonationOf({ headers }) ?? {};
  expect(user).toEqual({ username: 'eve', uid: '7', groups: ['devs', 'ops', 'system:authenticated'], extra: { 'acme.com/scope': ['a', 'b'] } });
  expect(targets?.map(({ resource, subresource, name }) => [resource, subresource, name].join('/'))).toEqual([
    'users//eve',
    'groups//devs',
    'groups//ops',
    'userextras/acme.com/scope/a',
    'userextras/acme.com/scope/b',
    'uids//7',
  ]);
  const robot = impersonationOf({ headers: { 'impersonate-user': 'system:serviceaccount:tools:robot' } });
  expect(robot?.user.groups).toEqual(['system:serviceaccounts', 'system:serviceaccounts:tools', 'system:authenticated']);
  expect(robot?.targets).toEqual([{ group: '', resource: 'serviceaccounts', subresource: '', namespace: 'tools', name: 'robot' }]);
  expect(impersonationOf({ headers: { 'impersonate-user': 'system:anonymous' } })?.user.groups).toEqual(['system:unauthenticated']);
  expect(() => impersonationOf({ headers: { 'impersonate-group': 'devs' } })).toThrow('without impersonating a user');
});

test('impersonation takes a name that no account can have for that of a user, and an empty group for a group', () => {
  const odd = impersonationOf({ headers: { 'impersonate-user': 'system:serviceaccount:NS:a' } });
  expect(odd?.targets).toMatchObject([{ resource: 'users', name: 'system:serviceaccount:NS:a' }]);
  expect(odd?.user.groups).toEqual(['system:authenticated']);
  const empty = impersonationOf({ headers: { 'impersonate-user': 'jane', 'impersonate-group': '', 'impersonate-extra-scopes': '', 'impersonate-uid': '' } });
  expect(empty?.targets.map(({ resource, name }) => [resource, name])).toEqual([
    ['users', 'jane'],
    ['groups', ''],
    ['userextras', ''],
  ]);
  expect(empty?.user).toEqual({ username: 'jane', groups: ['', 'system:authenticated'], extra: { scopes: [''] } });
});
