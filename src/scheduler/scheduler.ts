import type { Binding, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../generated/types/index.ts';
import { podIsTerminal } from '../api/core/v1/pod-status.ts';
import type { Client, EventsV1Recorder, InformerFactory, ResourceRef } from '../client/index.ts';
import { createEventsV1Recorder, refs } from '../client/index.ts';
import type { Env } from '../env/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import type { KubeObject } from '../machinery/types.ts';
import { choosePlacement } from './algorithm.ts';
import { SchedulerCache } from './cache.ts';
import type { StorageView, WeightedPlugin } from './framework.ts';
import { SchedulerMetrics } from './metrics.ts';
import { podInfo } from './node-info.ts';
import { defaultPlugins } from './plugins/index.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

export interface SchedulerOptions {
  readonly env: Env;
  /** Acts as `system:kube-scheduler`. */
  readonly client: Client;
  /** Started and stopped by whoever made it. */
  readonly informers: InformerFactory;
  /** Pods that name this scheduler are its business; `default-scheduler` if absent. */
  readonly name?: string;
  /** The host part of its events' reporting instance. */
  readonly hostName?: string;
  readonly plugins?: readonly WeightedPlugin[];
}

/** Gives each pod a node (pkg/scheduler): one pod at a time is placed, the bindings are written meanwhile. */
export class Scheduler {
  readonly #cache: SchedulerCache;
  readonly #queue: SchedulingQueue;
  readonly #metrics: SchedulerMetrics;
  readonly #events: EventsV1Recorder;
  readonly #name: string;
  readonly #plugins: readonly WeightedPlugin[];
  #startIndex = 0;
  #pending = false;
  #running = false;
  #subscribed = false;

  constructor(readonly options: SchedulerOptions) {
    const { env, client, name = 'default-scheduler', hostName, plugins } = options;
    this.#name = name;
    this.#cache = new SchedulerCache(this.#storage());
    this.#plugins = plugins ?? defaultPlugins;
    this.#events = createEventsV1Recorder(client, env, name, hostName ? `${name}-${hostName}` : name);
    this.#queue = new SchedulingQueue(env, () => this.#wake());
    this.#metrics = new SchedulerMetrics(name, env, this.#queue);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    if (this.#subscribed) {
      for (const pod of this.options.informers.for<Pod>(refs.pods).lister.list()) this.#podChanged(pod, undefined);
      return;
    }
    this.#subscribed = true;
    const nodes = this.options.informers.for<Node>(refs.nodes);
    nodes.handle({
      added: (node) => this.#nodeChanged(node, undefined),
      updated: (node, previous) => this.#nodeChanged(node, previous),
      deleted: (node) => this.#cache.removeNode(node.metadata?.name ?? ''),
    });
    this.options.informers.for<Pod>(refs.pods).handle({
      added: (pod) => this.#podChanged(pod, undefined),
      updated: (pod, previous) => this.#podChanged(pod, previous),
      deleted: (pod) => this.#podGone(pod),
    });
  }

  /** Claims, volumes and their classes; those that come or change may help a pod that waits. */
  #storage(): StorageView {
    const { informers } = this.options;
    const moveAll = () => this.#queue.moveAll();
    const watched = <T extends KubeObject>(ref: ResourceRef) => {
      const informer = informers.for<T>(ref);
      informer.handle({ added: moveAll, updated: moveAll });
      return informer.lister;
    };
    const claims = watched<PersistentVolumeClaim>(refs.persistentVolumeClaims);
    const volumes = watched<PersistentVolume>(refs.persistentVolumes);
    const classes = watched<StorageClass>(refs.storageClasses);
    return {
      claim: (namespace, name) => claims.get({ namespace, name }),
      volume: (name) => volumes.get({ name }),
      storageClass: (name) => classes.get({ name }),
    };
  }

  stop(): void {
    this.#running = false;
    this.#queue.close();
  }

  #nodeChanged(node: Readonly<Node>, previous: Readonly<Node> | undefined): void {
    this.#cache.setNode(node);
    if (!previous) this.#wake();
    if (!previous || mayHelp(node, previous)) this.#queue.moveAll();
  }

  #podChanged(pod: Readonly<Pod>, previous: Readonly<Pod> | undefined): void {
    const uid = pod.metadata?.uid ?? '';
    if (previous && previous.metadata?.uid !== uid) this.#podGone(previous);
    if (podIsTerminal(pod)) {
      this.#podGone(pod);
      return;
    }
    if (pod.spec?.nodeName) {
      this.#queue.remove(uid);
      if (this.#cache.placePod(pod)) this.#queue.moveAll();
      else if (!previous?.spec?.nodeName || !semanticEqual(pod.metadata?.labels, previous.metadata?.labels)) this.#helpOthers(pod);
      return;
    }
    if (!this.#running || (pod.spec?.schedulerName ?? 'default-scheduler') !== this.#name || this.#cache.isPlaced(uid)) return;
    if (pod.metadata?.deletionTimestamp || this.#plugins.some(({ plugin }) => plugin.preEnqueue?.(pod))) this.#queue.remove(uid);
    else if (!previous || !semanticEqual(withoutStatus(pod), withoutStatus(previous))) this.#queue.update(pod);
    else this.#queue.add(pod);
  }

  /** Some wait for company, or for other domains to fill up. */
  #helpOthers(placed: Readonly<Pod>): void {
    this.#queue.moveIf((waiting) => this.#plugins.some(({ plugin }) => plugin.helpedBy?.(waiting, placed)));
  }

  #podGone(pod: Readonly<Pod>): void {
    const uid = pod.metadata?.uid ?? '';
    this.#queue.remove(uid);
    if (!this.#cache.isPlaced(uid)) return;
    this.#cache.removePod(uid);
    this.#queue.moveAll();
  }

  #wake(): void {
    if (this.#pending || !this.#running) return;
    this.#pending = true;
    this.options.env.loop.defer('scheduler', () => {
      this.#pending = false;
      this.#scheduleAll();
    });
  }

  #scheduleAll(): void {
    // Without its first listings, the scheduler would call every pod, or every pod with a claim, unschedulable.
    if (![refs.nodes, refs.persistentVolumeClaims, refs.persistentVolumes, refs.storageClasses].every((ref) => this.options.informers.for(ref).synced)) {
      this.options.env.loop.after(100, 'scheduler sync', () => this.#wake());
      return;
    }
    for (let pod = this.#queue.pop(); pod && this.#running; pod = this.#queue.pop()) this.#scheduleOne(pod);
  }

  #scheduleOne(pod: Readonly<Pod>): void {
    const beganMs = this.options.env.clock.now();
    const info = podInfo(pod);
    const placement = choosePlacement(this.#plugins, info, this.#cache.snapshot(), this.#startIndex);
    if ('message' in placement) {
      this.#metrics.attempted('unschedulable', beganMs);
      this.#queue.failed(pod.metadata?.uid ?? '');
      this.#reject(pod, placement.message);
      return;
    }
    this.#startIndex += 1;
    this.#cache.place(info, placement.node); // The queue keeps it until the watch shows that it is bound.
    this.options.env.loop.defer('scheduler binding', () => this.#bind(pod, placement.node, beganMs));
  }

  async #bind(pod: Readonly<Pod>, nodeName: string, beganMs: number): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata ?? {};
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, ...(uid ? { uid } : {}) },
      target: { kind: 'Node', name: nodeName },
    };
    try {
      await this.options.client.pods.createSubresource({ namespace, name }, 'binding', binding);
      this.#events.event(withKind(pod), undefined, 'Normal', 'Scheduled', 'Binding', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
      this.#metrics.attempted('scheduled', beganMs);
    } catch (error) {
      this.#metrics.attempted('error', beganMs);
      this.#cache.removePod(uid ?? '');
      if (isNotFound(error)) this.#queue.remove(uid ?? '');
      else this.#queue.retry(uid ?? '');
      this.#queue.moveAll();
      if (this.#running && !isNotFound(error)) this.options.env.log.warn('pod could not be bound', { pod: `${namespace}/${name}`, error: String(error) });
    }
  }

  #reject(pod: Readonly<Pod>, message: string): void {
    this.#events.event(withKind(pod), undefined, 'Warning', 'FailedScheduling', 'Scheduling', message);
    const before = pod.status?.conditions?.find((one) => one.type === 'PodScheduled');
    if (before?.status === 'False' && before.reason === 'Unschedulable' && before.message === message) return;
    const { namespace, name = '' } = pod.metadata ?? {};
    const lastTransitionTime = before?.status === 'False' ? before.lastTransitionTime : formatTime(this.options.env.clock.now());
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastProbeTime: null, lastTransitionTime };
    this.options.env.loop.defer('scheduler status', async () => {
      try {
        await this.options.client.pods.patch({ namespace, name }, 'strategic', { status: { conditions: [condition] } }, 'status');
      } catch (error) {
        if (!isNotFound(error)) this.options.env.log.warn('pod status could not be written', { pod: `${namespace}/${name}`, error: String(error) });
      }
    });
  }
}

function withKind(pod: Readonly<Pod>): Pod {
  return { ...pod, apiVersion: 'v1', kind: 'Pod' };
}

function withoutStatus(pod: Readonly<Pod>): unknown {
  const { labels, annotations, deletionTimestamp } = pod.metadata ?? {};
  return { labels, annotations, deletionTimestamp, spec: pod.spec };
}

/** Whether a node's change may make room for a pod that waits: heartbeats do not. */
function mayHelp(node: Readonly<Node>, previous: Readonly<Node>): boolean {
  return (
    !semanticEqual(node.spec, previous.spec) ||
    !semanticEqual(node.metadata?.labels, previous.metadata?.labels) ||
    !semanticEqual(node.status?.allocatable, previous.status?.allocatable)
  );
}
