import type { Node } from '../../generated/types/index.ts';
import type { Client, EventRecorder, SharedInformer } from '../client/index.ts';
import { createEventRecorder, refs } from '../client/index.ts';
import type { ObjectKey } from '../machinery/types.ts';
import { CidrSet } from './cidr-set.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

/** Upstream: --node-cidr-mask-size. */
const nodeCidrBits = 24;

/** Gives each node its range of pod addresses, in order of appearance (upstream: pkg/controller/nodeipam). */
export class NodeIpamController implements Controller {
  readonly name = 'node-controller';
  readonly #client: Client;
  readonly #nodes: SharedInformer<Node>;
  readonly #events: EventRecorder;
  readonly #cidrs: CidrSet;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#nodes = context.informers.for<Node>(refs.nodes);
    this.#events = createEventRecorder(this.#client, context.env, { component: 'cidrAllocator' });
    this.#cidrs = new CidrSet(context.clusterCidr, nodeCidrBits);
    // One worker: the order of nodes is the order of ranges.
    this.#loop = new ReconcileLoop('node-ipam', context.env, (key) => this.#reconcile(key), 1);
  }

  start(): void {
    const seen = (node: Readonly<Node>) => {
      if (node.spec?.podCIDR) this.#cidrs.occupy(node.spec.podCIDR);
      else this.#loop.enqueue(node);
    };
    this.#nodes.handle({
      added: seen,
      updated: seen,
      deleted: (node) => {
        if (node.spec?.podCIDR) this.#cidrs.release(node.spec.podCIDR);
      },
    });
    this.#loop.start([this.#nodes] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const node = this.#nodes.lister.get(key);
    if (!node || node.spec?.podCIDR || node.metadata?.deletionTimestamp) return;
    const podCIDR = this.#cidrs.allocate();
    if (!podCIDR) {
      this.#events.event(node, 'Normal', 'CIDRNotAvailable', `Node ${key.name} status is now: CIDRNotAvailable`);
      throw new Error('failed to allocate a CIDR: there are no remaining CIDRs left to allocate');
    }
    try {
      const written = await this.#client.nodes.patch(key, 'strategic', { spec: { podCIDR, podCIDRs: [podCIDR] } });
      this.#loop.expectWritten(node, this.#nodes as SharedInformer<never>, written);
    } catch (error) {
      this.#cidrs.release(podCIDR);
      throw error;
    }
  }
}
