import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pod, ResourceRequirements } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 1 });
}, 60_000);
afterAll(() => cluster.stop());

async function hold(name: string, mebibytes: number, resources: ResourceRequirements = {}): Promise<void> {
  const args = ['--vm', '1', '--vm-bytes', `${mebibytes}M`, '--vm-hang', '0'];
  const containers = [{ name: 'c', image: 'polinux/stress', command: ['stress'], args, resources }];
  await cluster.admin.pods.create({ metadata: { name, namespace: 'default' }, spec: { restartPolicy: 'Never', containers } });
  await cluster.env.loop.advance(8000);
}

const pod = (name: string): Promise<Readonly<Pod>> => cluster.admin.pods.get({ namespace: 'default', name });

test('a node that runs out of memory at once kills in the order of quality of service, and its kubelet tells of it', async () => {
  await hold('best-effort', 4000);
  await hold('burstable', 6000, { requests: { memory: '4Gi' } });
  const whole = { cpu: '1', memory: '7Gi' };
  await hold('guaranteed', 7000, { requests: whole, limits: whole });
  expect((await pod('best-effort')).status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  expect((await pod('best-effort')).status).toMatchObject({ phase: 'Failed', qosClass: 'BestEffort' });
  for (const name of ['burstable', 'guaranteed']) expect((await pod(name)).status?.phase).toBe('Running');
  const { items } = await cluster.admin.events.list({ fieldSelector: 'reason=SystemOOM' });
  expect(items).toMatchObject([{ type: 'Warning', involvedObject: { kind: 'Node', name: cluster.nodes[0]?.name }, source: { component: 'kubelet' } }]);
  expect(items[0]?.message).toMatch(/^System OOM encountered, victim process: stress, pid: \d+$/);
});
