import type { EndpointSlice, Namespace, Node, Service } from '../../generated/types/index.ts';
import type { Informer } from '../client/index.ts';
import { InformerFactory, refs } from '../client/index.ts';
import type { DnsService } from '../dns/index.ts';
import { createDnsService } from '../dns/index.ts';
import type { Env } from '../env/index.ts';
import { Kubelet } from '../kubelet/index.ts';
import type { DialFailure, Handler, NodeApi } from '../machinery/index.ts';
import type { Dialer } from '../network/index.ts';
import { createDialer, createNodeNetwork, createServiceProxy, Fabric, type NodeNetwork } from '../network/index.ts';
import type { ImageDefinition, Runtime } from '../runtime/index.ts';
import { createCatalogue, SimulatedRuntime, SimulatedVolumes } from '../runtime/index.ts';
import type { HostRoom } from '../shell/index.ts';
import { Kernel, shellProgram } from '../shell/index.ts';
import { coreDnsImage } from './addons.ts';
import { clusterNetwork } from './addresses.ts';
import { apiServerService } from './api-server-service.ts';
import type { ComponentName } from './components.ts';
import { controlPlaneManifests, controlPlanePreloads } from './control-plane-manifests.ts';
import { tokensFromApi } from './kubelet-tokens.ts';
import type { NodeProfile } from './node-profile.ts';
import { kubeletNode, nodeFiles, nodeHardware } from './node-profile.ts';
import { credentialsFromApi } from './pull-credentials.ts';
import { componentClient, componentUser } from './users.ts';

export interface DataPlaneOptions {
  readonly env: Env;
  /** The cluster's name. */
  readonly name: string;
  /** What runs: the control plane's node shows a pod for each. */
  readonly components: readonly ComponentName[];
  /** Those that have a kubelet. */
  readonly nodes: readonly NodeProfile[];
  /** Images besides the built-in ones. */
  readonly images: readonly ImageDefinition[];
  /** How a node reaches the API. */
  readonly handlerFor: (node: string) => Handler;
  /** The API, as its container serves it inside the cluster. */
  readonly handler: Handler;
  /** What the API server shows of itself, PEM. */
  readonly servingCertificate?: string | undefined;
  /** Those of the control plane. */
  readonly informers: InformerFactory;
  /** Gives memory back to the machine. */
  readonly reclaimMemory?: (() => void) | undefined;
}

/** A node's kubelet may be silent, or the whole machine down. */
export type NodeState = 'running' | 'silent' | 'down';

interface RunningNode {
  state: NodeState;
  readonly name: string;
  readonly address: string;
  readonly network: NodeNetwork;
  readonly kubelet: Kubelet;
  readonly runtime: SimulatedRuntime;
}

/** Where pods run: nodes with their kubelets and containers, the network between them, Services, and the cluster's names. */
export class DataPlane {
  readonly fabric: Fabric;
  /** From the machine outside to node ports. */
  readonly dialer: Dialer;
  /** The control plane's own cache of Services. */
  readonly services: Informer<Service>;
  readonly dns: DnsService;
  readonly #kernel: Kernel;
  readonly #catalogue: readonly ImageDefinition[];
  readonly #nodeInformers: InformerFactory[] = [];
  readonly #nodes: RunningNode[] = [];

  constructor(readonly options: DataPlaneOptions) {
    const { env, informers } = options;
    this.#catalogue = [...options.images, ...createCatalogue(shellProgram)];
    this.#kernel = new Kernel(env, { reclaimMemory: options.reclaimMemory });
    this.fabric = new Fabric(env);
    this.dialer = createDialer(this.fabric, clusterNetwork.gateway);
    this.services = informers.for<Service>(refs.services);
    this.dns = this.#createDns();
    this.#connectServices();
    for (const [index, node] of options.nodes.entries()) this.#nodes.push(this.#createNode(node, clusterNetwork.nodeAddress(index)));
  }

  /** What containers really keep of this process's memory. */
  get room(): HostRoom {
    return this.#kernel.room;
  }

  get nodes(): readonly { readonly name: string; readonly address: string }[] {
    return this.#nodes.map(({ name, address }) => ({ name, address }));
  }

  /** A node's kubelet, or why nobody answers there. */
  dialKubelet(name: string): NodeApi | DialFailure {
    const node = this.#node(name);
    if (!node || node.state === 'down') return 'no route to host';
    return node.state === 'silent' ? 'connection refused' : node.kubelet;
  }

  /** What holds a node's containers; undefined for a node that has no kubelet. */
  runtime(name: string): Runtime | undefined {
    return this.#node(name)?.runtime;
  }

  nodeState(name: string): NodeState | undefined {
    return this.#node(name)?.state;
  }

  #node(name: string): RunningNode | undefined {
    return this.#nodes.find((node) => node.name === name);
  }

  /**
   * Silences a node: `silent` ends its kubelet, and what runs in its containers goes on; `down` takes the whole machine away.
   * `running` brings it back, and its kubelet catches up. What is so already stays so.
   * @throws Error for a node that has no kubelet
   */
  setNodeState(name: string, state: NodeState): void {
    const node = this.#node(name);
    if (!node) throw new Error(`node ${name} has no kubelet`);
    const before = node.state;
    if (before === state || (before === 'down' && state === 'silent')) return;
    node.state = state;
    if (state === 'running') {
      if (before === 'down') node.kubelet.startAfterReboot();
      else node.kubelet.start();
      return;
    }
    node.kubelet.stop();
    if (state === 'down') node.runtime.shutdown();
  }

  start(): void {
    for (const { kubelet } of this.#nodes) kubelet.start();
  }

  /** After those of the control plane. */
  startInformers(): void {
    for (const informers of this.#nodeInformers) informers.start();
  }

  stop(): void {
    for (const { kubelet, runtime } of this.#nodes) {
      kubelet.stop();
      runtime.shutdown();
    }
  }

  stopInformers(): void {
    for (const informers of this.#nodeInformers) informers.stop();
  }

  #createDns(): DnsService {
    const { env, informers } = this.options;
    return createDnsService({
      env,
      zone: clusterNetwork.domain,
      informers: {
        services: this.services,
        endpointSlices: informers.for<EndpointSlice>(refs.endpointSlices),
        namespaces: informers.for<Namespace>(refs.namespaces),
      },
    });
  }

  /** kube-proxy: Service addresses lead to endpoints, for all nodes alike. */
  #connectServices(): void {
    const { env, informers } = this.options;
    const proxy = createServiceProxy({
      env,
      services: this.services,
      endpointSlices: informers.for<EndpointSlice>(refs.endpointSlices),
      nodeAddress: (name) => this.#nodes.find((node) => node.name === name)?.address,
      flows: this.fabric.flows,
    });
    this.fabric.setTranslator(proxy);
  }

  #createNode(profile: NodeProfile, address: string): RunningNode {
    const { env } = this.options;
    const { name } = profile;
    const client = componentClient(this.options.handlerFor(name), componentUser.node(name), 'kubelet');
    const informers = new InformerFactory(client, env);
    this.#nodeInformers.push(informers);
    const network = createNodeNetwork({ fabric: this.fabric, nodeName: name, nodeAddress: address });
    // The network plugin learns the node's range from its Node, as kindnet does.
    const learn = (node: Readonly<Node>) => node.spec?.podCIDR && network.setPodCidr(node.spec.podCIDR);
    informers.for<Node>(refs.nodes, { fieldSelector: `metadata.name=${name}` }).handle({ added: learn, updated: learn });
    const isControlPlane = profile.role === 'control-plane';
    const volumes = new SimulatedVolumes(env, this.#kernel.room);
    if (isControlPlane) for (const [path, text] of controlPlaneManifests(name, address, this.options.components)) volumes.writeHostFile(path, text);
    const description = kubeletNode(profile, this.options.name);
    for (const [path, text] of nodeFiles(name, description)) volumes.writeHostFile(path, text, 0o644);
    const runtime = new SimulatedRuntime({
      env,
      kernel: this.#kernel,
      hardware: this.#kernel.createHardware(nodeHardware(description.capacity)),
      network,
      catalogue: this.#catalogue,
      hostFile: (path) => volumes.hostFile(path),
      preloaded: [coreDnsImage, ...(isControlPlane ? controlPlanePreloads : [])],
      services: {
        dns: this.dns,
        ...(isControlPlane ? { 'api-server': apiServerService(this.options.handler, this.options.servingCertificate, env.log) } : {}),
      },
    });
    const kubelet = new Kubelet({
      env,
      client,
      informers,
      runtime,
      volumes,
      nodeName: name,
      nodeIp: address,
      clusterDns: clusterNetwork.dnsServiceIp,
      clusterDomain: clusterNetwork.domain,
      hostDns: { servers: [clusterNetwork.gateway], searches: [], options: [] },
      tokenFor: tokensFromApi(client),
      credentials: credentialsFromApi(client),
      node: description,
    });
    return { state: 'running', name, address, network, kubelet, runtime };
  }
}
