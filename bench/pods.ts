import type { Question } from './support/measure.ts';
import { median } from './support/measure.ts';
import { startBenchServer } from './support/server.ts';

type Pod = { metadata: { name: string }; status: { phase: string } };

/** How fast do pods earn their status in real time? */
export const pods: Question = {
  name: 'pods',
  about: 'create to Running of one pod; a Deployment of 500 to all Ready; what 1,000 sleeping loops cost',
  async run({ quick }) {
    const server = await startBenchServer(['--nodes', '6']);
    const { api } = server;
    const single: number[] = [];
    await createToRunning(api, 'warm-up');
    for (let i = 0; i < (quick ? 5 : 20); i += 1) single.push(await createToRunning(api, `single-${i}`));

    const replicas = quick ? 100 : 500;
    const burst = await deploymentToReady(api, replicas);
    await api.json('DELETE', '/apis/apps/v1/namespaces/default/deployments/burst', { propagationPolicy: 'Background' });

    const loops = quick ? 200 : 1000;
    await api.json('POST', '/apis/apps/v1/namespaces/default/deployments', deployment('loops', loops / 10, 10));
    await until(
      async () =>
        (await api.json<{ status: { readyReplicas?: number } }>('GET', '/apis/apps/v1/namespaces/default/deployments/loops')).status.readyReplicas ===
        loops / 10,
    );
    await pause(2000);
    const before = server.cpuMs();
    const span = quick ? 3000 : 10_000;
    await pause(span);
    const share = (100 * (server.cpuMs() - before)) / span;
    const resident = server.residentMib();
    api.close();
    await server.stop();
    return [
      { name: 'create to Running, one pod', value: median(single), unit: 'ms', budget: 50, all: single },
      { name: `Deployment of ${replicas} to all Ready`, value: burst, unit: 'ms', budget: 3000 },
      { name: `${loops} running containers of sleep loops`, value: share, unit: '% of a core', budget: 5 },
      { name: `resident memory with ${loops} sleep loops`, value: resident, unit: 'MiB' },
    ];
  },
};

async function createToRunning(api: Api, name: string, nodeName?: string): Promise<number> {
  let running = () => {};
  const done = new Promise<void>((resolve) => {
    running = resolve;
  });
  const stop = await api.watch(`/api/v1/namespaces/default/pods?watch=true&fieldSelector=metadata.name%3D${name}`, (event) => {
    if ((event.object as unknown as Pod).status?.phase === 'Running') running();
  });
  const began = performance.now();
  await api.json('POST', '/api/v1/namespaces/default/pods', { metadata: { name }, spec: { ...podSpec(1), ...(nodeName ? { nodeName } : {}) } });
  await done;
  const took = performance.now() - began;
  stop();
  await api.json('DELETE', `/api/v1/namespaces/default/pods/${name}?gracePeriodSeconds=0`);
  return took;
}

async function deploymentToReady(api: Api, replicas: number): Promise<number> {
  // Pulls of one node wait for each other, on the simulated clock: every node has the image before the burst.
  for (const node of (await api.json<{ items: { metadata: { name: string } }[] }>('GET', '/api/v1/nodes')).items)
    await createToRunning(api, `warm-${node.metadata.name}`, node.metadata.name);
  const began = performance.now();
  await api.json('POST', '/apis/apps/v1/namespaces/default/deployments', deployment('burst', replicas, 1));
  await until(
    async () =>
      (await api.json<{ status: { readyReplicas?: number } }>('GET', '/apis/apps/v1/namespaces/default/deployments/burst')).status.readyReplicas === replicas,
  );
  return performance.now() - began;
}

type Api = Awaited<ReturnType<typeof startBenchServer>>['api'];

function podSpec(containers: number): object {
  const command = ['sh', '-c', 'while true; do sleep 5; done'];
  return {
    tolerations: [{ operator: 'Exists' }],
    containers: Array.from({ length: containers }, (_, i) => ({ name: `c${i}`, image: 'busybox', imagePullPolicy: 'IfNotPresent', command })),
  };
}

function deployment(name: string, replicas: number, containers: number): object {
  const labels = { app: name };
  return { metadata: { name }, spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(containers) } } };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
