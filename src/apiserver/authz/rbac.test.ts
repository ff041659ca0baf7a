import { describe, expect, test } from 'vitest';
import type { PolicyRule, RbacV1Subject as Subject } from '../../../generated/types/index.ts';
import type { AuthorizerAttributes } from './authorizer.ts';
import { unionAuthorizer } from './authorizer.ts';
import { bootstrapPolicy } from './bootstrap-policy/index.ts';
import { breakdownRule, compactRules, coversPath, describeRule, ruleAllows } from './policy-rule.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import type { RbacResource } from './rbac-index.ts';
import { RbacIndex } from './rbac-index.ts';

const apiGroup = 'rbac.authorization.k8s.io';

function rbac() {
  const index = new RbacIndex();
  const caughtUp: string[] = [];
  const source = { index, catchUp: async () => void caughtUp.push('') };
  const authorizer = unionAuthorizer([new RbacAuthorizer(source)]);
  const add = (resource: RbacResource, name: string, namespace: string | undefined, rest: object) =>
    index.set(resource, { metadata: { name, ...(namespace ? { namespace } : {}) }, ...rest });
  const role = (name: string, namespace: string | undefined, ...rules: PolicyRule[]) => add(namespace ? 'roles' : 'clusterroles', name, namespace, { rules });
  const bind = (name: string, namespace: string | undefined, kind: string, of: string, ...subjects: Subject[]) =>
    add(namespace ? 'rolebindings' : 'clusterrolebindings', name, namespace, { roleRef: { apiGroup, kind, name: of }, subjects });
  return { index, authorizer, role, bind, caughtUp };
}

const user = (name: string): Subject => ({ kind: 'User', apiGroup, name });
const readPods: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };

function ask(change: Partial<AuthorizerAttributes>): AuthorizerAttributes {
  const none = { group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'facts', name: '', path: '' };
  return { user: { username: 'carol', groups: ['system:authenticated'] }, verb: 'list', isResource: true, ...none, ...change };
}

test('a role binding holds in its namespace, and the reason names it as upstream does', async () => {
  const { authorizer, role, bind } = rbac();
  role('reader', 'facts', readPods);
  bind('readers', 'facts', 'Role', 'reader', user('carol'));
  const reason = 'RBAC: allowed by RoleBinding "readers/facts" of Role "reader" to User "carol"';
  expect(await authorizer.authorize(ask({}))).toEqual({ allowed: true, reason });
  expect(await authorizer.authorize(ask({ namespace: 'other' }))).toEqual({ allowed: false });
  expect(await authorizer.authorize(ask({ namespace: '' }))).toEqual({ allowed: false });
  expect(await authorizer.authorize(ask({ verb: 'delete' }))).toEqual({ allowed: false });
});

test('a cluster role bound in a namespace gives nothing elsewhere, bound in the cluster it holds everywhere', async () => {
  const { authorizer, role, bind } = rbac();
  role('view', undefined, readPods);
  bind('a', 'facts', 'ClusterRole', 'view', { kind: 'ServiceAccount', name: 'robot', namespace: 'tools' });
  bind('b', undefined, 'ClusterRole', 'view', { kind: 'Group', apiGroup, name: 'devs' });
  const robot = { username: 'system:serviceaccount:tools:robot', groups: [] };
  const reason = 'RBAC: allowed by RoleBinding "a/facts" of ClusterRole "view" to ServiceAccount "robot/tools"';
  expect(await authorizer.authorize(ask({ user: robot }))).toEqual({ allowed: true, reason });
  expect((await authorizer.authorize(ask({ user: robot, namespace: 'tools' }))).allowed).toBe(false);
  expect(await authorizer.authorize(ask({ user: { username: 'x', groups: ['devs'] }, namespace: '' }))).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "view" to Group "devs"',
  });
});

test('a binding to a role that is not there says so when nothing else allows', async () => {
  const { authorizer, bind } = rbac();
  bind('a', undefined, 'ClusterRole', 'gone', user('carol'));
  bind('b', 'facts', 'Role', 'lost', user('carol'));
  const reason = `RBAC: [clusterrole.${apiGroup} "gone" not found, role.${apiGroup} "lost" not found]`;
  expect(await authorizer.authorize(ask({}))).toEqual({ allowed: false, reason });
  const rules = await authorizer.rulesFor(ask({}).user, 'facts');
  const evaluationError = `[clusterrole.${apiGroup} "gone" not found, role.${apiGroup} "lost" not found]`;
  expect(rules).toEqual({ incomplete: false, evaluationError, resourceRules: [], nonResourceRules: [] });
});

test('changed and deleted bindings count at once', async () => {
  const { authorizer, index, role, bind } = rbac();
  role('view', undefined, readPods);
  bind('a', undefined, 'ClusterRole', 'view', user('carol'), user('dave'));
  bind('a', undefined, 'ClusterRole', 'view', user('dave'));
  expect((await authorizer.authorize(ask({}))).allowed).toBe(false);
  const dave = ask({ user: { username: 'dave', groups: [] } });
  expect((await authorizer.authorize(dave)).allowed).toBe(true);
  index.delete('clusterrolebindings', { metadata: { name: 'a' } });
  expect((await authorizer.authorize(dave)).allowed).toBe(false);
});

test('the privileged group is asked for no role, and refusals wait for what was written before', async () => {
  const { authorizer, caughtUp } = rbac();
  expect(await authorizer.authorize(ask({ user: { username: 'root', groups: ['system:masters'] } }))).toEqual({ allowed: true });
  expect(caughtUp).toEqual([]);
  await authorizer.authorize(ask({}));
  expect(caughtUp).toHaveLength(1);
});

describe('a rule', () => {
  const rule = (change: Partial<PolicyRule>): PolicyRule => ({ ...readPods, ...change });
  const cases: [string, PolicyRule, Partial<AuthorizerAttributes>, boolean][] = [
    ['for a resource leaves its subresources out', rule({}), { subresource: 'log' }, false],
    ['names subresources', rule({ resources: ['pods/log'] }), { subresource: 'log' }, true],
    ['names one subresource of everything', rule({ apiGroups: ['*'], resources: ['*/scale'] }), { resource: 'deployments', subresource: 'scale' }, true],
    ['for everything holds for subresources', rule({ resources: ['*'] }), { subresource: 'exec' }, true],
    ['with names does not hold for a list', rule({ resourceNames: ['web'] }), {}, false],
    ['with names holds for those', rule({ resourceNames: ['web'] }), { verb: 'get', name: 'web' }, true],
    ['of another group does not hold', rule({ apiGroups: ['apps'] }), {}, false],
    ['for paths does not hold for resources', { nonResourceURLs: ['*'], verbs: ['*'] }, {}, false],
    ['for paths holds below an asterisk', { nonResourceURLs: ['/api/*'], verbs: ['get'] }, { isResource: false, verb: 'get', path: '/api/v1' }, true],
  ];
  test.each(cases)('%s', (_name, policy, change, allowed) => expect(ruleAllows(policy, ask(change))).toBe(allowed));

  test('is broken down, joined again and shown as the escalation check shows it', () => {
    const simple = breakdownRule({ apiGroups: ['', 'apps'], resources: ['pods'], verbs: ['get', 'list'] });
    expect(simple).toHaveLength(4);
    expect(compactRules(simple).map(describeRule)).toEqual([
      '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
      '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list"]}',
    ]);
    expect(coversPath('/healthz', '/healthz/x')).toBe(false);
  });
});

test('the bootstrap policy names every role that it binds, and nothing twice', () => {
  const { clusterRoles, clusterRoleBindings, roles, roleBindings } = bootstrapPolicy();
  const names = new Set(clusterRoles.map((one) => one.metadata?.name));
  expect(names.size).toBe(clusterRoles.length);
  expect(clusterRoleBindings.map((one) => one.roleRef.name).filter((name) => !names.has(name))).toEqual([]);
  const local = new Set(roles.map((one) => `${one.metadata?.namespace}/${one.metadata?.name}`));
  expect(roleBindings.filter((one) => !local.has(`${one.metadata?.namespace}/${one.roleRef.name}`))).toEqual([]);
  const view = clusterRoles.find((one) => one.metadata?.name === 'view');
  expect(view?.rules).toBeUndefined();
  expect(view?.metadata?.labels).toEqual({ 'kubernetes.io/bootstrapping': 'rbac-defaults', 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' });
});

test('the bootstrap policy is that of 1.33: so many roles and bindings, with the rules that came in late', () => {
  const { clusterRoles, clusterRoleBindings, roles, roleBindings } = bootstrapPolicy();
  expect([clusterRoles, clusterRoleBindings, roles, roleBindings].map((all) => all.length)).toEqual([66, 47, 7, 7]);
  const rulesOf = (name: string) => [...clusterRoles, ...roles].find((one) => one.metadata?.name === name)?.rules?.map(describeRule) ?? [];
  expect(rulesOf('system:kube-scheduler')).toContain(
    '{APIGroups:["coordination.k8s.io"], Resources:["leases"], ResourceNames:["kube-scheduler"], Verbs:["get" "list" "update" "watch"]}',
  );
  expect(rulesOf('system:node')).toContain('{APIGroups:[""], Resources:["events"], Verbs:["create" "patch" "update"]}');
  expect(rulesOf('system::leader-locking-kube-scheduler')[0]).toBe('{APIGroups:[""], Resources:["configmaps"], Verbs:["watch"]}');
  expect(rulesOf('system:aggregate-to-edit').join()).not.toContain('endpoints');
  expect(rulesOf('system:kubelet-api-admin').slice(-1)).toEqual(['{APIGroups:[""], Resources:["nodes/configz" "nodes/healthz" "nodes/pods"], Verbs:["*"]}']);
});
