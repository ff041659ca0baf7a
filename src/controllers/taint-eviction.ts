import type { Node, Pod, Taint, Toleration } from '../../generated/types/index.ts';
import { toleratesTaint } from '../api/core/v1/node-selection.ts';
import type { Client, EventRecorder, SharedInformer } from '../client/index.ts';
import { createEventRecorder, refs } from '../client/index.ts';
import type { Timer } from '../env/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import { formatKeyOf } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';

const condition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
} as const;

/**
 * Deletes pods from nodes with NoExecute taints that they do not tolerate, at once or when their patience is over
 * (pkg/controller/tainteviction).
 */
export class TaintEvictionController implements Controller {
  readonly name = 'taint-eviction-controller';
  readonly #client: Client;
  readonly #pods: SharedInformer<Pod>;
  readonly #nodes: SharedInformer<Node>;
  readonly #events: EventRecorder;
  /** By pod: when it goes, or that it has been told to. */
  readonly #evictions = new Map<string, Timer | 'done'>();
  #stopped = false;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor('node-controller'); // Upstream, too, gives it no account of its own.
    this.#pods = context.informers.for<Pod>(refs.pods);
    this.#nodes = context.informers.for<Node>(refs.nodes);
    this.#events = createEventRecorder(this.#client, context.env, { component: this.name });
  }

  start(): void {
    this.#pods.handle({
      added: (pod) => this.#judge(pod),
      updated: (pod, previous) => {
        const same = pod.spec?.nodeName === previous.spec?.nodeName && semanticEqual(pod.spec?.tolerations, previous.spec?.tolerations);
        if (!same) this.#judge(pod);
      },
      deleted: (pod) => this.#forget(pod),
    });
    this.#nodes.handle({
      added: (node) => this.#judgeAll(node),
      updated: (node, previous) => {
        if (!semanticEqual(taintsOf(node), taintsOf(previous))) this.#judgeAll(node);
      },
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const one of this.#evictions.values()) if (one !== 'done') one.cancel();
  }

  #judgeAll(node: Readonly<Node>): void {
    for (const pod of this.#pods.lister.list()) if (pod.spec?.nodeName === node.metadata?.name) this.#judge(pod, node);
  }

  #judge(pod: Readonly<Pod>, node = this.#nodes.lister.get({ name: pod.spec?.nodeName ?? '' })): void {
    if (this.#stopped || !pod.spec?.nodeName) return;
    const seconds = node ? patience(taintsOf(node), pod.spec.tolerations) : Number.POSITIVE_INFINITY;
    if (seconds === 0 || seconds === Number.POSITIVE_INFINITY) {
      this.#cancel(pod);
      if (seconds === 0) void this.#evict(pod);
      return;
    }
    // A pod whose time is running keeps it, though taints and tolerations may have changed.
    if (this.#evictions.has(formatKeyOf(pod))) return;
    const timer = this.context.env.loop.after(seconds * 1000, 'taint eviction', () => this.#evict(pod));
    this.#evictions.set(formatKeyOf(pod), timer);
  }

  /** Only what was still to come is called off. */
  #cancel(pod: Readonly<Pod>): void {
    if (this.#forget(pod)) this.#events.event(nameOf(pod), 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${formatKeyOf(pod)}`);
  }

  #forget(pod: Readonly<Pod>): boolean {
    const eviction = this.#evictions.get(formatKeyOf(pod));
    this.#evictions.delete(formatKeyOf(pod));
    if (!eviction || eviction === 'done') return false;
    eviction.cancel();
    return true;
  }

  async #evict(pod: Readonly<Pod>): Promise<void> {
    this.#evictions.set(formatKeyOf(pod), 'done');
    const { name = '', namespace = '', uid } = pod.metadata ?? {};
    this.#events.event(nameOf(pod), 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${formatKeyOf(pod)}`);
    const lastTransitionTime = formatTime(this.context.env.clock.now());
    try {
      const patch = { metadata: { uid }, status: { conditions: [{ ...condition, lastTransitionTime }] } };
      await this.#client.pods.patch({ name, namespace }, 'strategic', patch, 'status');
      await this.#client.pods.delete({ name, namespace });
    } catch (error) {
      if (!isNotFound(error)) this.context.env.log.warn('pod could not be evicted', { name, namespace, error: String(error) });
    }
  }
}

/** Upstream's events here know the pod by its name alone, without a uid. */
const nameOf = ({ metadata }: Readonly<Pod>) => ({ apiVersion: 'v1', kind: 'Pod', namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' });

const taintsOf = ({ spec }: Readonly<Node>): readonly Taint[] => (spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

/** For how many seconds a pod bears all of these taints; each is borne by the first toleration that names it. */
export function patience(taints: readonly Taint[], tolerations: readonly Toleration[] = []): number {
  let seconds = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const used = tolerations.find((one) => toleratesTaint([one], taint));
    if (!used) return 0;
    seconds = Math.min(seconds, Math.max(0, used.tolerationSeconds ?? Number.POSITIVE_INFINITY));
  }
  return seconds;
}
