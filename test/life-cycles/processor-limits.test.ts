/** Processor time in containers: limits slow what is busy, and a probe that comes too late fails. */
import { afterEach, expect, test } from 'vitest';
import type { Container } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
afterEach(() => cluster.stop());

async function run(name: string, container: Partial<Container>): Promise<void> {
  await cluster.admin.pods.create({
    metadata: { name, namespace: 'default' },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [{ name: 'c', image: 'busybox:1.36', ...container }] },
  });
}

const status = async (name: string) => (await cluster.admin.pods.get({ namespace: 'default', name })).status?.containerStatuses?.[0];

/** Simulated seconds that a finished container ran. */
async function seconds(name: string): Promise<number> {
  const { startedAt = '', finishedAt = '' } = (await status(name))?.state?.terminated ?? {};
  return (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
}

test('a busy loop takes ten times as long under a tenth of a processor', async () => {
  cluster = await simulatedCluster({ nodes: 2 });
  const loop = { command: ['sh', '-c', 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'] };
  await run('whole', { ...loop, resources: { limits: { cpu: '1' } } });
  await cluster.env.loop.advance(30_000);
  await run('tenth', { ...loop, resources: { limits: { cpu: '100m' } } });
  await cluster.env.loop.advance(60_000);
  const [whole, tenth] = [await seconds('whole'), await seconds('tenth')];
  expect(whole).toBeGreaterThan(0);
  expect(Math.abs(tenth / whole - 10)).toBeLessThan(5); // Times of the API are whole seconds.
});

test('a liveness probe with a short timeout fails where the processor limit leaves it no time', async () => {
  cluster = await simulatedCluster({ nodes: 2 });
  const probed = {
    command: ['sleep', '10000'],
    livenessProbe: {
      exec: { command: ['sh', '-c', 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done'] },
      periodSeconds: 3,
      timeoutSeconds: 1,
      failureThreshold: 2,
    },
  };
  await run('starved', { ...probed, resources: { limits: { cpu: '20m' } } });
  await run('fed', { ...probed, resources: { limits: { cpu: '1' } } });
  await cluster.env.loop.advance(40_000);
  expect((await status('starved'))?.state?.terminated).toBeDefined();
  expect((await status('fed'))?.state?.running).toBeDefined();
  const { items } = await cluster.admin.events.list({ namespace: 'default' });
  const unhealthy = items.filter((event) => event.reason === 'Unhealthy');
  expect(unhealthy.length).toBeGreaterThan(0);
  for (const event of unhealthy)
    expect(`${event.involvedObject.name}: ${event.message}`).toMatch(/^starved: Liveness probe failed: command timed out: .* timed out after 1s$/);
});
