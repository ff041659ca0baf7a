import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/index.ts';
import type { Summary } from '../../src/kubelet/server/stats-types.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 1 });
  await cluster.admin.pods.create({
    metadata: { name: 'app', namespace: 'default' },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'busybox',
          command: ['sh', '-c', 'echo started; head -c 3000 /dev/zero >/data/file; head -c 2000000 /dev/zero >/memory/file; while :; do sleep 1; done'],
          resources: { limits: { cpu: '500m', memory: '64Mi' } },
          readinessProbe: { exec: { command: ['true'] } },
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'memory', mountPath: '/memory' },
          ],
        },
      ],
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory' } },
      ],
    },
  });
  await cluster.env.loop.advance(30_000);
}, 60_000);
afterAll(() => cluster.stop());

/** Asks the kubelet of the node that the pod is on. */
async function ask(path: string, { method = 'GET', node = '' } = {}) {
  const { spec } = await cluster.admin.pods.get({ namespace: 'default', name: 'app' });
  const [before = '', query = ''] = path.split('?');
  const { status, body, headers } = await cluster.handler({
    method,
    path: `/api/v1/nodes/${node || spec?.nodeName}/proxy${before}`,
    query: new URLSearchParams(query),
    headers: {},
    user: { username: 'admin', groups: ['system:masters'] },
  });
  const text = body.kind === 'bytes' ? String(body.bytes) : body.kind === 'object' ? (body.object() as { message?: string }).message : '';
  return { status, body, headers, text: text ?? '' };
}

test('the health of a kubelet is asked for as a whole and check by check', async () => {
  expect((await ask('/healthz')).text).toBe('ok');
  expect((await ask('/healthz?verbose')).text).toBe('[+]ping ok\n[+]log ok\n[+]syncloop ok\nhealthz check passed\n');
  expect((await ask('/healthz/syncloop')).text).toBe('ok');
  expect((await ask('/healthz/other')).status).toBe(404);
});

test('the summary tells what the node, the pod, its containers and its volumes use', async () => {
  const summary = JSON.parse((await ask('/stats/summary')).text) as Summary;
  const pod = summary.pods.find(({ podRef }) => podRef.name === 'app');
  const [container] = pod?.containers ?? [];
  expect(container).toMatchObject({ name: 'main', logs: { usedBytes: 54 } });
  // A shell, its sleep and the file in memory.
  expect(container?.memory.workingSetBytes).toBeGreaterThan(2_000_000);
  expect((container?.memory.workingSetBytes ?? 0) + (container?.memory.availableBytes ?? 0)).toBe(64 * 1024 ** 2);
  expect(container?.memory.rssBytes).toBe((container?.memory.usageBytes ?? 0) - 2_000_000);
  expect(container?.cpu.usageCoreNanoSeconds).toBeGreaterThan(0);
  expect(pod?.cpu.usageCoreNanoSeconds).toBeGreaterThan(container?.cpu.usageCoreNanoSeconds ?? 0); // And the pause process.
  expect(pod?.process_stats).toEqual({ process_count: 3 });
  const bytesOf = (name: string) => pod?.volume?.find((one) => one.name === name)?.usedBytes;
  expect([bytesOf('data'), bytesOf('memory')]).toEqual([3000, 2_000_000]);
  expect(pod?.['ephemeral-storage']?.usedBytes).toBe(3054);
  expect(summary.node.memory.workingSetBytes).toBeGreaterThan(pod?.memory.workingSetBytes ?? 0);
  expect(summary.node.systemContainers.map(({ name }) => name)).toEqual(['pods']);
});

test('asked for processors and memory only, the summary leaves disks out', async () => {
  const { node, pods } = JSON.parse((await ask('/stats/summary?only_cpu_and_memory=true')).text) as Summary;
  expect(Object.keys(node)).toEqual(['nodeName', 'systemContainers', 'startTime', 'cpu', 'memory', 'swap']);
  expect(Object.keys(pods.at(-1)?.containers[0] ?? {})).toEqual(['name', 'startTime', 'cpu', 'memory', 'swap']);
});

test('how much processor something uses is told of the time since the last look', async () => {
  const rate = async () =>
    (JSON.parse((await ask('/stats/summary')).text) as Summary).pods.find(({ podRef }) => podRef.name === 'app')?.containers[0]?.cpu.usageNanoCores;
  await cluster.env.loop.advance(20_000);
  const idle = (await rate()) ?? 0;
  expect(idle).toBeLessThan(10_000_000);
  const { spec, status } = await cluster.admin.pods.get({ namespace: 'default', name: 'app' });
  const id = status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
  await cluster.dataPlane?.runtime(spec?.nodeName ?? '')?.exec(id, { command: ['sh', '-c', 'while :; do :; done'], stdin: false, tty: false });
  await cluster.env.loop.advance(20_000);
  // It has half a processor.
  expect(await rate()).toBeGreaterThan(400_000_000);
  expect(await rate()).toBeLessThan(550_000_000);
});

test('pods are told as the kubelet has them, with where they come from', async () => {
  const { items } = JSON.parse((await ask('/pods')).text) as { items: { metadata: { name: string; annotations: Record<string, string> }; status: object }[] };
  const app = items.find(({ metadata }) => metadata.name === 'app');
  expect(app?.metadata.annotations).toMatchObject({ 'kubernetes.io/config.source': 'api', 'kubernetes.io/config.seen': expect.any(String) });
  expect(app?.status).toMatchObject({ phase: 'Running' });
  const running = JSON.parse((await ask('/runningpods/')).text) as { items: { metadata: { name: string }; spec: unknown }[] };
  expect(running.items.find(({ metadata }) => metadata.name === 'app')?.spec).toEqual({ containers: [{ name: 'main', image: 'busybox', resources: {} }] });
});

test('metrics are of this node, in the text format of Prometheus', async () => {
  expect((await ask('/metrics')).text).toMatch(/^kubelet_started_pods_total \d+$/m);
  expect((await ask('/metrics/resource')).text).toMatch(/^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="app"\} [\d.e+-]+ \d+$/m);
  expect((await ask('/metrics/cadvisor')).text).toMatch(
    /^container_spec_memory_limit_bytes\{container="main",id="\/kubepods.slice\/[^"]+",image="busybox",name="[0-9a-f]{64}",namespace="default",pod="app"\} 6.7108864e\+07$/m,
  );
  expect((await ask('/metrics/probes')).text).toMatch(/^prober_probe_total\{container="main",.*probe_type="Readiness",result="successful"\} \d+$/m);
});

test('configz tells the configuration that a kubelet runs with', async () => {
  const { kubeletconfig } = JSON.parse((await ask('/configz')).text);
  expect(kubeletconfig).toMatchObject({ staticPodPath: '/etc/kubernetes/manifests', clusterDNS: ['10.96.0.10'], clusterDomain: 'cluster.local', maxPods: 110 });
});

test('a log is had by namespace, pod and container', async () => {
  const { body } = await ask('/containerLogs/default/app/main?tailLines=1');
  if (body.kind !== 'stream') throw new Error(`a ${body.kind}`);
  const chunks: Uint8Array[] = [];
  await new Promise<void>((resolve) => body.start({ data: (chunk) => chunks.push(chunk), end: () => resolve() }));
  expect(Buffer.concat(chunks).toString()).toBe('started\n');
  expect(await ask('/containerLogs/default/app/none')).toMatchObject({ status: 404, text: 'container "none" not found in pod "app"' });
  expect(await ask('/containerLogs/default/none/main')).toMatchObject({ status: 404, text: 'pod "none" does not exist' });
  expect(await ask('/containerLogs/default/app/main?tailLines=x')).toMatchObject({ status: 400, text: '{"message": "Unable to decode query."}' });
});

test('the top of the proxy is a path of its own, and what a kubelet does not know is not found', async () => {
  expect(await ask('')).toMatchObject({ status: 301, headers: { location: expect.stringMatching(/\/proxy\/$/) } });
  expect(await ask('/')).toMatchObject({ status: 404, text: '404 page not found\n' });
  expect(await ask('/pods/x')).toMatchObject({ status: 404, text: '404: Page Not Found' });
  expect(await ask('/pods', { method: 'POST' })).toMatchObject({ status: 405, text: '405: Method Not Allowed' });
});

test('what is not simulated of a kubelet is refused by name', async () => {
  expect(await ask('/logs/')).toMatchObject({ status: 501, text: 'paperkube does not simulate the log files of a node' });
  expect((await ask('/exec/default/app/main')).status).toBe(501);
});

test('other ports of a node, nodes that there are not and bad names are answered as upstream', async () => {
  const { spec } = await cluster.admin.pods.get({ namespace: 'default', name: 'app' });
  expect((await ask('/healthz', { node: `${spec?.nodeName}:10250` })).text).toBe('ok');
  expect((await ask('/healthz', { node: `https:${spec?.nodeName}:10250` })).text).toBe('ok');
  expect(await ask('/', { node: `${spec?.nodeName}:4` })).toMatchObject({
    status: 503,
    text: expect.stringMatching(/^error trying to reach service: dial tcp .*:4: connect: connection refused$/),
  });
  expect(await ask('/', { node: 'none' })).toMatchObject({ status: 404, text: 'nodes "none" not found' });
  expect(await ask('/', { node: 'a:b:c:d' })).toMatchObject({ status: 400, text: 'invalid node request "a:b:c:d"' });
});

test('a kubelet that is silent cannot be reached', async () => {
  const { spec } = await cluster.admin.pods.get({ namespace: 'default', name: 'app' });
  cluster.dataPlane?.setNodeState(spec?.nodeName ?? '', 'silent');
  expect(await ask('/healthz')).toMatchObject({
    status: 503,
    text: expect.stringMatching(/^error trying to reach service: dial tcp [\d.]+:10250: connect: connection refused$/),
  });
});
