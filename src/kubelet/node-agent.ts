import type { Lease, Node, ObjectReference } from '../../generated/types/index.ts';
import type { Client, EventRecorder } from '../client/index.ts';
import type { Env, Timer } from '../env/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { ignoreNotFound, isAlreadyExists } from '../machinery/status-error.ts';
import { formatMicroTime } from '../machinery/time.ts';
import type { Runtime } from '../runtime/types.ts';
import { messageOf } from './kubelet-error.ts';
import type { NodeDescription, NodePressure } from './node-status.ts';
import { nodeLabels, nodeObject, nodeStatus } from './node-status.ts';

const leaseNamespace = 'kube-node-lease';
const leaseDurationSeconds = 40;
/** A lease is renewed when a quarter of it is over; upstream looks for changes of the status as often. */
const renewMs = 10_000;
/** A status that has not changed is still reported this often. */
const reportMs = 5 * 60_000;
const retryMs = 1000;

export interface NodeAgentOptions {
  readonly env: Env;
  readonly client: Pick<Client, 'nodes' | 'leases'>;
  readonly runtime: Pick<Runtime, 'name' | 'version' | 'listImages'>;
  readonly events: EventRecorder;
  readonly node: NodeDescription;
  readonly pressure: () => NodePressure;
  /** The node has got its network: pods may start. */
  readonly networkUp: () => void;
}

/** Registers a node, reports its status, and renews its lease (pkg/kubelet kubelet_node_status.go, component-helpers/lease). */
export class NodeAgent {
  #node: Readonly<Node> | undefined;
  #networkReady = false;
  #wasReady: boolean | undefined;
  #lease: Readonly<Lease> | undefined;
  #timer: Timer | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #reportedImages = '';
  #busy = false;
  #again = false;
  #stopped = true;

  constructor(readonly options: NodeAgentOptions) {}

  get networkReady(): boolean {
    return this.#networkReady;
  }

  /** The registered Node, once it is known. */
  get node(): Readonly<Node> | undefined {
    return this.#node;
  }

  start(): void {
    this.#stopped = false;
    this.event('Normal', 'Starting', 'Starting kubelet.');
    this.options.env.loop.defer('kubelet registration', () => this.#register());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** The Node as the API has it now. */
  observe(node: Readonly<Node>): void {
    this.#node = node;
    const ready = Boolean(node.spec?.podCIDR);
    const others = node.status?.conditions?.find((one) => one.type === 'Ready');
    const overruled = this.#wasReady !== undefined && others !== undefined && (others.status === 'True') !== this.#wasReady;
    if (ready !== this.#networkReady) {
      this.#networkReady = ready;
      this.#report();
      if (ready) this.options.networkUp();
    } else if (overruled) this.#report(); // The node controller took this node for lost.
  }

  /** Someone has deleted the Node. As upstream, it is registered anew only when the kubelet starts again. */
  lost(): void {
    this.#node = undefined;
    this.#networkReady = false;
  }

  /** What the node is short of has changed. */
  pressureChanged(): void {
    const { memory, disk } = this.options.pressure();
    const before = this.#node?.status?.conditions;
    const was = (type: string) => before?.find((one) => one.type === type)?.status === 'True';
    const told = (reason: string) => this.event('Normal', reason, `Node ${this.options.node.name} status is now: ${reason}`);
    if (memory !== was('MemoryPressure')) told(memory ? 'NodeHasInsufficientMemory' : 'NodeHasSufficientMemory');
    if (disk !== was('DiskPressure')) told(disk ? 'NodeHasDiskPressure' : 'NodeHasNoDiskPressure');
    this.#report();
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { name } = this.options.node;
    const about: ObjectReference = { kind: 'Node', name, uid: name }; // Upstream's kubelet takes the name for a uid here.
    this.options.events.event(about, type, reason, message);
  }

  async #register(): Promise<void> {
    if (this.#stopped) return;
    const { client, node, env } = this.options;
    try {
      try {
        this.#node = await client.nodes.create(nodeObject(node, this.#status()));
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        const bootId = node.machine.bootId;
        const stored = await client.nodes.get({ name: node.name });
        const before = stored.status?.nodeInfo?.bootID;
        this.#node = await this.#reconcile(stored);
        if (before && before !== bootId) this.event('Warning', 'Rebooted', `Node ${node.name} has been rebooted, boot id: ${bootId}`);
      }
      for (const condition of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']) {
        this.event('Normal', condition, `Node ${node.name} status is now: ${condition}`);
      }
      this.event('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
      this.#markReported(env.clock.now());
      this.observe(this.#node);
      await this.#tick();
    } catch (error) {
      env.log.warn('node could not be registered', { node: node.name, error: messageOf(error) });
      env.loop.after(retryMs, 'kubelet registration', () => this.#register());
    }
  }

  /** A Node from before is taken over: its labels are set again, its status follows. */
  async #reconcile(stored: Readonly<Node>): Promise<Readonly<Node>> {
    const { client, node } = this.options;
    const labels = nodeLabels(node);
    const right = Object.entries(labels).every(([key, value]) => stored.metadata?.labels?.[key] === value);
    const current = right ? stored : await client.nodes.patch({ name: node.name }, 'merge', { metadata: { labels } });
    this.#node = current;
    this.#networkReady = Boolean(current.spec?.podCIDR);
    this.#report();
    if (this.#networkReady) this.options.networkUp();
    return current;
  }

  #status() {
    const { env, node, runtime } = this.options;
    return nodeStatus(node, {
      images: runtime.listImages(),
      runtimeVersion: `${runtime.name}://${runtime.version}`,
      networkReady: this.#networkReady,
      pressure: this.options.pressure(),
      previous: this.#node?.status?.conditions,
      now: env.clock.now(),
    });
  }

  #imagesKey(): string {
    return this.options.runtime
      .listImages()
      .map((image) => `${image.id} ${image.repoTags.length}`)
      .sort()
      .join(',');
  }

  #markReported(now: number): void {
    this.#reportedAt = now;
    this.#reportedImages = this.#imagesKey();
    if (this.#networkReady && this.#wasReady !== true) this.event('Normal', 'NodeReady', `Node ${this.options.node.name} status is now: NodeReady`);
    if (!this.#networkReady && this.#wasReady === true) this.event('Normal', 'NodeNotReady', `Node ${this.options.node.name} status is now: NodeNotReady`);
    this.#wasReady = this.#networkReady;
  }

  /** Writes the status, one write at a time. */
  #report(): void {
    this.#again = true;
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    this.options.env.loop.defer('kubelet node status', async () => {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#writeStatus();
      }
      this.#busy = false;
    });
  }

  async #writeStatus(): Promise<void> {
    const { client, env, node } = this.options;
    const wanted = this.#status();
    const changes = Object.fromEntries(Object.entries(wanted).filter(([field, value]) => !semanticEqual(value, (this.#node?.status as never)?.[field])));
    const others = (this.#node?.status?.conditions ?? []).filter((one) => !wanted.conditions?.some((own) => own.type === one.type));
    try {
      const stored = await client.nodes.patch(
        { name: node.name },
        'merge',
        { status: { ...changes, conditions: [...others, ...(wanted.conditions ?? [])] } },
        'status',
      );
      this.#node = stored;
      this.#markReported(env.clock.now());
    } catch (error) {
      env.log.warn('node status could not be written', { node: node.name, error: messageOf(error) });
    }
  }

  /** Every ten seconds: the lease, and the status if it is due. */
  async #tick(): Promise<void> {
    if (this.#stopped) return;
    const { env } = this.options;
    this.#timer?.cancel();
    this.#timer = env.loop.after(renewMs, 'kubelet node lease', () => this.#tick());
    await this.#renewLease().catch((error) => env.log.warn('node lease was not renewed', { error: messageOf(error) }));
    if (env.clock.now() - this.#reportedAt >= reportMs || this.#imagesKey() !== this.#reportedImages) this.#report();
  }

  async #renewLease(): Promise<void> {
    const { client, env, node } = this.options;
    const renewTime = formatMicroTime(env.clock.now());
    const key = { namespace: leaseNamespace, name: node.name };
    if (!this.#lease) this.#lease = await client.leases.get(key).catch(ignoreNotFound);
    if (!this.#lease) {
      this.#lease = await client.leases.create(this.#newLease(renewTime));
      return;
    }
    const { apiVersion, kind, metadata, spec } = this.#lease;
    const next: Lease = { ...(apiVersion ? { apiVersion } : {}), ...(kind ? { kind } : {}), metadata: { ...metadata }, spec: { ...spec, renewTime } };
    this.#lease = await client.leases.update(next).catch((error) => {
      this.#lease = undefined; // Read it again the next time.
      throw error;
    });
  }

  #newLease(renewTime: string): Lease {
    const { name } = this.options.node;
    const uid = this.#node?.metadata?.uid ?? '';
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: leaseNamespace, ...(uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] } : {}) },
      spec: { holderIdentity: name, leaseDurationSeconds, renewTime },
    };
  }
}
