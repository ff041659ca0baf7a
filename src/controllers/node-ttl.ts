import type { Node } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

const ttlAnnotation = 'node.alpha.kubernetes.io/ttl';

/** For how long a kubelet may keep Secrets and ConfigMaps, by how many nodes there are. Sizes overlap, so that a few nodes more or less change nothing. */
const steps = [
  { least: 0, most: 100, seconds: 0 },
  { least: 90, most: 500, seconds: 15 },
  { least: 450, most: 1000, seconds: 30 },
  { least: 900, most: 2000, seconds: 60 },
  { least: 1800, most: Number.POSITIVE_INFINITY, seconds: 300 },
] as const;

/** Tells kubelets by an annotation for how long they may keep what they have read (upstream: pkg/controller/ttl). */
export class NodeTtlController implements Controller {
  readonly name = 'ttl-controller';
  readonly #client: Client;
  readonly #nodes: SharedInformer<Node>;
  readonly #loop: ReconcileLoop;
  #count = 0;
  #step = 0;

  constructor(context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#nodes = context.informers.for<Node>(refs.nodes);
    this.#loop = new ReconcileLoop('ttl', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    this.#nodes.handle({
      added: (node) => {
        this.#resize(1);
        this.#loop.enqueue(node);
      },
      updated: (node) => this.#loop.enqueue(node),
      deleted: () => this.#resize(-1),
    });
    this.#loop.start([this.#nodes] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  #resize(by: 1 | -1): void {
    this.#count += by;
    const { least, most } = steps[this.#step]!;
    if (this.#count > most) this.#step += 1;
    else if (this.#count < least) this.#step -= 1;
  }

  /** A node hears of another value when something else of it changes. */
  async #reconcile(key: ObjectKey): Promise<void> {
    const node = this.#nodes.lister.get(key);
    const wanted = String(steps[this.#step]!.seconds);
    if (!node || node.metadata?.annotations?.[ttlAnnotation] === wanted) return;
    const written = await this.#client.nodes.patch(key, 'strategic', { metadata: { annotations: { [ttlAnnotation]: wanted } } });
    this.#loop.expectWritten(node, this.#nodes as SharedInformer<never>, written);
  }
}
