import { afterEach, expect, test } from 'vitest';
import type { Pod } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { isNotFound } from '../../src/machinery/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const clusters: Cluster[] = [];
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.stop();
});

async function started(nodes = 1): Promise<Cluster> {
  const cluster = await simulatedCluster({ nodes });
  clusters.push(cluster);
  return cluster;
}

const find = (cluster: Cluster, namespace: string, name: string) =>
  cluster.admin.pods.get({ namespace, name }).catch((error) => {
    if (!isNotFound(error)) throw error;
    return undefined;
  });

const annotation = (pod: Readonly<Pod> | undefined, name: string) => pod?.metadata?.annotations?.[`kubernetes.io/config.${name}`];

/** A pod that runs a line of shell with the node's manifests mounted. */
function writer(name: string, nodeName: string, line: string): Pod {
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName,
      restartPolicy: 'Never',
      containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', line], volumeMounts: [{ name: 'host', mountPath: '/host' }] }],
      volumes: [{ name: 'host', hostPath: { path: '/' } }],
    },
  };
}

const manifest = (text: string) => `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: default, labels: { app: web } }
spec:
  terminationGracePeriodSeconds: 5
  containers: [{ name: c, image: busybox, command: [sh, -c, "${text}; sleep 36000"] }]
`;
const write = (text: string) => `mkdir -p /host/etc/kubernetes/manifests; cat > /host/etc/kubernetes/manifests/web.yaml <<'END'\n${manifest(text)}END`;

test('the control plane runs in static pods on its node, shown by mirrors that are ready', async () => {
  const cluster = await started(2);
  const { items } = await cluster.admin.pods.list({ namespace: 'kube-system', labelSelector: 'tier=control-plane' });
  const [node] = cluster.nodes;
  expect(items.map((pod) => pod.metadata?.name)).toEqual(
    ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => `${name}-${node?.name}`),
  );
  for (const pod of items) {
    expect(pod.status).toMatchObject({ phase: 'Running', podIP: node?.address, containerStatuses: [{ ready: true, restartCount: 0 }] });
    expect(pod.spec).toMatchObject({ hostNetwork: true, priorityClassName: 'system-node-critical', priority: 2_000_001_000, nodeName: node?.name });
    expect(pod.spec?.serviceAccountName).toBeUndefined();
    expect(pod.metadata?.ownerReferences).toMatchObject([{ kind: 'Node', name: node?.name, controller: true }]);
    expect(annotation(pod, 'mirror')).toBe(annotation(pod, 'hash'));
    expect([annotation(pod, 'source'), annotation(pod, 'seen')]).toEqual(['file', '2026-01-01T00:00:00Z']);
  }
});

test('a deleted mirror comes back at once with another uid, and its container runs on', async () => {
  const cluster = await started();
  const name = `etcd-${cluster.nodes[0]?.name}`;
  const before = await find(cluster, 'kube-system', name);
  await cluster.admin.pods.delete({ namespace: 'kube-system', name });
  await cluster.env.loop.advance(100);
  const after = await find(cluster, 'kube-system', name);
  expect(after?.metadata?.uid).not.toBe(before?.metadata?.uid);
  expect(after?.metadata?.deletionTimestamp).toBeUndefined();
  expect(after?.status?.containerStatuses).toEqual(before?.status?.containerStatuses);
  expect(after?.status?.startTime).toBe(before?.status?.startTime);
});

test('a manifest that is written onto a node runs, its change makes another pod, and it ends with its manifest', async () => {
  const cluster = await started(2);
  const worker = cluster.nodes[1]?.name as string;
  const name = `web-${worker}`;
  const run = async (pod: string, line: string) => {
    await cluster.admin.pods.create(writer(pod, worker, line));
    await cluster.env.loop.advance(30_000);
  };
  await run('first', write('echo one'));
  const first = await find(cluster, 'default', name);
  expect(first?.status?.phase).toBe('Running');
  await run('second', write('echo two'));
  // The first one ignores TERM, as shells do, and has its five seconds.
  const second = await find(cluster, 'default', name);
  expect(second?.status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 0 }] });
  expect(annotation(second, 'hash')).not.toBe(annotation(first, 'hash'));
  expect(second?.spec?.containers[0]?.command?.[2]).toContain('echo two');
  await run('third', 'rm /host/etc/kubernetes/manifests/web.yaml');
  expect(await find(cluster, 'default', name)).toBeUndefined();
});

test('a static pod that keeps failing is restarted with back-off, and its mirror tells so', async () => {
  const cluster = await started();
  const node = cluster.nodes[0]?.name as string;
  const line = write('exit 3');
  await cluster.admin.pods.create(writer('first', node, line));
  await cluster.env.loop.advance(90_000);
  const pod = await find(cluster, 'default', `web-${node}`);
  expect(pod?.status?.containerStatuses?.[0]).toMatchObject({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 3 } } });
  expect(pod?.status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(2);
});
