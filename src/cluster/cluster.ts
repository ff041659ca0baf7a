import type { Node, Pod } from '../../generated/types/index.ts';
import type { PluginChoice } from '../admission/plugins/index.ts';
import { builtInPlugins, choosePlugins } from '../admission/plugins/index.ts';
import type { ApiServer, AuditOptions, Authenticator, AuthorizationMode, OpenApiDocuments, RequestLimits, TokenSigner } from '../apiserver/index.ts';
import { createApiServer } from '../apiserver/index.ts';
import type { Client, LeaderElectionOptions, ResourceRef } from '../client/index.ts';
import { createClient, InformerFactory, LeaderElection, refs } from '../client/index.ts';
import type { SignCertificate } from '../controllers/index.ts';
import type { Env, MetricFamily } from '../env/index.ts';
import type { ProtobufSchema } from '../machinery/codec/index.ts';
import type { Handler } from '../machinery/index.ts';
import type { Schema } from '../machinery/schema/index.ts';
import { builtInStrategies } from '../registry/built-in.ts';
import { IpAllocator, PortAllocator } from '../registry/core/index.ts';
import type { FeatureGates } from '../registry/feature-gates.ts';
import { featureGateMistakes } from '../registry/feature-gates.ts';
import type { Strategy } from '../registry/generic/strategy.ts';
import type { ImageDefinition } from '../runtime/index.ts';
import type { Scheduler } from '../scheduler/index.ts';
import { MemoryStore } from '../store/index.ts';
import { clusterNetwork } from './addresses.ts';
import { bootstrap } from './bootstrap.ts';
import type { ComponentName, LoadedComponents } from './components.ts';
import { componentNames, loadComponents } from './components.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestHeaderTrust } from './extension-authentication.ts';
import { FlowSchemaStatus } from './flow-schema-status.ts';
import { IdentityLease } from './identity-lease.ts';
import { KeptObjects } from './kept-objects.ts';
import type { NodeProfile } from './node-profile.ts';
import { controlPlaneLabels } from './node-profile.ts';
import { createReadOnlyObjects, fairnessParts, ownableResources } from './server-objects.ts';
import { ServiceAddresses } from './service-addresses.ts';
import { componentClient, componentUser } from './users.ts';

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
  /** Those with a kubelet want the component that runs kubelets. */
  readonly nodes: readonly NodeProfile[];
  /** What runs, `api` among it; all if absent. */
  readonly components?: readonly ComponentName[] | undefined;
  readonly schema: ClusterSchema;
  /** Images that can be pulled besides the built-in ones; one of the same repository takes the place of a built-in. */
  readonly images?: readonly ImageDefinition[] | undefined;
  /** The cluster CA, PEM: what kube-root-ca.crt holds. */
  readonly rootCa: string;
  /** What the API server shows of itself to clients inside the cluster, PEM; without it they cannot know whom they talk to. */
  readonly servingCertificate?: string | undefined;
  /** Signs certificates with the cluster CA; without it, approved requests get none. */
  readonly signCertificate?: SignCertificate | undefined;
  /** The authorities whose client certificates are good, PEM, for extension API servers; absent where no client shows one. */
  readonly clientCa?: string | undefined;
  /** Signs the tokens of service accounts. */
  readonly tokenSigner: TokenSigner;
  /** The text of a file of static tokens. */
  readonly tokenFile?: string | undefined;
  /** Front proxies whose headers are believed, and the authorities of their certificates, PEM. */
  readonly requestHeaders?: RequestHeaderTrust | undefined;
  /** Who comes in without a certificate or a token; anonymous if absent. */
  readonly authenticators?: readonly Authenticator[];
  /** Whether requests without credentials are from `system:anonymous`; if absent, on the public paths only. */
  readonly anonymous?: boolean | undefined;
  /** Who decides what is allowed; AlwaysAllow if absent. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  readonly audit?: AuditOptions | undefined;
  /** How many requests from outside may be at work at a time; upstream's numbers if absent. */
  readonly requestLimits?: RequestLimits | undefined;
  /** Upstream's --enable-admission-plugins and --disable-admission-plugins, checked by `pluginMistakes`. */
  readonly admission?: PluginChoice | undefined;
  /** Upstream's --feature-gates; each as in 1.33 if absent. */
  readonly featureGates?: FeatureGates | undefined;
  /** `127.0.0.1:6443`, what `/api` tells clients; asked when one asks. */
  readonly serverAddress?: () => string;
  /** What the process says of itself at `/metrics`. */
  readonly processMetrics?: () => Promise<readonly MetricFamily[]>;
  /** Gives memory back to the machine, if that can be done; called after containers have let go of much. */
  readonly reclaimMemory?: (() => void) | undefined;
  /** The way from a node to the API, for those who want it to fail; straight if absent. */
  readonly nodeHandler?: ((node: string, handler: Handler) => Handler) | undefined;
}

/** A whole cluster in this process: what a server serves, and a test drives. */
export interface Cluster {
  readonly env: Env;
  readonly handler: Handler;
  /** A client of group system:masters. */
  readonly admin: Client;
  /** Where pods run; absent without kubelets. */
  readonly dataPlane: Pick<DataPlane, 'dialer' | 'dns' | 'fabric' | 'services' | 'nodeState' | 'setNodeState' | 'runtime' | 'room'> | undefined;
  /** Resolves once every node has been Ready, at once where nobody makes them Ready. */
  readonly nodesReady: Promise<void>;
  /** Name and address of each node, in order, silent ones last. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
  stop(): Promise<void>;
}

/**
 * Builds and starts a cluster. Resolves when its API answers and the objects that every cluster has are there. Rejects for a feature
 * gate that cannot be set.
 */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const [mistake] = featureGateMistakes(options.featureGates ?? {});
  if (mistake) throw new Error(mistake);
  const components = options.components ?? componentNames;
  return new RunningCluster({ ...options, components }, await loadComponents(components)).start();
}

const manager = 'kube-controller-manager';

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

class RunningCluster implements Cluster {
  readonly env: Env;
  readonly handler: Handler;
  readonly admin: Client;
  readonly dataPlane: DataPlane | undefined;
  readonly nodesReady: Promise<void>;
  readonly #store: MemoryStore;
  readonly #informers: InformerFactory;
  readonly #silent: readonly { readonly profile: NodeProfile; readonly address: string }[];
  readonly #scheduler: Scheduler | undefined;
  readonly #server: ApiServer;
  readonly #ips = new IpAllocator(clusterNetwork.serviceCidr);
  readonly #serviceAddresses: ServiceAddresses;
  readonly #keptObjects: KeptObjects;
  readonly #flowSchemaStatus: FlowSchemaStatus;
  readonly #identityLease: IdentityLease;
  #strategies: readonly Strategy[] = [];
  /** The API server as a client of itself, by the name of one of its parts. */
  readonly #clientAs = (component: string): Client => componentClient(this.handler, componentUser.apiServer, component);
  /** Of the controllers and the scheduler, where they run. */
  readonly #elections: readonly LeaderElection[];
  #stopped = false;

  constructor(
    readonly options: ClusterOptions & { readonly components: readonly ComponentName[] },
    readonly loaded: LoadedComponents,
  ) {
    const { env, name } = options;
    this.env = env;
    this.#store = new MemoryStore(env, { protobufSchema: options.schema.protobufSchema });
    env.metrics.gauge('apiserver_storage_size_bytes', '[STABLE] How much is stored, as JSON, without what is kept of the past.', () => [
      { labels: { storage_cluster_id: 'etcd-0' }, value: this.#store.size },
    ]);
    this.#server = this.#createApiServer();
    this.handler = this.#server.handler;
    this.admin = createClient(this.handler, componentUser.admin, { userAgent: 'paperkube' });
    // One cache for all components of the control plane: in one process, the objects are the same ones anyway.
    this.#informers = new InformerFactory(createClient(this.handler, componentUser.named('kube-controller-manager'), { userAgent: 'paperkube' }), env);
    const apiServer = this.#clientAs('kube-apiserver');
    this.#serviceAddresses = new ServiceAddresses({ env, client: apiServer, informers: this.#informers, ips: this.#ips });
    this.#keptObjects = new KeptObjects({ env, clientAs: this.#clientAs, informers: this.#informers });
    this.#flowSchemaStatus = new FlowSchemaStatus({ env, client: this.#clientAs(fairnessParts.consumer), informers: this.#informers });
    this.#identityLease = new IdentityLease({ env, client: apiServer, hostName: options.nodes[0]?.name ?? name });
    const [live, silent] = [options.nodes.filter((node) => node.kubelet !== false), options.nodes.filter((node) => node.kubelet === false)];
    if (live.length > 0 && !loaded.dataPlane) throw new Error('nodes with kubelets want the component kubelet');
    // The first address is the API server's, also where no kubelet shares it.
    this.#silent = silent.map((profile, index) => ({ profile, address: clusterNetwork.nodeAddress(Math.max(live.length, 1) + index) }));
    const { handler } = this;
    const { images = [], nodeHandler = () => handler } = options;
    this.dataPlane =
      loaded.dataPlane &&
      new loaded.dataPlane.DataPlane({
        env,
        name,
        components: options.components,
        nodes: live,
        images,
        handlerFor: (node) => nodeHandler(node, handler),
        handler,
        servingCertificate: options.servingCertificate,
        informers: this.#informers,
        reclaimMemory: options.reclaimMemory,
      });
    this.#scheduler =
      loaded.scheduler &&
      new loaded.scheduler.Scheduler({
        env,
        client: componentClient(handler, componentUser.named('kube-scheduler'), 'kube-scheduler'),
        informers: this.#informers,
        hostName: options.nodes[0]?.name ?? name,
      });
    this.#elections = [...this.#electManager(), ...this.#electScheduler()];
    this.#countRunningPods();
    this.nodesReady = this.#whenNodesReady();
  }

  get nodes(): readonly { readonly name: string; readonly address: string }[] {
    return [...(this.dataPlane?.nodes ?? []), ...this.#silent.map(({ profile, address }) => ({ name: profile.name, address }))];
  }

  async start(): Promise<Cluster> {
    const { authorizationModes: modes = [] } = this.options;
    const [rbac, nodeAuthorizer] = [modes.includes('RBAC'), modes.includes('Node')];
    const now = this.env.clock.now();
    const addons = componentNames.every((one) => this.options.components.includes(one));
    const apiAddress = clusterNetwork.nodeAddress(0);
    const { clientCa, requestHeaders } = this.options;
    const network = clusterNetwork;
    await bootstrap(this.#clientAs, { apiAddress, addons, network, rbac, nodeAuthorizer, strategies: this.#strategies, clientCa, requestHeaders, now });
    await this.#keptObjects.start();
    this.#flowSchemaStatus.start();
    const absent = [this.loaded.controllers ? [] : 'controller-manager', this.loaded.scheduler ? [] : 'scheduler'].flat();
    await createReadOnlyObjects(this.#server.registry('', 'componentstatuses'), componentUser.admin, now, absent);
    this.#serviceAddresses.start();
    await Promise.all(this.#elections.map((election) => election.start()));
    if (this.dataPlane) this.#markControlPlanes();
    if (this.#silent.length > 0) await this.#registerSilentNodes();
    this.dataPlane?.start();
    this.#informers.start();
    this.dataPlane?.startInformers();
    // Nobody waits for it, so it is no part of the start.
    void this.nodesReady.then(() => {
      if (!this.#stopped) this.#identityLease.start();
    });
    return this;
  }

  #electManager(): LeaderElection[] {
    const { controllers } = this.loaded;
    if (!controllers) return [];
    const { env, rootCa, signCertificate } = this.options;
    const lead = () =>
      controllers.startControllers({
        env,
        informers: this.#informers,
        clientFor: (name) => componentClient(this.handler, name === manager ? componentUser.named(name) : componentUser.controller(name), manager),
        rootCa,
        legacyToken: this.#server.legacyToken,
        signCertificate,
        clusterCidr: clusterNetwork.podCidr,
        resources: ownableResources(ownedResources, this.#strategies),
      });
    return [this.#election(manager, { eventSource: manager, lead })];
  }

  #electScheduler(): LeaderElection[] {
    const scheduler = this.#scheduler;
    if (!scheduler) return [];
    return [this.#election('kube-scheduler', { eventSource: 'default-scheduler', releaseOnStop: true, lead: () => this.#startScheduler(scheduler) })];
  }

  #election(component: string, options: Pick<LeaderElectionOptions, 'eventSource' | 'releaseOnStop' | 'lead'>): LeaderElection {
    const { env, nodes, name } = this.options;
    const client = componentClient(this.handler, componentUser.named(component), component, 'leader-election');
    return new LeaderElection({ env, client, name: component, hostName: nodes[0]?.name ?? name, ...options });
  }

  async #registerSilentNodes(): Promise<void> {
    const { registerSilentNode } = await import('./silent-nodes.ts');
    for (const node of this.#silent) {
      const client = componentClient(this.handler, componentUser.node(node.profile.name), 'kubelet');
      await registerSilentNode(this.env, this.options.name, { ...node, client });
    }
  }

  /** A pod that is looked at before any node is Ready sits out a second of back-off, so the scheduler lets the nodes go first. */
  #startScheduler(scheduler: Scheduler): () => void {
    let over = false;
    const start = () => {
      patience.cancel();
      if (!over) scheduler.start();
    };
    const patience = this.env.loop.after(schedulerPatienceMs, 'scheduler start', start);
    void this.nodesReady.then(start);
    return () => {
      over = true;
      patience.cancel();
      scheduler.stop();
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.dataPlane?.stop();
    const released = Promise.all(this.#elections.map((election) => election.stop()));
    this.#serviceAddresses.stop();
    this.#keptObjects.stop();
    this.#flowSchemaStatus.stop();
    this.#identityLease.stop();
    this.#informers.stop();
    this.dataPlane?.stopInformers();
    await released;
    await this.#store.close();
    await this.env.loop.settle(); // Watchers are told of the end from the Loop; after its stop nobody is told anything.
    this.env.loop.stop();
  }

  #createApiServer(): ApiServer {
    const { env, schema, authenticators, serverAddress, processMetrics, tokenSigner, tokenFile, authorizationModes, anonymous, audit, requestHeaders } =
      this.options;
    const { nodePorts } = clusterNetwork;
    const ports = new PortAllocator(nodePorts.first, nodePorts.last);
    for (const pool of [this.#ips, ports]) pool.meter(env.metrics);
    this.#strategies = builtInStrategies(
      { ips: this.#ips, ports },
      { controllers: this.options.components.includes('controllers'), featureGates: this.options.featureGates },
    );
    const pause = () => env.loop.turn('wait for a service account');
    return createApiServer({
      env,
      store: this.#store,
      strategies: this.#strategies,
      admissionPlugins: (reader, writer, signers) =>
        choosePlugins(
          builtInPlugins({ reader, writer, signers, ids: env.ids, metrics: env.metrics, now: () => env.clock.now(), pause }),
          this.options.admission,
        ),
      schema: schema.schema,
      protobufSchema: schema.protobufSchema,
      openapi: schema.openapi,
      dialNode: (name) => this.dataPlane?.dialKubelet(name) ?? 'no route to host',
      dialAddress: (address, port) => (this.dataPlane ? this.dataPlane.dialer.dial(address, port) : unreachable()),
      serviceAccountTokens: { signer: tokenSigner, issuer: `https://kubernetes.default.svc.${clusterNetwork.domain}` },
      ...(tokenFile === undefined ? {} : { tokenFile }),
      ...(requestHeaders ? { requestHeaders } : {}),
      ...(authenticators ? { authenticators } : {}),
      ...(anonymous === undefined ? {} : { anonymous }),
      ...(authorizationModes ? { authorizationModes } : {}),
      ...(audit ? { audit } : {}),
      requestLimits: this.options.requestLimits,
      featureGates: this.options.featureGates,
      ...(serverAddress ? { serverAddress } : {}),
      ...(processMetrics ? { processMetrics } : {}),
    });
  }

  /** What upstream's kubelets tell at a `/metrics` of their own; here all share one. */
  #countRunningPods(): void {
    this.env.metrics.gauge('kubelet_running_pods', 'Pods that run, by node.', () => {
      const counts = new Map((this.dataPlane?.nodes ?? []).map(({ name }) => [name, 0]));
      for (const { spec, status } of counts.size > 0 ? this.#informers.for<Pod>(refs.pods).lister.list() : []) {
        const before = status?.phase === 'Running' ? counts.get(spec?.nodeName ?? '') : undefined;
        if (before !== undefined) counts.set(spec?.nodeName ?? '', before + 1);
      }
      return [...counts].map(([node, value]) => ({ labels: { node }, value }));
    });
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
    const waiting = new Set(this.nodes.map((node) => node.name));
    // Nodes get their networks, and lose the taint they begin with, by the hand of controllers.
    if (waiting.size === 0 || !this.loaded.controllers) return Promise.resolve();
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
}

/** Without nodes, there is no network that a pod could be in. */
async function unreachable(): Promise<never> {
  throw new Error('No route to host');
}
