import { expect, test } from 'vitest';
import type { Deployment, Pod } from '../../generated/types/index.ts';
import { createClient, InformerFactory, refs } from '../client/index.ts';
import { SmallApi } from '../client/testing/small-api.ts';
import { createEnv, logTo, nodeMachine } from '../env/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import { MemoryStore } from '../store/index.ts';
import { startControllers } from './index.ts';

/** All controllers on a small API, and somebody who makes pods ready as soon as they are made. */
async function setup(options: { ready?: (pod: Readonly<Pod>) => boolean } = {}) {
  const problems: string[] = [];
  const log = logTo(({ level, message, fields }) => {
    if (level === 'error' || level === 'warn') problems.push(`${message} ${JSON.stringify(fields)}`);
  });
  const env = createEnv({ machine: nodeMachine, log, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const api = new SmallApi(env, new MemoryStore(env));
  const client = createClient(api.handler, { username: 'tester', groups: [] });
  const informers = new InformerFactory(client, env);
  const resources = [refs.pods, refs.replicaSets, refs.deployments, refs.configMaps, refs.serviceAccounts, refs.services, refs.endpoints, refs.endpointSlices];
  startControllers({ env, informers, clientFor: () => client, rootCa: 'PEM', clusterCidr: '10.244.0.0/16', resources: [...resources, refs.nodes] });
  let address = 0;
  informers.for<Pod>(refs.pods).handle({
    added: (pod) => {
      if (options.ready && !options.ready(pod)) return;
      address += 1;
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(env.clock.now()) }];
      const podIP = `10.244.0.${address}`;
      client.pods.updateStatus({ ...pod, status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions } }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    },
  });
  informers.start();
  await env.loop.settle();
  const pods = async () => (await client.pods.list()).items;
  const events = async () => (await client.events.list()).items.map((event) => `${event.reason}: ${event.message}`);
  return { env, api, client, problems, pods, events };
}

function web(image: string, spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
    },
  };
}

const key = { namespace: 'default', name: 'web' };

test('a deployment makes its pods, tells of it, and rolls over to a new image', async () => {
  const { env, client, pods, events, problems } = await setup();
  await client.deployments.create(web('nginx:1'));
  await env.loop.settle();
  const [set] = (await client.replicaSets.list()).items;
  const name = set?.metadata?.name ?? '';
  expect(name).toMatch(/^web-[bcdf456789]{1,10}$/);
  expect((await pods()).every((pod) => pod.metadata?.name?.startsWith(`${name}-`))).toBe(true);
  expect(await events()).toContain(`ScalingReplicaSet: Scaled up replica set ${name} from 0 to 3`);
  const first = await client.deployments.get(key);
  expect(first.metadata?.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
  expect(first.status).toMatchObject({ observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 });
  expect(first.status?.conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Available', 'True', 'MinimumReplicasAvailable'],
    ['Progressing', 'True', 'NewReplicaSetAvailable'],
  ]);
  const next = web('nginx:2');
  await client.deployments.update({ ...first, spec: next.spec! });
  await env.loop.settle();
  expect((await pods()).map((pod) => pod.spec?.containers[0]?.image)).toEqual(['nginx:2', 'nginx:2', 'nginx:2']);
  const second = await client.deployments.get(key);
  expect(second.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  expect(second.status?.conditions?.at(-1)).toMatchObject({ reason: 'NewReplicaSetAvailable' });
  expect((await events()).filter((event) => event.startsWith('Scaling')).map((event) => event.replace(/web-\S+/, 'R'))).toEqual([
    'ScalingReplicaSet: Scaled up replica set R from 0 to 3',
    'ScalingReplicaSet: Scaled up replica set R from 0 to 1',
    'ScalingReplicaSet: Scaled down replica set R from 3 to 2',
    'ScalingReplicaSet: Scaled up replica set R from 1 to 2',
    'ScalingReplicaSet: Scaled down replica set R from 2 to 1',
    'ScalingReplicaSet: Scaled up replica set R from 2 to 3',
    'ScalingReplicaSet: Scaled down replica set R from 1 to 0',
  ]);
  expect(problems).toEqual([]);
});

test('a rollback to the first template brings its set back under a new revision', async () => {
  const { env, client } = await setup();
  const made = await client.deployments.create(web('nginx:1'));
  await env.loop.settle();
  await client.deployments.patch(key, 'merge', { spec: web('nginx:2').spec });
  await env.loop.settle();
  await client.deployments.patch(key, 'merge', { spec: made.spec });
  await env.loop.settle();
  const sets = (await client.replicaSets.list()).items.map((set) => [set.spec?.replicas, set.metadata?.annotations]);
  expect(sets.find(([replicas]) => replicas === 3)?.[1]).toMatchObject({
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  });
});

test('recreate waits until the last old pod is gone', async () => {
  const { env, client, api } = await setup();
  await client.deployments.create(web('nginx:1', { strategy: { type: 'Recreate' } }));
  await env.loop.settle();
  api.writes.length = 0;
  await client.deployments.patch(key, 'merge', { spec: { template: web('nginx:2').spec?.template } });
  await env.loop.settle();
  const order = api.writes.filter((write) => /^(POST|DELETE) pods/.test(write)).map((write) => write.split(' ')[0]);
  expect(order).toEqual(['DELETE', 'DELETE', 'DELETE', 'POST', 'POST', 'POST']);
});

test('a rollout whose pods never get ready runs into its deadline', async () => {
  const { env, client } = await setup({ ready: () => false });
  await client.deployments.create(web('nginx:1', { progressDeadlineSeconds: 60 }));
  await env.loop.advance(59_000);
  expect((await client.deployments.get(key)).status?.conditions?.find(({ type }) => type === 'Progressing')?.reason).toBe('ReplicaSetUpdated');
  await env.loop.advance(5000);
  expect((await client.deployments.get(key)).status?.conditions?.find(({ type }) => type === 'Progressing')?.reason).toBe('ProgressDeadlineExceeded');
});

test('a pod that loses its label is released and replaced; one that gets it back is one too many', async () => {
  const { env, client, pods } = await setup();
  await client.deployments.create(web('nginx:1'));
  await env.loop.settle();
  const [first] = await pods();
  const name = { namespace: 'default', name: first?.metadata?.name ?? '' };
  await client.pods.patch(name, 'merge', { metadata: { labels: { app: 'other' } } });
  await env.loop.settle();
  expect((await client.pods.get(name)).metadata?.ownerReferences ?? []).toEqual([]);
  expect(await pods()).toHaveLength(4);
  await client.pods.patch(name, 'merge', { metadata: { labels: { app: 'web' } } });
  await env.loop.settle();
  expect(await pods()).toHaveLength(3);
});

test('what a deployment made goes with it, before it if that was asked for, or stays if orphaned', async () => {
  for (const [policy, left] of [
    ['Background', [0, 0]],
    ['Foreground', [0, 0]],
    ['Orphan', [1, 3]],
  ] as const) {
    const { env, client, api, pods, problems } = await setup();
    await client.deployments.create(web('nginx:1'));
    await env.loop.settle();
    api.writes.length = 0;
    await client.deployments.delete(key, { propagationPolicy: policy });
    await env.loop.advance(10_000);
    await expect(client.deployments.get(key)).rejects.toSatisfy(isNotFound);
    expect([(await client.replicaSets.list()).items.length, (await pods()).length]).toEqual(left);
    expect(problems).toEqual([]);
  }
});

test('an owner in another namespace is none: the object goes, with a warning', async () => {
  const { env, client } = await setup();
  const owner = await client.configMaps.create({ metadata: { name: 'owner', namespace: 'other' } });
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata?.uid ?? '' }];
  await client.configMaps.create({ metadata: { name: 'lost', namespace: 'default', ownerReferences } });
  await client.configMaps.create({ metadata: { name: 'kept', namespace: 'other', ownerReferences } });
  await client.configMaps.create({ metadata: { name: 'renamed', namespace: 'other', ownerReferences: [{ ...ownerReferences[0]!, name: 'no-such' }] } });
  await env.loop.advance(1000);
  expect((await client.configMaps.list()).items.map((one) => one.metadata?.name)).toEqual(['kept', 'owner']);
  const [event] = (await client.events.list({ namespace: 'default' })).items;
  expect(event).toMatchObject({
    reason: 'OwnerRefInvalidNamespace',
    message: `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${owner.metadata?.uid}] does not exist in namespace "default"`,
    involvedObject: { kind: 'ConfigMap', name: 'lost' },
    reportingComponent: 'garbage-collector-controller',
  });
});

test('a namespace gets its account and CA, and is emptied pods first when it goes', async () => {
  const { env, client, api } = await setup();
  await client.namespaces.create({ metadata: { name: 'default' }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
  await env.loop.settle();
  expect((await client.serviceAccounts.list()).items.map((one) => one.metadata?.name)).toEqual(['default']);
  expect((await client.configMaps.list()).items.map((one) => one.data)).toEqual([{ 'ca.crt': 'PEM' }]);
  await client.pods.create({ metadata: { name: 'p', namespace: 'default' }, spec: { containers: [], terminationGracePeriodSeconds: 30 } });
  await env.loop.settle();
  api.writes.length = 0;
  await client.namespaces.delete({ name: 'default' });
  await env.loop.advance(6000);
  await expect(client.namespaces.get({ name: 'default' })).rejects.toSatisfy(isNotFound);
  const deletes = api.writes.filter((write) => write.startsWith('DELETE'));
  expect(deletes).toEqual(['DELETE namespaces/default', 'DELETE pods/p', 'DELETE configmaps/kube-root-ca.crt', 'DELETE serviceaccounts/default']);
});

test('a service’s endpoints follow its pods', async () => {
  const { env, client, problems } = await setup();
  const spec = { selector: { app: 'web' }, clusterIP: '10.96.0.9', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }] };
  await client.services.create({ metadata: { name: 'web', namespace: 'default' }, spec });
  await env.loop.settle();
  expect((await client.endpointSlices.list()).items.map((slice) => slice.endpoints ?? [])).toEqual([[]]);
  const template = { metadata: { labels: { app: 'web' } }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'nginx:1' }] } };
  await client.deployments.create(web('nginx:1', { template }));
  await env.loop.settle();
  expect((await client.endpointSlices.list()).items.map((slice) => slice.endpoints ?? [])).toEqual([[]]); // Nothing is known of the node yet.
  await client.nodes.create({ metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  await env.loop.advance(1000);
  const [slice] = (await client.endpointSlices.list()).items;
  expect(slice?.endpoints.map((endpoint) => endpoint.addresses[0])).toEqual(['10.244.0.1', '10.244.0.2', '10.244.0.3']);
  expect((await client.endpoints.get(key)).subsets?.[0]?.addresses).toHaveLength(3);
  await client.deployments.patch(key, 'merge', { spec: { replicas: 1 } });
  await env.loop.settle();
  expect((await client.endpoints.get(key)).subsets?.[0]?.addresses).toHaveLength(1);
  expect(problems.filter((line) => !line.includes('Node n1 Not Found'))).toEqual([]);
});

test('nodes are told of as they come and go, and get the older labels and the time to live', async () => {
  const { env, client, events } = await setup();
  await client.nodes.create({
    metadata: { name: 'n1', labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'x' } },
  });
  await env.loop.settle();
  const { metadata } = await client.nodes.get({ name: 'n1' });
  expect(metadata?.annotations).toEqual({ 'node.alpha.kubernetes.io/ttl': '0' });
  expect(metadata?.labels).toMatchObject({ 'beta.kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'arm64' });
  expect(await events()).toEqual([]);
  await env.loop.advance(5000);
  expect(await events()).toEqual(['RegisteredNode: Node n1 event: Registered Node n1 in Controller']);
  await client.nodes.delete({ name: 'n1' });
  await env.loop.advance(5000);
  expect((await events()).at(-1)).toBe('RemovingNode: Node n1 event: Removing Node n1 from Controller');
});

test('nodes get their ranges in order of appearance, and lose their taint when ready', async () => {
  const { env, client } = await setup();
  for (const name of ['zeta', 'alpha'])
    await client.nodes.create({ metadata: { name }, spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] } });
  await env.loop.settle();
  const node = await client.nodes.get({ name: 'zeta' });
  expect([node.spec?.podCIDR, (await client.nodes.get({ name: 'alpha' })).spec?.podCIDR]).toEqual(['10.244.0.0/24', '10.244.1.0/24']);
  await client.nodes.updateStatus({ ...node, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  await env.loop.settle();
  expect((await client.nodes.get({ name: 'zeta' })).spec?.taints).toBeUndefined();
});

test('five hundred replicas settle without an error', async () => {
  const { env, client, problems } = await setup();
  await client.deployments.create(web('nginx:1', { replicas: 500 }));
  await env.loop.settle();
  expect((await client.deployments.get(key)).status?.availableReplicas).toBe(500);
  expect(problems.filter((line) => !line.includes('events dropped'))).toEqual([]);
});
