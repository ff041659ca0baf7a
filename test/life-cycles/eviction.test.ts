import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 1 });
}, 60_000);
afterAll(() => cluster.stop());

async function run(name: string, spec: PodSpec, seconds = 30): Promise<Pod> {
  await cluster.admin.pods.create({ metadata: { name, namespace: 'default' }, spec });
  await cluster.env.loop.advance(seconds * 1000);
  return cluster.admin.pods.get({ namespace: 'default', name });
}

const events = async (name: string) => {
  const { items } = await cluster.admin.events.list({ fieldSelector: `involvedObject.name=${name}` });
  return items.map((one) => `${one.type} ${one.reason}: ${one.message}`);
};

const shell = (line: string, more: object = {}) => [{ name: 'c', image: 'busybox', command: ['sh', '-c', line], ...more }];

test('a pod whose emptyDir on disk outgrows its limit is evicted, and one in memory cannot outgrow it', async () => {
  const volumes = (medium: string) => [{ name: 'cache', emptyDir: { sizeLimit: '1Mi', medium } }];
  const mounts = { volumeMounts: [{ name: 'cache', mountPath: '/cache' }] };
  const onDisk = await run('disk', { containers: shell('dd if=/dev/zero of=/cache/a bs=1M count=2; sleep 36000', mounts), volumes: volumes('') });
  const message = 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ';
  expect(onDisk.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message });
  expect(onDisk.status?.conditions?.some((one) => one.type === 'DisruptionTarget')).toBe(false);
  expect(onDisk.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137);
  expect((await events('disk')).slice(-2)).toEqual([`Warning Evicted: ${message}`, 'Normal Killing: Stopping container c']);
  const inMemory = await run('memory', { containers: shell('dd if=/dev/zero of=/cache/a bs=1M count=2; sleep 36000', mounts), volumes: volumes('Memory') });
  expect(inMemory.status?.phase).toBe('Running');
});

test('a container that writes more than its ephemeral storage limit is evicted, its log counted', async () => {
  const resources = { limits: { 'ephemeral-storage': '1Mi' } };
  const file = await run('file', { containers: shell('dd if=/dev/zero of=/tmp/a bs=1M count=2; sleep 36000', { resources }) });
  const message = 'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ';
  expect(file.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message });
  const log = await run('log', { containers: shell('while true; do echo 0123456789012345678901234567890123456789; done', { resources }) }, 12);
  expect(log.status?.message).toBe(message);
});

test('a node short of memory evicts the pod that takes most beyond its request, and takes no best-effort pod for a while', async () => {
  const node = cluster.nodes[0]?.name ?? '';
  const stress = (size: string) => [{ name: 'c', image: 'polinux/stress', command: ['stress'], args: ['--vm', '1', '--vm-bytes', size, '--vm-hang', '0'] }];
  const small = await run('small', { containers: stress('1G') });
  expect(small.status?.phase).toBe('Running');
  const hog = await run('hog', { containers: stress('15300M') });
  expect(hog.status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
  expect(hog.status?.message).toMatch(
    /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: \d+Ki\. Container c was using 156\d{5}Ki, request is 0, has larger consumption of memory\. $/,
  );
  expect(hog.status?.conditions?.find((one) => one.type === 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'TerminationByKubelet' });
  expect((await cluster.admin.pods.get({ namespace: 'default', name: 'small' })).status?.phase).toBe('Running');
  const condition = async () => (await cluster.admin.nodes.get({ name: node })).status?.conditions?.find((one) => one.type === 'MemoryPressure');
  expect(await condition()).toMatchObject({ status: 'True', reason: 'KubeletHasInsufficientMemory' });
  expect(await events(node)).toEqual(
    expect.arrayContaining([
      'Warning EvictionThresholdMet: Attempting to reclaim memory',
      `Normal NodeHasInsufficientMemory: Node ${node} status is now: NodeHasInsufficientMemory`,
    ]),
  );
  const bound = await run('bound', { nodeName: node, containers: shell('sleep 36000') }, 1);
  expect(bound.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'Pod was rejected: The node had condition: [MemoryPressure]. ' });
  await cluster.env.loop.advance(330_000);
  expect(await condition()).toMatchObject({ status: 'False', reason: 'KubeletHasSufficientMemory' });
});
