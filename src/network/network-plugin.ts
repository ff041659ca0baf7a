import type { NetworkPlugin, PortMapping } from '../runtime/types.ts';
import type { NetworkStack } from '../shell/kernel/types.ts';
import type { Fabric } from './fabric.ts';
import type { Host } from './host.ts';
import { HostLocalIpam } from './ipam.ts';

export interface NodeNetworkOptions {
  readonly fabric: Fabric;
  readonly nodeName: string;
  /** The node's own address: `172.18.0.2`. */
  readonly nodeAddress: string;
  /** Known later where the node IPAM controller gives it out: see `setPodCidr`. */
  readonly podCidr?: string;
}

/** The network of one node (upstream: a CNI plugin with host-local IPAM, as kindnet sets it up). */
export class NodeNetwork implements NetworkPlugin {
  readonly #fabric: Fabric;
  readonly #node: Host;
  readonly nodeName: string;
  #ipam: HostLocalIpam | undefined;
  readonly #pods = new Map<string, Host>();

  constructor(options: NodeNetworkOptions) {
    this.#fabric = options.fabric;
    this.nodeName = options.nodeName;
    this.#node = options.fabric.addHost({ addresses: [options.nodeAddress], node: options.nodeName, kind: 'node' });
    if (options.podCidr) this.setPodCidr(options.podCidr);
  }

  get host(): NetworkStack {
    return this.#node;
  }

  /** False until the node has a pod range; the kubelet reports the node NotReady with "cni plugin not initialized" meanwhile. */
  get ready(): boolean {
    return this.#ipam !== undefined;
  }

  /** Takes the node's range. It cannot change later, as `spec.podCIDR` cannot. */
  setPodCidr(cidr: string): void {
    if (this.#ipam) return;
    this.#ipam = new HostLocalIpam(cidr);
    this.#node.ranges.add(cidr);
  }

  async attach(sandbox: {
    readonly id: string;
    readonly hostNetwork: boolean;
    readonly portMappings?: readonly PortMapping[] | undefined;
  }): Promise<{ readonly ips: readonly string[]; readonly stack: NetworkStack }> {
    if (sandbox.hostNetwork) return { ips: [], stack: this.#node };
    if (!this.#ipam) throw new Error('cni plugin not initialized');
    const existing = this.#pods.get(sandbox.id);
    if (existing) return { ips: existing.addresses, stack: existing };
    const ip = this.#ipam.allocate(sandbox.id);
    const host = this.#fabric.addHost({ addresses: [ip], node: this.nodeName, kind: 'pod' });
    this.#pods.set(sandbox.id, host);
    this.#node.hostPorts.add(sandbox.id, ip, sandbox.portMappings ?? []);
    return { ips: host.addresses, stack: host };
  }

  detach(sandboxId: string): void {
    const host = this.#pods.get(sandboxId);
    if (!host) return;
    this.#pods.delete(sandboxId);
    this.#node.hostPorts.remove(sandboxId);
    this.#fabric.removeHost(host);
    this.#ipam?.release(sandboxId);
  }

  /** The node goes for good: all its pods and itself leave the network. */
  close(): void {
    for (const id of [...this.#pods.keys()]) this.detach(id);
    this.#fabric.removeHost(this.#node);
  }
}

export function createNodeNetwork(options: NodeNetworkOptions): NodeNetwork {
  return new NodeNetwork(options);
}
