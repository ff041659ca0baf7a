import type { Node, Pod, PodCondition } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import { formatKeyOf } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { PeriodicLook } from './periodic-look.ts';

const checkEveryMs = 20_000;
/** A node has to be away for so long: it may only have been made anew. */
const quarantineMs = 40_000;
/** Upstream's --terminated-pod-gc-threshold: more pods than that which have ended are not kept. */
const terminatedMax = 12_500;
const outOfService = 'node.kubernetes.io/out-of-service';

/**
 * Deletes pods that nobody else would: those on nodes that are no more, those that are to go and have no node, those that are to
 * go from a node that somebody has declared out of service, and the oldest of very many that have ended (pkg/controller/podgc).
 * Looks every 20 seconds, as upstream, as long as there is something to look at.
 */
export class PodGcController implements Controller {
  readonly name = 'pod-garbage-collector';
  readonly #client: Client;
  readonly #pods: SharedInformer<Pod>;
  readonly #nodes: SharedInformer<Node>;
  /** When the absence of a node begins to count. */
  readonly #missing = new Map<string, number>();
  readonly #terminated = new Set<string>();
  readonly #periodic: PeriodicLook;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#pods = context.informers.for<Pod>(refs.pods);
    this.#nodes = context.informers.for<Node>(refs.nodes);
    this.#periodic = new PeriodicLook(context.env, 'pod gc', checkEveryMs, () => this.#look());
  }

  start(): void {
    this.#periodic.start();
    const seen = (pod: Readonly<Pod>) => {
      const key = formatKeyOf(pod);
      if (hasEnded(pod)) this.#terminated.add(key);
      else this.#terminated.delete(key);
      if (this.#terminated.size > terminatedMax || this.#isForlorn(pod)) this.#periodic.request();
    };
    this.#pods.handle({ added: seen, updated: seen, deleted: (pod) => this.#terminated.delete(formatKeyOf(pod)) });
    this.#nodes.handle({ updated: ({ spec }) => spec?.taints?.some(isOutOfService) && this.#periodic.request(), deleted: () => this.#periodic.request() });
  }

  stop(): void {
    this.#periodic.stop();
  }

  /** Whether this pod may be one of those that go, now or once its node has been away for long enough. */
  #isForlorn({ spec, metadata }: Readonly<Pod>): boolean {
    const { nodeName = '' } = spec ?? {};
    if (nodeName === '') return metadata?.deletionTimestamp !== undefined;
    const node = this.#nodes.lister.get({ name: nodeName });
    return !node || (metadata?.deletionTimestamp !== undefined && isLost(node));
  }

  async #look(): Promise<void> {
    const pods = this.#pods.lister.list();
    const forlorn = pods.filter((pod) => this.#isForlorn(pod));
    const gone = await this.#goneNodes(new Set(forlorn.flatMap(({ spec }) => spec?.nodeName || [])));
    for (const pod of oldestFirst(pods.filter(hasEnded)).slice(0, Math.max(0, this.#terminated.size - terminatedMax))) await this.#remove(pod);
    for (const pod of forlorn) {
      const { nodeName = '' } = pod.spec ?? {};
      if (nodeName === '' || this.#nodes.lister.get({ name: nodeName })) await this.#remove(pod);
      else if (gone.has(nodeName)) await this.#remove(pod, 'PodGC: node no longer exists');
    }
    if (forlorn.length > 0 || this.#terminated.size > terminatedMax) this.#periodic.request();
  }

  /** Of the nodes that pods name and the cache does not know, those that have been away for long enough and still are. */
  async #goneNodes(named: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const now = this.context.env.clock.now();
    const gone = new Set<string>();
    for (const name of this.#missing.keys()) if (!named.has(name) || this.#nodes.lister.get({ name })) this.#missing.delete(name);
    for (const name of named) {
      if (this.#nodes.lister.get({ name })) continue;
      const since = this.#missing.get(name);
      if (since === undefined) this.#missing.set(name, now);
      else if (now - since >= quarantineMs && !(await this.#exists(name))) gone.add(name);
    }
    return gone;
  }

  async #exists(name: string): Promise<boolean> {
    try {
      await this.#client.nodes.get({ name });
      return true;
    } catch (error) {
      return !isNotFound(error); // Whoever cannot be asked is not known to be gone.
    }
  }

  /** No kubelet will say how the pod has ended, so it has failed. */
  async #remove(pod: Readonly<Pod>, why?: string): Promise<void> {
    const { name = '', namespace = '', uid } = pod.metadata ?? {};
    const { phase } = pod.status ?? {};
    try {
      if (phase !== 'Succeeded' && phase !== 'Failed') {
        const conditions = why ? { conditions: [disruption(pod, why, this.context.env.clock.now())] } : {};
        await this.#client.pods.patch({ name, namespace }, 'strategic', { metadata: { uid }, status: { phase: 'Failed', ...conditions } }, 'status');
      }
      await this.#client.pods.delete({ name, namespace }, { gracePeriodSeconds: 0 });
    } catch (error) {
      if (!isNotFound(error)) this.context.env.log.warn('pod could not be collected', { name, namespace, error: String(error) });
    }
  }
}

const isOutOfService = ({ key }: { readonly key: string }): boolean => key === outOfService;

/** Not ready, and declared out of service. */
function isLost({ spec, status }: Readonly<Node>): boolean {
  const ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
  return !ready && (spec?.taints?.some(isOutOfService) ?? false);
}

function hasEnded({ status }: Readonly<Pod>): boolean {
  return !['Pending', 'Running', 'Unknown'].includes(status?.phase ?? '');
}

function disruption({ status }: Readonly<Pod>, message: string, now: number): PodCondition {
  const before = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  const lastTransitionTime = (before?.status === 'True' && before.lastTransitionTime) || formatTime(now);
  return { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message, lastTransitionTime };
}

/** Evicted ones before others, which controllers may still count; then by age and name. */
function oldestFirst(pods: readonly Readonly<Pod>[]): readonly Readonly<Pod>[] {
  const rank = ({ metadata, status }: Readonly<Pod>) => [
    status?.phase === 'Failed' && status.reason === 'Evicted' ? '0' : '1',
    metadata?.creationTimestamp ?? '',
    metadata?.name ?? '',
  ];
  const text = (pod: Readonly<Pod>) => rank(pod).join('\u0000');
  return pods
    .map((pod) => [text(pod), pod] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, pod]) => pod);
}
