import { expect, test } from 'vitest';
import type { Deployment, Pod } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const containers = [{ name: 'c', image: 'busybox', command: ['sleep', '1d'] }];
const podsOf = async ({ admin }: Cluster, app: string) => (await admin.pods.list({ namespace: 'default', labelSelector: `app=${app}` })).items;

test('pods of a node that is deleted go after a while, marked as failed, and others take their place', async () => {
  const cluster = await simulatedCluster();
  const { admin, env } = cluster;
  const labels = { app: 'web' };
  await admin.deployments.create({
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 4, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  } as Deployment);
  await env.loop.advance(15_000);
  const node = 'default-worker2';
  const lost = (await podsOf(cluster, 'web')).filter(({ spec }) => spec?.nodeName === node).map(({ metadata }) => metadata?.name);
  expect(lost.length).toBeGreaterThan(0);
  const last: Record<string, Pod> = {};
  const stop = admin.pods.watch(
    { namespace: 'default' },
    { event: (type, pod) => void (type === 'DELETED' && (last[pod.metadata?.name ?? ''] = pod)), end() {} },
  );
  await admin.nodes.delete({ name: node });
  await env.loop.advance(30_000);
  expect((await podsOf(cluster, 'web')).map(({ metadata }) => metadata?.name)).toEqual(expect.arrayContaining(lost));
  await env.loop.advance(45_000);
  const now = await podsOf(cluster, 'web');
  expect(now.map(({ spec, status }) => [spec?.nodeName, status?.phase])).toEqual(Array.from({ length: 4 }, () => ['default-worker', 'Running']));
  const why = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };
  expect(last[lost[0] ?? '']?.status).toMatchObject({ phase: 'Failed', conditions: expect.arrayContaining([expect.objectContaining(why)]) });
  stop();
  await cluster.stop();
});

test('pods of a node that comes back in time stay', async () => {
  const cluster = await simulatedCluster({ components: ['api', 'controllers'], silent: ['edge'] });
  const { admin, env } = cluster;
  await admin.pods.create({ metadata: { name: 'there', namespace: 'default', labels: { app: 'x' } }, spec: { nodeName: 'edge', containers } } as Pod);
  const { metadata, ...node } = await admin.nodes.get({ name: 'edge' });
  await admin.nodes.delete({ name: 'edge' });
  await env.loop.advance(25_000);
  await admin.nodes.create({ ...node, metadata: { name: 'edge', labels: metadata?.labels } });
  await env.loop.advance(120_000);
  expect(await podsOf(cluster, 'x')).toHaveLength(1);
  await admin.nodes.delete({ name: 'edge' });
  await env.loop.advance(81_000);
  expect(await podsOf(cluster, 'x')).toEqual([]);
  await cluster.stop();
});

test('a pod that is to go from a node out of service goes without a kubelet', async () => {
  const cluster = await simulatedCluster({ components: ['api', 'controllers'], silent: ['edge'] });
  const { admin, env } = cluster;
  await admin.pods.create({ metadata: { name: 'there', namespace: 'default', labels: { app: 'x' } }, spec: { nodeName: 'edge', containers } } as Pod);
  await admin.pods.delete({ namespace: 'default', name: 'there' });
  await env.loop.advance(120_000);
  expect(await podsOf(cluster, 'x')).toHaveLength(1);
  await admin.nodes.patch({ name: 'edge' }, 'strategic', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, 'status');
  await admin.nodes.patch({ name: 'edge' }, 'merge', {
    spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] },
  });
  await env.loop.advance(21_000);
  expect(await podsOf(cluster, 'x')).toEqual([]);
  await cluster.stop();
});
