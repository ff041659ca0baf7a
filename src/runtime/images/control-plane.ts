/**
 * The programs of the control plane's static pods. The components themselves run in paperkube's own process; these stand in for
 * them on their node, so that they can be listed, described, probed and stopped.
 *
 * kube-apiserver serves the cluster's API to whoever asks from inside.
 *
 * Differs from upstream: stopping one changes nothing of the cluster, but that pods do not reach an API server that has stopped; the
 * others answer only for their health.
 */
import { createImageLayer, programEntries } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import { klogHead } from './agnhost.ts';
import type { ImageDefinition } from './definition.ts';
import { mebibytes, remember, tagReader } from './definition.ts';
import { type HealthOf, startHealthServer } from './grpc-server.ts';
import { flagValue, type HttpHandler, plainHandler, startHttpServer, untilSignal } from './http-server.ts';
import { type ApiServerService, apiHandler } from './kube-apiserver.ts';

interface Component {
  readonly name: string;
  readonly port: number;
  readonly tls: boolean;
  /** The flag that says where it listens, if not everywhere. */
  readonly addressFlag?: string;
  readonly versions: readonly string[];
  readonly sizeMebibytes: number;
  /** The paths that tell of its health. */
  readonly health: readonly string[];
}

const kubernetesVersions = ['v1.33.0'];
const kubernetesHealth = ['/livez', '/readyz', '/healthz'];

const components: readonly Component[] = [
  { name: 'kube-apiserver', port: 6443, tls: true, versions: kubernetesVersions, sizeMebibytes: 28.7, health: kubernetesHealth },
  {
    name: 'kube-controller-manager',
    port: 10_257,
    tls: true,
    addressFlag: 'bind-address',
    versions: kubernetesVersions,
    sizeMebibytes: 26.4,
    health: kubernetesHealth,
  },
  { name: 'kube-scheduler', port: 10_259, tls: true, addressFlag: 'bind-address', versions: kubernetesVersions, sizeMebibytes: 20.8, health: kubernetesHealth },
  {
    name: 'etcd',
    port: 2381,
    tls: false,
    versions: ['3.5.21-0', '3.5.16-0', '3.5.15-0', '3.5.12-0', '3.5.10-0', '3.5.6-0', '3.5.1-0', '3.5.0-0'],
    sizeMebibytes: 56,
    health: ['/livez', '/readyz', '/health'],
  },
];

function componentProgram({ name, port, tls, addressFlag, health }: Component): Program {
  return function* (process) {
    const log = function* (text: string): Syscall<void> {
      yield* process.write(2, `${klogHead(process, `${name}.go:1`)}${text}\n`);
    };
    const address = name === 'etcd' ? '127.0.0.1' : addressFlag && flagValue(process.argv.slice(1), addressFlag);
    const api = name === 'kube-apiserver' ? process.system.service<ApiServerService>('api-server') : undefined;
    const rest = api
      ? apiHandler(api)
      : plainHandler(() => ({ status: 501, body: `${name} answers only for its health here: it runs outside of this container\n` }));
    // Probes come so often that they are not sent through the whole of the API.
    const healthy = plainHandler(() => ({ status: 200, body: 'ok' }));
    const answer: HttpHandler = (request, one) => (health.includes(request.target) ? healthy : rest)(request, one);
    yield* log(`"Starting ${name}" standsFor="the ${name} inside paperkube"`);
    try {
      startHttpServer(process, port, answer, { tls, address, certificates: api?.certificates });
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* log(`"Failed to listen" port=${port} err="bind: address already in use"`);
      return 1;
    }
    // An etcd of one's own, without TLS, answers gRPC health checks where its clients come.
    const plainUrl = name === 'etcd' ? /http:\/\/[^,:]+:(\d+)/.exec(flagValue(process.argv.slice(1), 'listen-client-urls') ?? '') : null;
    if (plainUrl) startHealthServer(process, Number(plainUrl[1]), etcdHealth);
    yield* log(`"Serving health checks" port=${port} tls=${tls}`);
    return yield* stop(process, log);
  };
}

// biome-ignore lint/correctness/useYield: a health check may wait, this one does not.
const etcdHealth: HealthOf = function* (service) {
  return service === '' ? 'SERVING' : undefined;
};

function* stop(process: Process, log: (text: string) => Syscall<void>): Syscall<number> {
  const signal = yield* untilSignal(process, ['TERM', 'INT']);
  yield* log(`"Shutting down" signal="SIG${signal}"`);
  return 0;
}

export const controlPlaneImages: readonly ImageDefinition[] = components.map((component) => ({
  repository: `registry.k8s.io/${component.name}`,
  versions: component.versions,
  versionOf: tagReader(component.versions),
  image: remember(() => {
    const layer = createImageLayer([
      ...programEntries('/usr/local/bin', [[component.name, componentProgram(component)]]),
      ['/etc/passwd', { data: 'root:x:0:0:root:/root:/sbin/nologin\n' }],
    ]);
    return { sizeBytes: mebibytes(component.sizeMebibytes), config: { entrypoint: [`/usr/local/bin/${component.name}`] }, layer: () => layer };
  }),
}));
