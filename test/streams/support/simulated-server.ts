import type { AddressInfo } from 'node:net';
import { createApp } from '../../../server/app.ts';
import { createHttpServer } from '../../../server/http-server.ts';
import { inSimulatedOrder } from '../../../server/start-server.ts';
import { handleUpgrades } from '../../../server/upgrade/upgrade.ts';
import { type Client, createClient } from '../../../src/client/index.ts';
import type { Cluster } from '../../../src/cluster/index.ts';
import type { Handler } from '../../../src/machinery/index.ts';
import { simulatedCluster } from '../../support/simulated-cluster.ts';

/** A cluster whose time stands still, behind a plain HTTP port where everybody is the admin. */
export interface SimulatedServer {
  readonly cluster: Cluster;
  readonly url: string;
  /** Runs a script in a busybox container called `main`, and waits until it runs. */
  run(name: string, script: string): Promise<void>;
  /** Resolves when no client is connected. */
  gone(): Promise<void>;
  close(): Promise<void>;
}

const admin = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

/** With the pods `box` (busybox) and `web` (nginx). */
export async function simulatedServer(): Promise<SimulatedServer> {
  const cluster = await simulatedCluster({ nodes: 1 });
  const { env } = cluster;
  const handler: Handler = inSimulatedOrder((request) => cluster.handler({ ...request, user: admin, signal: request.signal }), env);
  const server = createHttpServer(createApp({ handler, log: env.log }));
  const closeUpgraded = handleUpgrades(server, handler, env);
  const client = createClient(cluster.handler, admin);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const create = (name: string, container: { readonly image: string; readonly command?: string[] }) => start(client, cluster, name, container);
  await create('box', { image: 'busybox', command: ['sleep', '1000000'] });
  await create('web', { image: 'nginx' });
  return {
    cluster,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    run: (name, script) => create(name, { image: 'busybox', command: ['sh', '-c', script] }),
    async gone() {
      const connections = () => new Promise<number>((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
      while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    async close() {
      await cluster.stop();
      closeUpgraded();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function start(client: Client, { env }: Cluster, name: string, container: { readonly image: string; readonly command?: string[] }): Promise<void> {
  await client.pods.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', ...container }] },
  });
  for (;;) {
    await env.loop.step();
    const pod = await client.pods.get({ namespace: 'default', name });
    if (pod.status?.phase === 'Running') return;
  }
}
