import type { Node, Taint } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import { formatTime } from '../machinery/time.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

/** Which taint a condition stands for, by its status (upstream: nodeConditionToTaintKeyStatusMap). */
const taintOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: 'node.kubernetes.io/not-ready', Unknown: 'node.kubernetes.io/unreachable' },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const unschedulable = 'node.kubernetes.io/unschedulable';
const readinessKeys = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
const ownKeys = new Set([...Object.values(taintOf).flatMap((byStatus) => Object.values(byStatus)), unschedulable]);

/**
 * A node's taints as its conditions ask for, or undefined if they are so already. Taints of others stay; what keeps pods
 * off an unready node goes when it is ready.
 */
export function planTaints(node: Readonly<Node>, nowMs: number): Taint[] | undefined {
  const conditions = node.status?.conditions ?? [];
  const wanted = conditions.flatMap(({ type, status }) => taintOf[type]?.[status] ?? []);
  if (node.spec?.unschedulable) wanted.push(unschedulable);
  const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  const present = node.spec?.taints ?? [];
  // A node that has not reported yet keeps the taint that it was admitted with.
  const decided = (key: string) => !readinessKeys.has(key) || conditions.some(({ type }) => type === 'Ready');
  const stale = ({ key, effect }: Taint) =>
    (effect === 'NoSchedule' && ownKeys.has(key) && !wanted.includes(key) && decided(key)) || (effect === 'NoExecute' && readinessKeys.has(key) && ready);
  const kept = present.filter((taint) => !stale(taint));
  const missing = wanted.filter((key) => !kept.some((taint) => taint.key === key && taint.effect === 'NoSchedule'));
  if (missing.length === 0 && kept.length === present.length) return undefined;
  return [...kept.map((taint) => clone(taint)), ...missing.map((key) => ({ key, effect: 'NoSchedule', timeAdded: formatTime(nowMs) }))];
}

/**
 * Taints nodes by their conditions (upstream: pkg/controller/nodelifecycle, doNoScheduleTaintingPass).
 *
 * Differs from upstream: heartbeats are not watched, and nothing is evicted yet.
 */
export class NodeLifecycleController implements Controller {
  readonly name = 'node-controller';
  readonly #client: Client;
  readonly #nodes: SharedInformer<Node>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#nodes = context.informers.for<Node>(refs.nodes);
    this.#loop = new ReconcileLoop('node-lifecycle', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (node: Readonly<Node>) => this.#loop.enqueue(node);
    this.#nodes.handle({ added: enqueue, updated: enqueue });
    this.#loop.start([this.#nodes] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const node = this.#nodes.lister.get(key);
    const taints = node && planTaints(node, this.context.env.clock.now());
    if (!node || !taints) return;
    // The list is replaced as a whole; the version says which list was looked at.
    const patch = { metadata: { resourceVersion: node.metadata?.resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
    const written = await this.#client.nodes.patch(key, 'merge', patch);
    this.#loop.expectWritten(node, this.#nodes as SharedInformer<never>, written);
  }
}
