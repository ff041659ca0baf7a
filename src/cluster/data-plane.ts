import type { EndpointSlice, Namespace, Node, Service } from '../../generated/types/index.ts';
import type { Informer } from '../client/index.ts';
import { InformerFactory, refs } from '../client/index.ts';
import type { DnsService } from '../dns/index.ts';
import { createDnsService } from '../dns/index.ts';
import type { Env } from '../env/index.ts';
import { Kubelet } from '../kubelet/index.ts';
import type { Handler } from '../machinery/index.ts';
import type { Dialer } from '../network/index.ts';
import { createDialer, createNodeNetwork, createServiceProxy, Fabric, type NodeNetwork } from '../network/index.ts';
import type { ImageDefinition } from '../runtime/index.ts';
import { createCatalogue, SimulatedRuntime, SimulatedVolumes } from '../runtime/index.ts';
import { Kernel, shellProgram } from '../shell/index.ts';
import { coreDnsImage } from './addons.ts';
import { clusterNetwork } from './addresses.ts';
import { tokensFromApi } from './kubelet-tokens.ts';
import type { NodeProfile } from './node-profile.ts';
import { kubeletNode } from './node-profile.ts';
import { credentialsFromApi } from './pull-credentials.ts';
import { componentClient, componentUser } from './users.ts';

export interface DataPlaneOptions {
  readonly env: Env;
  /** The cluster's name. */
  readonly name: string;
  /** Those that have a kubelet. */
  readonly nodes: readonly NodeProfile[];
  /** Images besides the built-in ones. */
  readonly images: readonly ImageDefinition[];
  readonly handler: Handler;
  /** Those of the control plane. */
  readonly informers: InformerFactory;
}

interface RunningNode {
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
    this.#kernel = new Kernel(env);
    this.fabric = new Fabric(env);
    this.dialer = createDialer(this.fabric, clusterNetwork.gateway);
    this.services = informers.for<Service>(refs.services);
    this.dns = this.#createDns();
    this.#connectServices();
    for (const [index, node] of options.nodes.entries()) this.#nodes.push(this.#createNode(node, clusterNetwork.nodeAddress(index)));
  }

  get nodes(): readonly { readonly name: string; readonly address: string }[] {
    return this.#nodes.map(({ name, address }) => ({ name, address }));
  }

  kubelet(name: string): Kubelet | undefined {
    return this.#nodes.find((node) => node.name === name)?.kubelet;
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
    const client = componentClient(this.options.handler, componentUser.node(name), 'kubelet');
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
      credentials: credentialsFromApi(client),
      node: kubeletNode(profile, this.options.name),
    });
    return { name, address, network, kubelet, runtime };
  }
}
