import type { Node, Taint } from '../../generated/types/index.ts';
import type { Client, EventRecorder, SharedInformer } from '../client/index.ts';
import { createEventRecorder, refs } from '../client/index.ts';
import type { Timer } from '../env/index.ts';
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

/** Nodes are looked over this often (upstream: --node-monitor-period). */
const monitorPeriodMs = 5000;

/** Older names of labels, which get the value of the newer ones (upstream: labelReconcileInfo). */
const olderLabels = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

/**
 * Taints nodes by their conditions, and tells of nodes that come and go (upstream: pkg/controller/nodelifecycle,
 * doNoScheduleTaintingPass and monitorNodeHealth).
 *
 * Differs from upstream: heartbeats are not watched, and nothing is evicted yet.
 */
export class NodeLifecycleController implements Controller {
  readonly name = 'node-controller';
  readonly #client: Client;
  readonly #nodes: SharedInformer<Node>;
  readonly #events: EventRecorder;
  readonly #loop: ReconcileLoop;
  /** Uids of nodes by name, as the last look found them. */
  readonly #known = new Map<string, string>();
  #look: Timer | undefined;
  #startedMs = 0;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#nodes = context.informers.for<Node>(refs.nodes);
    this.#events = createEventRecorder(this.#client, context.env, { component: this.name });
    this.#loop = new ReconcileLoop('node-lifecycle', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (node: Readonly<Node>) => this.#loop.enqueue(node);
    this.#startedMs = this.context.env.clock.now();
    this.#nodes.handle({
      added: (node) => {
        enqueue(node);
        this.#lookSoon();
      },
      updated: enqueue,
      deleted: () => this.#lookSoon(),
    });
    this.#loop.start([this.#nodes] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
    this.#look?.cancel();
  }

  /** At the next of the regular looks: where nothing has come or gone, there is nothing to see. */
  #lookSoon(): void {
    if (this.#look) return;
    const { loop, clock } = this.context.env;
    const periods = Math.floor((clock.now() - this.#startedMs) / monitorPeriodMs) + 1;
    this.#look = loop.at(this.#startedMs + periods * monitorPeriodMs, 'node monitor', () => {
      this.#look = undefined;
      this.#tellOfNodes();
    });
  }

  #tellOfNodes(): void {
    const present = this.#nodes.lister.list();
    for (const { metadata: { name = '', uid = '' } = {} } of present) {
      if (this.#known.has(name)) continue;
      this.#known.set(name, uid);
      this.#tell(name, uid, 'RegisteredNode', `Registered Node ${name} in Controller`);
    }
    const names = new Set(present.map(({ metadata }) => metadata?.name));
    for (const [name, uid] of this.#known) {
      if (names.has(name)) continue;
      this.#known.delete(name);
      this.#tell(name, uid, 'RemovingNode', `Removing Node ${name} from Controller`);
    }
  }

  #tell(name: string, uid: string, reason: string, text: string): void {
    this.#events.event({ apiVersion: 'v1', kind: 'Node', name, uid }, 'Normal', reason, `Node ${name} event: ${text}`);
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    await this.#reconcileTaints(key);
    await this.#reconcileLabels(key);
  }

  async #reconcileLabels(key: ObjectKey): Promise<void> {
    const labels = this.#nodes.lister.get(key)?.metadata?.labels ?? {};
    const stale = olderLabels.filter(([newer, older]) => labels[newer] !== undefined && labels[older] !== labels[newer]);
    if (stale.length === 0) return;
    const wanted = Object.fromEntries(stale.map(([newer, older]) => [older, labels[newer]]));
    await this.#client.nodes.patch(key, 'strategic', { metadata: { labels: wanted } });
  }

  async #reconcileTaints(key: ObjectKey): Promise<void> {
    const node = this.#nodes.lister.get(key);
    const taints = node && planTaints(node, this.context.env.clock.now());
    if (!node || !taints) return;
    // The list is replaced as a whole; the version says which list was looked at.
    const patch = { metadata: { resourceVersion: node.metadata?.resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
    const written = await this.#client.nodes.patch(key, 'merge', patch);
    this.#loop.expectWritten(node, this.#nodes as SharedInformer<never>, written);
  }
}
