import type { AddressInfo } from 'node:net';
import { createApp } from '../../server/app.ts';
import { controlPrefix, createControlRouter } from '../../server/control.ts';
import { parseDuration } from '../../server/duration.ts';
import { createHttpServer } from '../../server/http-server.ts';
import { renderKubeconfig } from '../../server/kubeconfig.ts';
import { serveNodePorts } from '../../server/node-ports.ts';
import { inSimulatedOrder } from '../../server/start-server.ts';
import { createClusterPki } from '../../server/tls.ts';
import { handleUpgrades } from '../../server/upgrade/upgrade.ts';
import { kubernetesVersion, paperkubeVersion } from '../../server/versions.ts';
import type { Handler, WatchBody } from '../../src/machinery/index.ts';
import { simulatedCluster } from './simulated-cluster.ts';
import type { TranscriptCluster } from './transcript.ts';

interface TranscriptClusterOptions {
  readonly seed: number;
  /** Whether node ports appear on 127.0.0.1, as those of a started cluster do. */
  readonly nodePorts?: boolean;
}

const host = '127.0.0.1';
const controlToken = 'of-transcripts';

/** A simulated cluster behind a real HTTPS port, control API included, with watches that can be counted and ended. */
export async function startTranscriptCluster({ seed, nodePorts = false }: TranscriptClusterOptions): Promise<TranscriptCluster> {
  const pki = await createClusterPki({ names: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: Date.now() });
  const cluster = await simulatedCluster({ seed, signCertificate: pki.sign });
  const { env } = cluster;
  const watches = new Watches();
  const handler = watches.observe(inSimulatedOrder(cluster.handler, env));
  const kubeconfig = (): string => renderKubeconfig({ name: 'default', server: url(), certificateAuthority: pki.ca.certificate, client: pki.admin });
  const control = createControlRouter({
    env,
    name: 'default',
    version: paperkubeVersion,
    kubernetesVersion,
    token: controlToken,
    kubeconfig,
    ready: () => true,
    cluster,
    shutdown: () => {},
  });
  const app = createApp({ handler, log: env.log, routers: [{ path: controlPrefix, router: control }] });
  const server = createHttpServer(app, { key: pki.serving.key, cert: pki.serving.certificate, ca: pki.ca.certificate });
  const closeUpgrades = handleUpgrades(server, handler, env);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const url = (): string => `https://${host}:${(server.address() as AddressInfo).port}`;
  const { dataPlane, nodes } = cluster;
  const closeNodePorts =
    nodePorts && dataPlane
      ? serveNodePorts({ services: dataPlane.services, dialer: dataPlane.dialer, nodeAddress: nodes[0]?.address ?? '', host, loop: env.loop, log: env.log })
      : () => {};
  return {
    kubeconfig: kubeconfig(),
    state: {
      name: 'default',
      pid: process.pid,
      server: url(),
      controlUrl: `${url()}${controlPrefix}`,
      controlToken,
      certificateAuthority: pki.ca.certificate,
      version: paperkubeVersion,
    },
    advance: (duration) => env.loop.advance(parseDuration(duration) ?? Number.NaN),
    settle: () => env.loop.settle(),
    setNodeState: (name, state) => cluster.dataPlane?.setNodeState(name, state),
    watchMark: () => watches.opened,
    watchOpened: (mark) => watches.openedAfter(mark),
    endWatches: () => watches.endAll(),
    async close() {
      closeNodePorts();
      await cluster.stop();
      server.closeAllConnections();
      closeUpgrades();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Counts the watches of clients outside, and ends them as a server may at any time. */
class Watches {
  opened = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #ends = new Set<() => void>();

  observe(handler: Handler): Handler {
    return async (request) => {
      const response = await handler(request);
      return response.body.kind === 'watch' ? { ...response, body: this.#observed(response.body) } : response;
    };
  }

  async openedAfter(mark: number): Promise<void> {
    while (this.opened <= mark) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  endAll(): void {
    for (const end of [...this.#ends]) end();
  }

  #observed(body: WatchBody): WatchBody {
    return {
      ...body,
      start: (reader) => {
        const stop = body.start(reader);
        const end = () => {
          if (!this.#ends.delete(end)) return;
          stop();
          reader.end();
        };
        this.#ends.add(end);
        this.opened += 1;
        for (const wake of this.#waiting.splice(0)) wake();
        return () => {
          this.#ends.delete(end);
          stop();
        };
      },
    };
  }
}
