/** A node whose kubelet falls silent, or whose machine goes down, and that comes back. */
import { afterEach, expect, test } from 'vitest';
import type { Pod } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { failure } from '../../src/machinery/index.ts';
import { podLog } from '../support/pod-log.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
afterEach(() => cluster.stop());

const node = 'default-worker';
const key = { namespace: 'default', name: 'counter' };
/** Counts seconds, and never ends by itself. */
const counter: Pod = {
  metadata: { name: 'counter', namespace: 'default' },
  spec: { nodeName: node, containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'n=0; while sleep 1; do n=$((n+1)); echo $n; done'] }] },
};

async function started(): Promise<void> {
  cluster = await simulatedCluster();
  await cluster.admin.pods.create(counter);
  await cluster.env.loop.advance(30_000);
}

const pod = () => cluster.admin.pods.get(key);
const renewed = async () => (await cluster.admin.leases.get({ namespace: 'kube-node-lease', name: node })).spec?.renewTime;
const nodeEvents = async (reason: string) =>
  (await cluster.admin.events.list()).items.filter((event) => event.reason === reason && event.involvedObject.name === node);

/** What `kubectl logs` is answered: the log, or why there is none. */
const logs = () => podLog(cluster, 'counter').catch((error: Error) => error.message);

test('a silent kubelet: containers go on, nobody reports, nobody answers; when it is back it tells what has happened', async () => {
  await started();
  const lastLine = Number((await logs()).trim().split('\n').at(-1));
  cluster.dataPlane?.setNodeState(node, 'silent');
  const before = await renewed();
  await cluster.env.loop.advance(60_000);
  expect(await renewed()).toBe(before);
  expect(await logs()).toBe('Get "https://172.18.0.3:10250/containerLogs/default/counter/c": dial tcp 172.18.0.3:10250: connect: connection refused');
  // Deleted meanwhile, it stays until somebody ends it.
  await cluster.admin.pods.create({ ...counter, metadata: { ...counter.metadata, name: 'second' } });
  await cluster.admin.pods.delete(key);
  await cluster.env.loop.advance(60_000);
  expect((await pod()).metadata?.deletionTimestamp).toBeDefined();
  expect((await cluster.admin.pods.get({ namespace: 'default', name: 'second' })).status?.phase).toBe('Pending');
  cluster.dataPlane?.setNodeState(node, 'running');
  await cluster.env.loop.settle();
  expect(Number((await logs()).trim().split('\n').at(-1))).toBeGreaterThan(lastLine + 110);
  await cluster.env.loop.advance(60_000);
  await expect(pod()).rejects.toMatchObject({ status: { code: 404 } });
  expect((await cluster.admin.pods.get({ namespace: 'default', name: 'second' })).status?.phase).toBe('Running');
  expect(await nodeEvents('Rebooted')).toEqual([]);
});

test('a machine that goes down takes its containers with it; when it is back they run again in new sandboxes', async () => {
  await started();
  const was = (await pod()).status;
  cluster.dataPlane?.setNodeState(node, 'down');
  await cluster.env.loop.advance(60_000);
  expect((await pod()).status).toEqual(was);
  expect(await logs()).toContain('dial tcp 172.18.0.3:10250: connect: no route to host');
  cluster.dataPlane?.setNodeState(node, 'running');
  await cluster.env.loop.advance(30_000);
  const { status } = await pod();
  expect(status?.phase).toBe('Running');
  expect(status?.podIP).not.toBe(was?.podIP);
  expect(status?.containerStatuses?.[0]).toMatchObject({
    ready: true,
    restartCount: 1,
    lastState: { terminated: { exitCode: 255, reason: 'Unknown' } },
  });
  expect((await nodeEvents('Rebooted')).map((event) => event.message)).toEqual([
    `Node ${node} has been rebooted, boot id: ${(await cluster.admin.nodes.get({ name: node })).status?.nodeInfo?.bootID}`,
  ]);
});

test('a node that is down does not become one with a silent kubelet, and a foreign name is refused', async () => {
  await started();
  cluster.dataPlane?.setNodeState(node, 'down');
  cluster.dataPlane?.setNodeState(node, 'silent');
  expect(cluster.dataPlane?.nodeState(node)).toBe('down');
  expect(() => cluster.dataPlane?.setNodeState('nobody', 'down')).toThrow('node nobody has no kubelet');
  expect(cluster.dataPlane?.nodeState('nobody')).toBeUndefined();
});

test('a pod that must not start again, and can neither run nor end, keeps its node waiting for nothing', async () => {
  cluster = await simulatedCluster();
  const containers = [
    { name: 'runs', image: 'busybox', command: ['sleep', '10000'] },
    { name: 'never-came', image: 'busybox:no-such-tag' },
  ];
  await cluster.admin.pods.create({ metadata: counter.metadata!, spec: { nodeName: node, restartPolicy: 'Never', containers } });
  await cluster.env.loop.advance(30_000);
  cluster.dataPlane?.setNodeState(node, 'down');
  await cluster.env.loop.advance(60_000);
  cluster.dataPlane?.setNodeState(node, 'running');
  await cluster.env.loop.advance(60_000);
  const { status } = await pod();
  expect(status?.phase).toBe('Pending');
  expect(status?.containerStatuses?.map((one) => Object.keys(one.state ?? {})[0])).toEqual(['waiting', 'terminated']);
});

test('a kubelet that is stopped does not write again what it could not write before', async () => {
  let failing = false;
  cluster = await simulatedCluster({
    nodeHandler: (name, handler) => (request) =>
      failing && name === node ? Promise.reject(failure(500, 'InternalError', 'etcdserver: request timed out')) : handler(request),
  });
  await cluster.admin.pods.create(counter);
  await cluster.env.loop.advance(30_000);
  failing = true;
  await cluster.admin.pods.patch(key, 'strategic', { spec: { containers: [{ name: 'c', image: 'busybox:1.36' }] } });
  await cluster.env.loop.advance(45_000);
  const before = (await pod()).status;
  cluster.dataPlane?.setNodeState(node, 'silent');
  failing = false;
  await cluster.env.loop.advance(60_000);
  expect((await pod()).status).toEqual(before);
  cluster.dataPlane?.setNodeState(node, 'running');
  await cluster.env.loop.advance(30_000);
  expect((await pod()).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, image: 'docker.io/library/busybox:1.36' });
});

test('after a reboot init containers that run again keep their restart counts', async () => {
  cluster = await simulatedCluster();
  const initContainers = [
    { name: 'first', image: 'busybox', command: ['sleep', '5'] },
    { name: 'second', image: 'busybox', command: ['sleep', '5'] },
  ];
  await cluster.admin.pods.create({ metadata: counter.metadata!, spec: { ...counter.spec!, initContainers } });
  await cluster.env.loop.advance(30_000);
  for (const state of ['down', 'running'] as const) {
    cluster.dataPlane?.setNodeState(node, state);
    await cluster.env.loop.advance(2000);
  }
  const { status } = await pod();
  expect(status?.phase).toBe('Pending');
  expect(status?.initContainerStatuses?.map((one) => [Object.keys(one.state ?? {})[0], one.restartCount])).toEqual([
    ['running', 1],
    ['terminated', 0],
  ]);
});
