/** What runs is chosen by `--components`; the rest of the cluster is as if those programs had never been started. */
import { afterEach, expect, test } from 'vitest';
import type { Deployment, Node, Pod } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import type { SimulatedClusterOptions } from '../support/simulated-cluster.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
afterEach(() => cluster.stop());

async function start(options: SimulatedClusterOptions): Promise<Cluster> {
  cluster = await simulatedCluster(options);
  return cluster;
}

const containers = [{ name: 'main', image: 'nginx:1.27' }];
const pod = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers, ...spec },
});
const labels = { app: 'web' };
const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
};
const anyName = (items: readonly { metadata?: { name?: string } }[]) => items.map((one) => one.metadata?.name);
const ready = (node: Readonly<Node>) => node.status?.conditions?.find((one) => one.type === 'Ready')?.status;

test('the API alone has what the API server makes itself, and nothing follows from what is created', async () => {
  const { admin, env, dataPlane, nodes } = await start({ components: ['api'] });
  expect([dataPlane, nodes]).toEqual([undefined, []]);
  expect(anyName((await admin.namespaces.list()).items)).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  expect(anyName((await admin.services.list()).items)).toEqual(['kubernetes']);
  expect((await admin.endpoints.get({ namespace: 'default', name: 'kubernetes' })).subsets?.[0]?.addresses).toEqual([{ ip: '172.18.0.2' }]);
  await admin.deployments.create(deployment);
  await env.loop.advance(60_000);
  const lists = await Promise.all([admin.replicaSets.list(), admin.pods.list(), admin.nodes.list(), admin.serviceAccounts.list()]);
  expect(lists.map((list) => list.items)).toEqual([[], [], [], []]);
  expect(await admin.namespaces.get({ name: 'default' })).toMatchObject({ status: { phase: 'Active' } });
});

test('the API alone does not tell of controllers that are missing, since none is there to be missed', async () => {
  const warnings = async (components: SimulatedClusterOptions['components']) => {
    const { handler } = await start({ components });
    const body = JSON.stringify({ metadata: { name: 'one' }, spec: { template: { spec: { containers, restartPolicy: 'Never' } } } });
    const { status, headers } = await handler({
      method: 'POST',
      path: '/apis/batch/v1/namespaces/default/jobs',
      query: new URLSearchParams(),
      headers: {},
      user: { username: 'admin', groups: ['system:masters'] },
      body: { kind: 'bytes', bytes: new TextEncoder().encode(body), contentType: 'application/json' },
    });
    return [status, headers.warning];
  };
  expect(await warnings(['api'])).toEqual([201, undefined]);
  await cluster.stop();
  expect(String((await warnings(['api', 'controllers']))[1])).toContain('paperkube does not run the job controller yet');
});

test('without its controller there is no service account, so a pod is refused, unless the plugin is off', async () => {
  await start({ components: ['api'] });
  await expect(cluster.admin.pods.create(pod('one'))).rejects.toMatchObject({
    status: {
      code: 403,
      reason: 'Forbidden',
      message: 'pods "one" is forbidden: error looking up service account default/default: serviceaccount "default" not found',
    },
  });
  await cluster.stop();
  await start({ components: ['api'], admission: { disable: ['ServiceAccount'] } });
  const made = await cluster.admin.pods.create(pod('one'));
  expect([made.status?.phase, made.spec?.volumes, made.spec?.serviceAccountName]).toEqual(['Pending', undefined, undefined]);
});

test('a namespace that is deleted where no controller empties it stays Terminating', async () => {
  const { admin, env } = await start({ components: ['api'] });
  await admin.namespaces.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } });
  await admin.namespaces.delete({ name: 'gone' });
  await env.loop.advance(60_000);
  expect((await admin.namespaces.get({ name: 'gone' })).status?.phase).toBe('Terminating');
});

test('with controllers, pods are made that nobody schedules', async () => {
  const { admin, env } = await start({ components: ['api', 'controllers'] });
  await admin.deployments.create(deployment);
  await env.loop.advance(10_000);
  const { items } = await admin.pods.list();
  expect(items.map((one) => [one.spec?.nodeName, one.status?.phase])).toEqual([
    [undefined, 'Pending'],
    [undefined, 'Pending'],
  ]);
  expect(anyName((await admin.deployments.list()).items)).toEqual(['web']);
});

test('a node without a kubelet is Ready, takes pods, and they stay Pending', async () => {
  const { admin, env, nodes } = await start({ components: ['api', 'controllers', 'scheduler'], silent: ['edge'] });
  expect(nodes).toEqual([{ name: 'edge', address: '172.18.0.3' }]);
  expect(ready(await admin.nodes.get({ name: 'edge' }))).toBe('True');
  await admin.deployments.create(deployment);
  await env.loop.advance(5_000);
  const { items } = await admin.pods.list();
  expect(items.map((one) => [one.spec?.nodeName, one.status?.phase, one.status?.containerStatuses])).toEqual([
    ['edge', 'Pending', undefined],
    ['edge', 'Pending', undefined],
  ]);
});

test('a node without a kubelet is as registered where nobody watches over it', async () => {
  const { admin, env } = await start({
    components: ['api', 'scheduler'],
    silent: ['edge'],
    admission: { disable: ['ServiceAccount', 'TaintNodesByCondition'] },
  });
  const { spec, metadata } = await admin.nodes.get({ name: 'edge' });
  expect([ready(await admin.nodes.get({ name: 'edge' })), spec?.taints, metadata?.labels?.['kubernetes.io/hostname']]).toEqual(['True', undefined, 'edge']);
  await admin.pods.create(pod('one'));
  await env.loop.advance(5_000);
  expect((await admin.pods.get({ namespace: 'default', name: 'one' })).spec?.nodeName).toBe('edge');
  await admin.pods.delete({ namespace: 'default', name: 'one' });
  await env.loop.advance(60_000);
  // Nobody ever says that its containers have ended.
  expect((await admin.pods.get({ namespace: 'default', name: 'one' })).metadata?.deletionTimestamp).toBeDefined();
});

test('without a scheduler a kubelet runs what names its node', async () => {
  const { admin, env } = await start({ components: ['api', 'controllers', 'kubelet'], nodes: 1 });
  expect(anyName((await admin.deployments.list()).items)).toEqual([]);
  await admin.pods.create(pod('bound', { nodeName: 'default-control-plane' }));
  await admin.pods.create(pod('waiting'));
  await env.loop.advance(30_000);
  const phases = (await admin.pods.list()).items.map((one) => [one.metadata?.name, one.status?.phase]);
  expect(phases).toEqual([
    ['bound', 'Running'],
    ['waiting', 'Pending'],
    // Of the control plane, what does not run has no pod.
    ['etcd-default-control-plane', 'Running'],
    ['kube-apiserver-default-control-plane', 'Running'],
    ['kube-controller-manager-default-control-plane', 'Running'],
  ]);
});

test('component statuses tell who does not answer', async () => {
  const { admin } = await start({ components: ['api', 'controllers'] });
  const ref = { group: '', version: 'v1', kind: 'ComponentStatus', resource: 'componentstatuses', namespaced: false } as const;
  const { items } = await admin.resource(ref).list();
  expect(items.map((one) => [one.metadata?.name, (one as { conditions?: { status: string; message: string }[] }).conditions?.[0]])).toEqual([
    ['controller-manager', { type: 'Healthy', status: 'True', message: 'ok' }],
    ['etcd-0', { type: 'Healthy', status: 'True', message: 'ok' }],
    [
      'scheduler',
      { type: 'Healthy', status: 'False', message: 'Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: connection refused' },
    ],
  ]);
});
