import type { AddressInfo } from 'node:net';
import { createApp } from '../../../server/app.ts';
import { createHttpServer } from '../../../server/http-server.ts';
import { renderKubeconfig } from '../../../server/kubeconfig.ts';
import { inSimulatedOrder } from '../../../server/start-server.ts';
import { createClusterPki } from '../../../server/tls.ts';
import { handleUpgrades } from '../../../server/upgrade/upgrade.ts';
import type { Cluster } from '../../../src/cluster/index.ts';
import type { Handler, WatchBody } from '../../../src/machinery/index.ts';
import { simulatedCluster } from '../../support/simulated-cluster.ts';

/** A simulated cluster behind a real HTTPS port, whose watches a test can end and keep from coming back. */
export interface GatedServer {
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  readonly url: string;
  /** What a client needs to be let in: PEM texts. */
  readonly credentials: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly gate: WatchGate;
  close(): Promise<void>;
}

export async function startGatedServer(): Promise<GatedServer> {
  const cluster = await simulatedCluster({ nodes: 2 });
  const gate = new WatchGate();
  const handler = gate.guard(inSimulatedOrder(cluster.handler, cluster.env));
  const { ca, serving, admin } = await createClusterPki({ names: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: Date.now() });
  const server = createHttpServer(createApp({ handler, log: cluster.env.log }), { key: serving.key, cert: serving.certificate, ca: ca.certificate });
  const closeUpgraded = handleUpgrades(server, handler, cluster.env);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    cluster,
    url,
    gate,
    kubeconfig: renderKubeconfig({ name: 'clients', server: url, certificateAuthority: ca.certificate, client: admin }),
    credentials: { ca: ca.certificate, cert: admin.certificate, key: admin.key },
    async close() {
      gate.open();
      await cluster.stop();
      closeUpgraded();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Ends watches from the server's side, as it may at any time, and lets new ones wait at the door. */
export class WatchGate {
  /** The resourceVersion each watch asked for, in order. */
  readonly asked: string[] = [];
  readonly #ends = new Set<() => void>();
  #closed: Promise<void> | undefined;
  #open = () => {};
  #knock = () => {};

  guard(handler: Handler): Handler {
    return async (request) => {
      if (request.query.get('watch') !== 'true') return handler(request);
      this.asked.push(request.query.get('resourceVersion') ?? '');
      this.#knock();
      await this.#closed;
      const response = await handler(request);
      return response.body.kind === 'watch' ? { ...response, body: this.#endable(response.body) } : response;
    };
  }

  close(): void {
    this.#closed ??= new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
    this.#closed = undefined;
  }

  /** Ends every open watch; resolves when the next one has been asked for. */
  async endAll(): Promise<void> {
    const knocked = new Promise<void>((resolve) => (this.#knock = resolve));
    for (const end of [...this.#ends]) end();
    await knocked;
  }

  #endable(body: WatchBody): WatchBody {
    return {
      ...body,
      start: (reader) => {
        const stop = body.start(reader);
        const end = () => {
          this.#ends.delete(end);
          stop();
          reader.end();
        };
        this.#ends.add(end);
        return () => {
          this.#ends.delete(end);
          stop();
        };
      },
    };
  }
}
