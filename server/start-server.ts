import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { Authenticator } from '../src/apiserver/index.ts';
import type { Cluster } from '../src/cluster/index.ts';
import { clusterNetwork, createCluster } from '../src/cluster/index.ts';
import type { Env } from '../src/env/index.ts';
import { createEnv, nodeMachine, wallClock } from '../src/env/index.ts';
import type { Handler } from '../src/machinery/index.ts';
import type { ImageDefinition } from '../src/runtime/index.ts';
import { readAccess } from './access.ts';
import { createApp } from './app.ts';
import { listenOn, type RunningServer, type StartOptions } from './cli/index.ts';
import { controlPrefix, createControlRouter } from './control.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { collectGarbage } from './heap.ts';
import { createHttpServer, type ServedTls } from './http-server.ts';
import { type KubeconfigOptions, renderKubeconfig } from './kubeconfig.ts';
import { createLog } from './logging.ts';
import { createProcessMetrics } from './metrics.ts';
import { serveNodePorts } from './node-ports.ts';
import { readSchemaFiles } from './schema-files.ts';
import { createTokenSigner } from './service-account-tokens.ts';
import { type ClusterPki, createClusterPki } from './tls.ts';
import { handleUpgrades } from './upgrade/upgrade.ts';
import { kubernetesVersion, paperkubeVersion } from './versions.ts';

/** Nodes that are not Ready after this much simulated time do not hold up the start any longer. */
const nodesReadyMs = 5_000;

/** Over plain HTTP hardly a client sends credentials (kubectl drops them), so whoever shows no token is the admin. */
const everybodyIsAdmin: Authenticator = async () => ({ username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] });

const programStartMark = 'paperkube start';

/**
 * Starts a cluster and serves it. Fails with a CliError for a port that is taken.
 * `readyMs` counts from the start of the process, so it is meaningful for the first cluster of a process only. Who does other work in the
 * process before that (a fresh clone installs and builds) marks its end with `performance.mark('paperkube start')`.
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const env = createServerEnv(options);
  const { close: closeAccess, clientCas, frontProxyCas, ...access } = readAccess(options);
  const names = options.nodes.map((node) => node.name);
  // Keys are made in other threads, so the schema is read meanwhile.
  const making = createClusterPki({
    names: [...names, options.host, clusterNetwork.nodeAddress(0)],
    serviceAddress: clusterNetwork.apiServiceIp,
    clusterDomain: clusterNetwork.domain,
    nowMs: wallClock(),
  });
  const schema = readSchemaFiles();
  const pki = await making;
  // The port is known once the server listens on it.
  const listening = { address: '' };
  const cluster = await createCluster({
    serverAddress: () => listening.address,
    env,
    name: options.name,
    nodes: options.nodes,
    components: options.components,
    admission: options.admission,
    featureGates: options.featureGates,
    requestLimits: options.requestLimits,
    images: await describedImages(options),
    reclaimMemory: collectGarbage,
    schema,
    rootCa: pki.ca.certificate,
    servingCertificate: pki.serving.certificate,
    signCertificate: pki.sign,
    ...(options.http ? {} : { clientCa: [pki.ca.certificate, ...clientCas].map((pem) => `${pem.trim()}\n`).join('') }),
    tokenSigner: createTokenSigner(pki.serviceAccount),
    ...access,
    processMetrics: createProcessMetrics(),
    ...(options.http ? { authenticators: [everybodyIsAdmin] } : {}),
  });
  try {
    const running = await serve(options, cluster, pki, { ca: [pki.ca.certificate, ...clientCas], frontProxyCa: frontProxyCas });
    listening.address = `${reachable(options.host)}:${running.port}`;
    return { ...running, stop: () => running.stop().finally(closeAccess) };
  } catch (error) {
    await cluster.stop();
    closeAccess();
    throw error;
  }
}

/** Loaded on use: without images of the user's there is nothing to describe, and without kubelets nothing that runs them. */
async function describedImages({ images = [], components }: StartOptions): Promise<readonly ImageDefinition[]> {
  if (images.length === 0 || (components && !components.includes('kubelet'))) return [];
  const [{ describeImage }, { shellProgram }, { withProgram }] = await Promise.all([
    import('../src/runtime/index.ts'),
    import('../src/shell/index.ts'),
    import('./image-modules.ts'),
  ]);
  return await Promise.all(images.map(async (one) => describeImage(await withProgram(one), shellProgram)));
}

function createServerEnv(options: StartOptions): Env {
  let clusterTime = () => 0;
  const env = createEnv({
    machine: nodeMachine,
    log: createLog({ level: options.logLevel, clusterTime: () => clusterTime() }),
    seed: options.seed,
    start: options.clockStart ?? wallClock(),
    mode: options.clock,
  });
  clusterTime = () => env.clock.now();
  return env;
}

async function serve(options: StartOptions, cluster: Cluster, pki: ClusterPki, authorities: Pick<ServedTls, 'ca' | 'frontProxyCa'>): Promise<RunningServer> {
  const { env } = cluster;
  const handler = inSimulatedOrder(cluster.handler, env);
  const controlToken = randomBytes(24).toString('base64url');
  let kubeconfig: KubeconfigOptions = { name: options.name, server: '' };
  let requestShutdown = () => {};
  const shutdownRequested = new Promise<void>((resolve) => {
    requestShutdown = resolve;
  });
  const control = createControlRouter({
    env,
    name: options.name,
    version: paperkubeVersion,
    kubernetesVersion,
    token: controlToken,
    kubeconfig: () => renderKubeconfig(kubeconfig),
    ready: () => true,
    cluster,
    shutdown: () => requestShutdown(),
  });
  const app = createApp({ handler, log: env.log.child('http'), routers: [{ path: controlPrefix, router: control }] });
  const tls = { key: pki.serving.key, cert: pki.serving.certificate, ...authorities };
  const http = createHttpServer(app, options.http ? undefined : tls);
  const handshakes = env.metrics.counters('apiserver_tls_handshake_errors_total', '[ALPHA] Connections that came to nothing before TLS was settled.');
  http.on('tlsClientError', () => handshakes.add(1));
  const closeUpgraded = handleUpgrades(http, handler, { log: env.log.child('http'), loop: env.loop });
  const port = await listenOn(http, options.host, options.port);
  const server = `${options.http ? 'http' : 'https'}://${reachable(options.host)}:${port}`;
  kubeconfig = {
    name: options.name,
    server,
    ...(options.http ? {} : { certificateAuthority: pki.ca.certificate, client: pki.admin }),
  };
  const { dataPlane } = cluster;
  const dns = options.dnsPort === undefined || !dataPlane ? undefined : await startDnsServer({ dns: dataPlane.dns, host: options.host, port: options.dnsPort });
  const nodePorts = dataPlane && {
    services: dataPlane.services,
    dialer: dataPlane.dialer,
    nodeAddress: cluster.nodes[0]?.address ?? '',
    host: options.host,
    loop: env.loop,
    log: env.log.child('node-ports'),
  };
  const closeNodePorts = nodePorts ? serveNodePorts(nodePorts) : () => {};
  await nodesReady(cluster);
  const asked = options.port === undefined && port !== 6443 ? [`port 6443 is taken, so the API is on ${port}`] : [];
  return {
    name: options.name,
    server,
    port,
    kubeconfig,
    kubeconfigText: renderKubeconfig(kubeconfig),
    controlUrl: `${server}${controlPrefix}`,
    controlToken,
    dnsPort: dns?.port,
    readyMs: performance.now() - (performance.getEntriesByName(programStartMark)[0]?.startTime ?? 0),
    nodes: cluster.nodes.map((node) => node.name),
    version: paperkubeVersion,
    kubernetesVersion,
    warnings: asked,
    shutdownRequested,
    stop: () => stop({ http, dns, cluster, closeNodePorts, closeUpgraded }),
  };
}

/** A learner's first word is `kubectl get nodes`: they are Ready by then, unless time stands still and they need some. */
async function nodesReady({ env, nodesReady }: Cluster): Promise<void> {
  if (env.clock.speed === 0) await env.loop.settle();
  else await Promise.race([nodesReady, env.loop.sleep(nodesReadyMs, 'start')]);
}

/**
 * Where time stands still, a request finds the cluster settled: all that follows from earlier requests has happened, so what a
 * client sees does not depend on how fast it is. In `auto` mode time waits until the request is answered.
 */
export function inSimulatedOrder(handler: Handler, env: Pick<Env, 'clock' | 'loop'>): Handler {
  return async (request) => {
    if (env.clock.speed !== 0) return handler(request);
    if (env.clock.mode === 'manual') await env.loop.settle();
    const release = env.loop.hold();
    try {
      return await handler(request);
    } finally {
      release();
    }
  };
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

interface Parts {
  readonly http: Server;
  readonly dns: DnsServer | undefined;
  readonly cluster: Cluster;
  readonly closeNodePorts: () => void;
  readonly closeUpgraded: () => void;
}

async function stop({ http, dns, cluster, closeNodePorts, closeUpgraded }: Parts): Promise<void> {
  closeNodePorts();
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  await cluster.stop(); // Ends watches and followed logs, so that their clients see a clean end.
  closeUpgraded();
  http.closeAllConnections();
  await Promise.all([closed, dns?.close()]);
}
