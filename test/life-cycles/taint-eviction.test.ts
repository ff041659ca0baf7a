import { expect, test } from 'vitest';
import type { Pod, Toleration } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const node = 'default-worker';
const containers = [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'trap exit TERM; while :; do sleep 1; done'] }];
const noExecute = { key: 'down', value: 'yes', effect: 'NoExecute' };

async function clusterWith(pods: Record<string, Toleration[]>): Promise<Cluster> {
  const cluster = await simulatedCluster();
  for (const [name, tolerations] of Object.entries(pods)) {
    await cluster.admin.pods.create({ metadata: { name, namespace: 'default' }, spec: { nodeName: node, tolerations, containers } } as Pod);
  }
  await cluster.env.loop.advance(5_000);
  return cluster;
}

const taint = (cluster: Cluster, ...taints: object[]) => cluster.admin.nodes.patch({ name: node }, 'merge', { spec: { taints } });
const names = async ({ admin }: Cluster) => (await admin.pods.list({ namespace: 'default' })).items.map(({ metadata }) => metadata?.name);
const told = async ({ admin }: Cluster, name: string) =>
  (await admin.events.list({ namespace: 'default', fieldSelector: `involvedObject.name=${name},reason=TaintManagerEviction` })).items.map(
    ({ message }) => message,
  );

test('a taint that forbids execution drives out those who do not tolerate it, at once or when their time is over', async () => {
  const cluster = await clusterWith({ plain: [], patient: [{ ...noExecute, tolerationSeconds: 30 }], stoic: [noExecute] });
  let last: Readonly<Pod> | undefined;
  const seen = (_: string, pod: Readonly<Pod>) => {
    if (pod.metadata?.name === 'plain') last = pod;
  };
  const stop = cluster.admin.pods.watch({ namespace: 'default' }, { event: seen, end() {} });
  await taint(cluster, noExecute);
  await cluster.env.loop.advance(10_000);
  expect(await names(cluster)).toEqual(['patient', 'stoic']);
  expect(last?.status?.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    }),
  );
  expect(await told(cluster, 'plain')).toEqual(['Marking for deletion Pod default/plain']);
  await cluster.env.loop.advance(30_000);
  expect(await names(cluster)).toEqual(['stoic']);
  stop();
  await cluster.stop();
});

test('a taint that goes in time leaves the pod where it is', async () => {
  const cluster = await clusterWith({ patient: [{ ...noExecute, tolerationSeconds: 30 }] });
  await taint(cluster, noExecute);
  await cluster.env.loop.advance(20_000);
  await taint(cluster);
  await cluster.env.loop.advance(60_000);
  expect(await names(cluster)).toEqual(['patient']);
  expect(await told(cluster, 'patient')).toEqual(['Cancelling deletion of Pod default/patient']);
  await cluster.stop();
});
