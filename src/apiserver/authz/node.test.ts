import { expect, test } from 'vitest';
import type { AuthorizerAttributes } from './authorizer.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { NodeIndex } from './node-index.ts';

function nodes() {
  const index = new NodeIndex();
  const authorizer = new NodeAuthorizer({ index, catchUp: async () => {}, reader: { get: async () => undefined, list: async () => [] } });
  const ask = async (verb: string, resource: string, rest: Partial<AuthorizerAttributes> = {}) => {
    const user = { username: 'system:node:one', groups: ['system:nodes', 'system:authenticated'] };
    const none = { group: '', version: 'v1', subresource: '', namespace: 'default', name: '', path: '' };
    const { allowed, reason } = await authorizer.authorize({ user, verb, isResource: true, resource, ...none, ...rest });
    return allowed || (reason ?? false);
  };
  return { index, ask };
}

const pod = (nodeName: string) => ({
  metadata: { name: 'web', namespace: 'default', uid: '1' },
  spec: {
    nodeName,
    serviceAccountName: 'robot',
    containers: [
      { name: 'c', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'a' } } }], envFrom: [{ configMapRef: { name: 'settings' } }] },
    ],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  },
});

test('a node reads what its own pods refer to, as long as they are there', async () => {
  const { index, ask } = nodes();
  const unrelated = "no relationship found between node 'one' and this object";
  expect(await ask('get', 'secrets', { name: 'keys' })).toBe(unrelated);
  index.set('default/web', pod('one'));
  for (const [resource, name] of [
    ['secrets', 'keys'],
    ['configmaps', 'settings'],
    ['persistentvolumeclaims', 'data'],
    ['pods', 'web'],
  ] as const) {
    expect(await ask('get', resource, { name })).toBe(true);
  }
  expect(await ask('get', 'secrets', { name: 'keys', namespace: 'other' })).toBe(unrelated);
  expect(await ask('create', 'serviceaccounts', { name: 'robot', subresource: 'token' })).toBe(true);
  expect(await ask('create', 'serviceaccounts', { name: 'default', subresource: 'token' })).toBe(unrelated);
  index.delete('default/web');
  expect(await ask('get', 'secrets', { name: 'keys' })).toBe(unrelated);
});

test('pods on other nodes and pods that wait for one give nothing', async () => {
  const { index, ask } = nodes();
  index.set('default/web', pod('two'));
  expect(await ask('get', 'secrets', { name: 'keys' })).not.toBe(true);
  index.set('default/web', pod(''));
  expect(await ask('get', 'pods', { name: 'web' })).not.toBe(true);
});

test('a node lists only its own pods, and sees only its own Node and Lease', async () => {
  const { ask } = nodes();
  expect(await ask('list', 'pods', { fieldSelector: 'spec.nodeName=one', namespace: '' })).toBe(true);
  expect(await ask('watch', 'pods', { fieldSelector: 'spec.nodeName=two', namespace: '' })).toBe('can only list/watch pods with spec.nodeName field selector');
  expect(await ask('list', 'nodes', { namespace: '' })).toBe("node 'one' cannot read all nodes, only its own Node object");
  expect(await ask('get', 'nodes', { namespace: '', name: 'one' })).toBe(true);
  const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };
  expect(await ask('update', 'leases', { ...lease, name: 'one' })).toBe(true);
  expect(await ask('update', 'leases', { ...lease, name: 'two' })).toBe('can only access node lease with the same name as the requesting node');
});

test('all else goes by the rules of nodes', async () => {
  const { ask } = nodes();
  expect(await ask('watch', 'services', { namespace: '' })).toBe(true);
  expect(await ask('delete', 'services', { name: 'x' })).toBe(false);
  expect(await ask('create', 'events')).toBe(true);
});

test('what a node may not do is refused in the words of the Node authorizer', async () => {
  const { ask } = nodes();
  expect(await ask('list', 'persistentvolumeclaims')).toBe('can only get individual resources of this type');
  expect(await ask('get', 'persistentvolumeclaims', { subresource: 'status', name: 'data' })).toBe('can only get/update/patch this type');
  expect(await ask('get', 'serviceaccounts', { name: 'robot' })).toBe('not allowed to get service accounts');
  expect(await ask('get', 'secrets', { user: { username: 'system:node:', groups: ['system:nodes'] } })).toBe('unknown node for user "system:node:"');
  const authorizer = new NodeAuthorizer({ index: new NodeIndex(), catchUp: async () => {}, reader: { get: async () => undefined, list: async () => [] } });
  expect(authorizer.rulesFor({ username: 'system:node:one', groups: ['system:nodes'] })).toMatchObject({
    incomplete: true,
    evaluationError: 'node authorizer does not support user rule resolution',
  });
  expect(authorizer.rulesFor({ username: 'carol', groups: [] }).incomplete).toBe(false);
});
