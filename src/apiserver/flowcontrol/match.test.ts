import { expect, test } from 'vitest';
import type { FlowSchema } from '../../../generated/types/index.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import { flowSchemas } from '../bootstrap/index.ts';
import { resolveRequestInfo } from '../request-info.ts';
import { rulesFor, speaksOf } from './match.ts';

type Rules = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number];

function matches(rule: Rules, user: UserInfo, method: string, path: string): boolean {
  const schema = { spec: { priorityLevelConfiguration: { name: 'exempt' }, rules: [rule] } };
  const rules = rulesFor(schema, user);
  const [pathname = '', query = ''] = path.split('?');
  return rules !== undefined && speaksOf(rules, resolveRequestInfo(method, pathname, new URLSearchParams(query)));
}

const alice: UserInfo = { username: 'alice', groups: ['dev', 'system:authenticated'] };
const robot: UserInfo = { username: 'system:serviceaccount:ci:robot', groups: ['system:serviceaccounts'] };
const everyone: Rules['subjects'] = [{ kind: 'Group', group: { name: '*' } }];
const anything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] };

test('a subject is a user, a group or a service account, by name or all of them', () => {
  const speaks = (subject: Rules['subjects'][number], user: UserInfo) =>
    matches({ subjects: [subject], resourceRules: [anything] }, user, 'GET', '/api/v1/namespaces/ci/pods');
  expect(speaks({ kind: 'User', user: { name: 'alice' } }, alice)).toBe(true);
  expect(speaks({ kind: 'User', user: { name: '*' } }, robot)).toBe(true);
  expect(speaks({ kind: 'User', user: { name: 'bob' } }, alice)).toBe(false);
  expect(speaks({ kind: 'Group', group: { name: 'dev' } }, alice)).toBe(true);
  expect(speaks({ kind: 'Group', group: { name: 'dev' } }, robot)).toBe(false);
  expect(speaks({ kind: 'ServiceAccount', serviceAccount: { namespace: 'ci', name: 'robot' } }, robot)).toBe(true);
  expect(speaks({ kind: 'ServiceAccount', serviceAccount: { namespace: 'ci', name: '*' } }, robot)).toBe(true);
  expect(speaks({ kind: 'ServiceAccount', serviceAccount: { namespace: 'c', name: '*' } }, robot)).toBe(false);
  expect(speaks({ kind: 'User', group: { name: 'dev' } }, alice)).toBe(false);
});

test('a resource rule wants verb, group, resource with its subresource, and a namespace or none', () => {
  const rule = { verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['pods', 'pods/log', 'nodes'], namespaces: ['ci'] };
  const speaks = (method: string, path: string, change: Partial<typeof anything> = {}) =>
    matches({ subjects: everyone, resourceRules: [{ ...rule, ...change }] }, alice, method, path);
  expect(speaks('GET', '/api/v1/namespaces/ci/pods')).toBe(true);
  expect(speaks('GET', '/api/v1/namespaces/ci/pods/web/log')).toBe(true);
  expect(speaks('GET', '/api/v1/namespaces/ci/pods/web/status')).toBe(false);
  expect(speaks('GET', '/api/v1/namespaces/ci/pods?watch=1')).toBe(false);
  expect(speaks('DELETE', '/api/v1/namespaces/ci/pods/web')).toBe(false);
  expect(speaks('GET', '/api/v1/namespaces/other/pods')).toBe(false);
  expect(speaks('GET', '/apis/batch/v1/namespaces/ci/pods')).toBe(false);
  expect(speaks('GET', '/api/v1/pods')).toBe(false);
  expect(speaks('GET', '/api/v1/pods', { clusterScope: true })).toBe(true);
  expect(speaks('GET', '/api/v1/namespaces/other/pods', { namespaces: ['*'] })).toBe(true);
  expect(speaks('GET', '/api/v1/nodes', { namespaces: ['*'] })).toBe(false);
  expect(speaks('GET', '/healthz', anything)).toBe(false);
});

test('a path stands for what is below it, with or without a star at its end', () => {
  const speaks = (url: string, path: string) =>
    matches({ subjects: everyone, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: [url] }] }, alice, 'GET', path);
  expect([speaks('/healthz', '/healthz'), speaks('/healthz', '/healthz/etcd'), speaks('/healthz', '/healthzz')]).toEqual([true, true, false]);
  expect([speaks('/metrics/*', '/metrics/slis'), speaks('/metrics/*', '/metrics'), speaks('*', '/version')]).toEqual([true, false, true]);
});

test('of the schemas that every cluster has, the first one that speaks of a request is the one upstream would choose', () => {
  const first = (user: UserInfo, method: string, path: string) => {
    const info = resolveRequestInfo(method, path, new URLSearchParams());
    return flowSchemas('').find((schema) => {
      const rules = rulesFor(schema, user);
      return rules && speaksOf(rules, info);
    })?.metadata?.name;
  };
  const kubelet: UserInfo = { username: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] };
  const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a';
  expect(first({ username: 'root', groups: ['system:masters', 'system:authenticated'] }, 'GET', '/api/v1/pods')).toBe('exempt');
  expect(first(alice, 'GET', '/readyz')).toBe('probes');
  expect(first(alice, 'GET', '/api/v1/pods')).toBe('global-default');
  expect(first(kubelet, 'PUT', lease)).toBe('system-node-high');
  expect(first(kubelet, 'GET', '/api/v1/pods')).toBe('system-nodes');
  expect(first({ username: 'system:kube-scheduler', groups: ['system:authenticated'] }, 'GET', '/api/v1/pods')).toBe('kube-scheduler');
  expect(first({ ...robot, groups: [...robot.groups, 'system:authenticated'] }, 'GET', '/api/v1/pods')).toBe('service-accounts');
});
