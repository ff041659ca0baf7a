import type { AddressInfo } from 'node:net';
import { createApp } from '../../server/app.ts';
import { parseDuration } from '../../server/duration.ts';
import { createHttpServer } from '../../server/http-server.ts';
import { renderKubeconfig } from '../../server/kubeconfig.ts';
import { inSimulatedOrder } from '../../server/start-server.ts';
import { createClusterPki } from '../../server/tls.ts';
import { handleUpgrades } from '../../server/upgrade/upgrade.ts';
import type { Handler, WatchBody } from '../../src/machinery/index.ts';
import { simulatedCluster } from './simulated-cluster.ts';
import type { TranscriptCluster } from './transcript.ts';

/** A simulated cluster behind a real HTTPS port, with watches that can be counted and ended. */
export async function startTranscriptCluster(options: { readonly seed: number }): Promise<TranscriptCluster> {
  const cluster = await simulatedCluster(options);
  const { env } = cluster;
  const watches = new Watches();
  const handler = watches.observe(inSimulatedOrder(cluster.handler, env));
  const pki = await createClusterPki({ names: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: Date.now() });
  const server = createHttpServer(createApp({ handler, log: env.log }), { key: pki.serving.key, cert: pki.serving.certificate, ca: pki.ca.certificate });
  const closeUpgrades = handleUpgrades(server, handler, env.log);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    kubeconfig: renderKubeconfig({ name: 'default', server: `https://127.0.0.1:${port}`, certificateAuthority: pki.ca.certificate, client: pki.admin }),
    advance: (duration) => env.loop.advance(parseDuration(duration) ?? Number.NaN),
    settle: () => env.loop.settle(),
    watchMark: () => watches.opened,
    watchOpened: (mark) => watches.openedAfter(mark),
    endWatches: () => watches.endAll(),
    async close() {
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
