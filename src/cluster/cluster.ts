import type { EndpointSlice, Namespace, Node, Pod, Service } from '../../generated/types/index.ts';
import { builtInPlugins } from '../admission/plugins/index.ts';
import type {
  ApiServer,
  AuditOptions,
  Authenticator,
  AuthorizationMode,
  MetricFamily,
  MetricsRenderer,
  OpenApiDocuments,
  TokenSigner,
} from '../apiserver/index.ts';
import { createApiServer } from '../apiserver/index.ts';
import type { Client, Informer, ResourceRef } from '../client/index.ts';
import { createClient, InformerFactory, refs } from '../client/index.ts';
import { startControllers } from '../controllers/index.ts';
import type { DnsService } from '../dns/index.ts';
import { createDnsService } from '../dns/index.ts';
import type { Env } from '../env/index.ts';
import { Kubelet } from '../kubelet/index.ts';
import type { ProtobufSchema } from '../machinery/codec/index.ts';
import type { Handler, UserInfo } from '../machinery/index.ts';
import type { Schema } from '../machinery/schema/index.ts';
import type { Dialer } from '../network/index.ts';
import { createDialer, createNodeNetwork, createServiceProxy, Fabric, type NodeNetwork } from '../network/index.ts';
import { builtInStrategies } from '../registry/built-in.ts';
import { IpAllocator, PortAllocator } from '../registry/core/index.ts';
import type { Strategy } from '../registry/generic/strategy.ts';
import type { ImageDefinition } from '../runtime/index.ts';
import { createCatalogue, SimulatedRuntime, SimulatedVolumes } from '../runtime/index.ts';
import { Scheduler } from '../scheduler/index.ts';
import { Kernel, shellProgram } from '../shell/index.ts';
import { MemoryStore } from '../store/index.ts';
import { coreDnsImage } from './addons.ts';
import { bootstrap } from './bootstrap.ts';
import { tokensFromApi } from './kubelet-tokens.ts';
import type { NodeProfile } from './node-profile.ts';
import { controlPlaneLabels, kubeletNode } from './node-profile.ts';
import { createReadOnlyObjects, ownableResources } from './server-objects.ts';

/** Addresses of a cluster, as kubeadm and kind choose them. */
export const clusterNetwork = {
  domain: 'cluster.local',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  /** The Service `kubernetes`. */
  apiServiceIp: '10.96.0.1',
  dnsServiceIp: '10.96.0.10',
  nodePorts: { first: 30_000, last: 32_767 },
  /** The machine that the nodes run on, seen from the nodes. */
  gateway: '172.18.0.1',
  /** Address of the nth node, from 0. */
  nodeAddress: (index: number) => `172.18.${(index + 2) >> 8}.${(index + 2) & 0xff}`,
} as const;

/** The API's facts, from the schema build. */
export interface ClusterSchema {
  readonly schema: Schema;
  /** Read when the first protobuf body arrives. */
  readonly protobufSchema: () => ProtobufSchema;
  readonly openapi: OpenApiDocuments;
}

export interface ClusterOptions {
  readonly env: Env;
  /** In front of the names of nodes. */
  readonly name: string;
  readonly nodes: readonly NodeProfile[];
  readonly schema: ClusterSchema;
  /** The cluster CA, PEM: what kube-root-ca.crt holds. */
  readonly rootCa: string;
  /** Signs the tokens of service accounts. */
  readonly tokenSigner: TokenSigner;
  /** The text of a file of static tokens. */
  readonly tokenFile?: string | undefined;
  /** Who comes in without a certificate or a token; anonymous if absent. */
  readonly authenticators?: readonly Authenticator[];
  /** Whether requests without credentials are from `system:anonymous`; if absent, on the public paths only. */
  readonly anonymous?: boolean | undefined;
  /** Who decides what is allowed; AlwaysAllow if absent. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  readonly audit?: AuditOptions | undefined;
  /** `127.0.0.1:6443`, what `/api` tells clients. */
  readonly serverAddress?: string;
  /** Writes `/metrics`; without it the path is refused by name. */
  readonly renderMetrics?: MetricsRenderer;
}

/** A whole cluster in this process: what a server serves, and a test drives. */
export interface Cluster {
  readonly env: Env;
  readonly handler: Handler;
  /** A client of group system:masters. */
  readonly admin: Client;
  readonly dns: DnsService;
  readonly fabric: Fabric;
  /** From the machine outside to node ports. */
  readonly dialer: Dialer;
  /** The control plane's own cache of Services. */
  readonly services: Informer<Service>;
  /** Resolves once every node has been Ready. */
  readonly nodesReady: Promise<void>;
  /** Name and address of each node, in order. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
  stop(): Promise<void>;
}

/** Builds and starts a cluster. Resolves when its API answers and the objects that every cluster has are there. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  return new RunningCluster(options).start();
}

const manager = 'kube-controller-manager';

/** Upstream's user of each component. */
const componentUser = {
  /** A controller's own account; the manager itself is a user. */
  controller: (name: string): UserInfo => ({
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  }),
  node: (name: string): UserInfo => ({ username: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] }),
  named: (name: string): UserInfo => ({ username: `system:${name}`, groups: ['system:authenticated'] }),
  admin: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] } as UserInfo,
};

/** A namespace is emptied of these first, in this order. */
const ownedResources: readonly ResourceRef[] = [
  refs.pods,
  refs.replicaSets,
  refs.deployments,
  refs.services,
  refs.endpoints,
  refs.endpointSlices,
  refs.configMaps,
  refs.secrets,
  refs.serviceAccounts,
  refs.leases,
  refs.events,
  refs.nodes,
];

const notReadyTaint = 'node.kubernetes.io/not-ready';

/** Nodes that are not Ready by then do not hold the scheduler up. */
const schedulerPatienceMs = 1_000;

interface RunningNode {
  readonly name: string;
  readonly address: string;
  readonly network: NodeNetwork;
  readonly kubelet: Kubelet;
  readonly runtime: SimulatedRuntime;
}

class RunningCluster implements Cluster {
  readonly env: Env;
  readonly handler: Handler;
  readonly admin: Client;
  readonly dns: DnsService;
  readonly fabric: Fabric;
  readonly dialer: Dialer;
  readonly services: Informer<Service>;
  readonly nodesReady: Promise<void>;
  readonly #store: MemoryStore;
  readonly #kernel: Kernel;
  readonly #catalogue: readonly ImageDefinition[] = createCatalogue(shellProgram);
  readonly #informers: InformerFactory;
  readonly #nodeInformers: InformerFactory[] = [];
  readonly #nodes: RunningNode[] = [];
  readonly #scheduler: Scheduler;
  readonly #server: ApiServer;
  #strategies: readonly Strategy[] = [];
  #stopControllers = () => {};
  #stopped = false;

  constructor(readonly options: ClusterOptions) {
    const { env } = options;
    this.env = env;
    this.#store = new MemoryStore(env);
    this.#server = this.#createApiServer();
    this.handler = this.#server.handler;
    this.admin = createClient(this.handler, componentUser.admin, { userAgent: 'paperkube' });
    // One cache for all components of the control plane: in one process, the objects are the same ones anyway.
    this.#informers = new InformerFactory(createClient(this.handler, componentUser.named('kube-controller-manager'), { userAgent: 'paperkube' }), env);
    this.#kernel = new Kernel(env);
    this.fabric = new Fabric(env);
    this.dialer = createDialer(this.fabric, clusterNetwork.gateway);
    this.services = this.#informers.for<Service>(refs.services);
    this.dns = this.#createDns();
    this.#connectServices();
    for (const [index, node] of options.nodes.entries()) this.#nodes.push(this.#createNode(node, clusterNetwork.nodeAddress(index)));
    this.#scheduler = new Scheduler({
      env,
      client: this.#clientOf(componentUser.named('kube-scheduler'), 'kube-scheduler'),
      informers: this.#informers,
      hostName: options.nodes[0]?.name ?? options.name,
    });
    this.nodesReady = this.#whenNodesReady();
  }

  get nodes(): readonly { readonly name: string; readonly address: string }[] {
    return this.#nodes.map(({ name, address }) => ({ name, address }));
  }

  async start(): Promise<Cluster> {
    const { authorizationModes: modes = [] } = this.options;
    const [rbac, nodeAuthorizer] = [modes.includes('RBAC'), modes.includes('Node')];
    const now = this.env.clock.now();
    await bootstrap(this.admin, { nodes: this.nodes, network: clusterNetwork, rbac, nodeAuthorizer, strategies: this.#strategies, now });
    await createReadOnlyObjects(this.#server.registry('', 'componentstatuses'), componentUser.admin, now);
    this.#stopControllers = startControllers({
      env: this.env,
      informers: this.#informers,
      clientFor: (name) => this.#clientOf(name === manager ? componentUser.named(name) : componentUser.controller(name), manager),
      rootCa: this.options.rootCa,
      legacyToken: this.#server.legacyToken,
      clusterCidr: clusterNetwork.podCidr,
      resources: ownableResources(ownedResources, this.#strategies),
    });
    this.#markControlPlanes();
    this.#startScheduler();
    for (const { kubelet } of this.#nodes) kubelet.start();
    this.#informers.start();
    for (const informers of this.#nodeInformers) informers.start();
    return this;
  }

  /** A pod that is looked at before any node is Ready sits out a second of back-off, so the scheduler lets the nodes go first. */
  #startScheduler(): void {
    const start = () => {
      patience.cancel();
      if (!this.#stopped) this.#scheduler.start();
    };
    const patience = this.env.loop.after(schedulerPatienceMs, 'scheduler start', start);
    void this.nodesReady.then(start);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { kubelet, runtime } of this.#nodes) {
      kubelet.stop();
      runtime.shutdown();
    }
    this.#scheduler.stop();
    this.#stopControllers();
    this.#informers.stop();
    for (const informers of this.#nodeInformers) informers.stop();
    await this.#store.close();
    await this.env.loop.settle(); // Watchers are told of the end from the Loop; after its stop nobody is told anything.
    this.env.loop.stop();
  }

  #createApiServer(): ApiServer {
    const { env, schema, authenticators, serverAddress, renderMetrics, tokenSigner, tokenFile, authorizationModes, anonymous, audit } = this.options;
    const { serviceCidr, nodePorts } = clusterNetwork;
    this.#strategies = builtInStrategies({ ips: new IpAllocator(serviceCidr), ports: new PortAllocator(nodePorts.first, nodePorts.last) });
    return createApiServer({
      env,
      store: this.#store,
      strategies: this.#strategies,
      admissionPlugins: (reader, writer, signers) => builtInPlugins({ reader, writer, signers, ids: env.ids, now: () => env.clock.now() }),
      schema: schema.schema,
      protobufSchema: schema.protobufSchema,
      openapi: schema.openapi,
      dialNode: (name) => this.#nodes.find((node) => node.name === name)?.kubelet,
      dialAddress: (address, port) => this.dialer.dial(address, port),
      serviceAccountTokens: { signer: tokenSigner, issuer: `https://kubernetes.default.svc.${clusterNetwork.domain}` },
      ...(tokenFile === undefined ? {} : { tokenFile }),
      ...(authenticators ? { authenticators } : {}),
      ...(anonymous === undefined ? {} : { anonymous }),
      ...(authorizationModes ? { authorizationModes } : {}),
      ...(audit ? { audit } : {}),
      ...(serverAddress ? { serverAddress } : {}),
      ...(renderMetrics ? { renderMetrics: (families) => renderMetrics([...families, ...this.#componentFamilies()]) } : {}),
    });
  }

  /** What upstream's other components tell at `/metrics` of their own; here they share one process. */
  #componentFamilies(): MetricFamily[] {
    const runningPods = () =>
      this.#nodes.map(({ name }) => {
        const pods = this.#informers.for<Pod>(refs.pods).lister.list();
        return { labels: { node: name }, value: pods.filter((pod) => pod.spec?.nodeName === name && pod.status?.phase === 'Running').length };
      });
    return [{ name: 'kubelet_running_pods', help: 'Number of pods that have a running pod sandbox', type: 'gauge', samples: runningPods }];
  }

  #createDns(): DnsService {
    return createDnsService({
      env: this.env,
      zone: clusterNetwork.domain,
      informers: {
        services: this.services,
        endpointSlices: this.#informers.for<EndpointSlice>(refs.endpointSlices),
        namespaces: this.#informers.for<Namespace>(refs.namespaces),
      },
    });
  }

  /** kube-proxy: Service addresses lead to endpoints, for all nodes alike. */
  #connectServices(): void {
    const proxy = createServiceProxy({
      env: this.env,
      services: this.services,
      endpointSlices: this.#informers.for<EndpointSlice>(refs.endpointSlices),
      nodeAddress: (name) => this.#nodes.find((node) => node.name === name)?.address,
      flows: this.fabric.flows,
    });
    this.fabric.setTranslator(proxy);
  }

  #createNode(profile: NodeProfile, address: string): RunningNode {
    const { env } = this.options;
    const { name } = profile;
    const client = this.#clientOf(componentUser.node(name), 'kubelet');
    const informers = new InformerFactory(client, env);
    this.#nodeInformers.push(informers);
    const network = createNodeNetwork({ fabric: this.fabric, nodeName: name, nodeAddress: address });
    // The network plugin learns the node's range from its Node, as kindnet does.
    const learn = (node: Readonly<Node>) => node.spec?.podCIDR && network.setPodCidr(node.spec.podCIDR);
    informers.for<Node>(refs.nodes, { fieldSelector: `metadata.name=${name}` }).handle({ added: learn, updated: learn });
    const runtime = new SimulatedRuntime({
      env,
      kernel: this.#kernel,
      network,
      catalogue: this.#catalogue,
      preloaded: [coreDnsImage],
      services: { dns: this.dns },
    });
    const kubelet = new Kubelet({
      env,
      client,
      informers,
      runtime,
      volumes: new SimulatedVolumes(env),
      nodeName: name,
      nodeIp: address,
      clusterDns: clusterNetwork.dnsServiceIp,
      clusterDomain: clusterNetwork.domain,
      hostDns: { servers: [clusterNetwork.gateway], searches: [], options: [] },
      tokenFor: tokensFromApi(client),
      node: kubeletNode(profile, this.options.name),
    });
    return { name, address, network, kubelet, runtime };
  }

  /** A kubelet may not say of itself that it is a control plane: the administrator does, as kubeadm, once the Node is there. */
  #markControlPlanes(): void {
    const names = new Set(this.options.nodes.filter((node) => node.role === 'control-plane').map((node) => node.name));
    const added = ({ metadata }: Readonly<Node>) => {
      const name = metadata?.name ?? '';
      if (!names.has(name) || Object.keys(controlPlaneLabels).every((label) => metadata?.labels?.[label] !== undefined)) return;
      const failed = (error: unknown) => this.env.log.warn('control plane could not be labelled', { node: name, error: String(error) });
      this.admin.nodes.patch({ name }, 'merge', { metadata: { labels: controlPlaneLabels } }).catch(failed);
    };
    this.#informers.for<Node>(refs.nodes).handle({ added });
  }

  #whenNodesReady(): Promise<void> {
    const waiting = new Set(this.#nodes.map((node) => node.name));
    return new Promise((resolve) => {
      const look = (node: Readonly<Node>) => {
        const ready = node.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
        // The taint goes a moment after the condition has come; pods stay away until then.
        if (ready && !node.spec?.taints?.some((taint) => taint.key === notReadyTaint)) waiting.delete(node.metadata?.name ?? '');
        if (waiting.size === 0) resolve();
      };
      this.#informers.for<Node>(refs.nodes).handle({ added: look, updated: look });
    });
  }

  #clientOf(user: UserInfo, component: string): Client {
    return createClient(this.handler, user, { userAgent: `${component}/v1.33.0 (linux/amd64) kubernetes/paperkube` });
  }
}
