import type { Pod, PodCondition, Taint } from '../../generated/types/index.ts';
import { toleratesTaint } from '../api/core/v1/node-selection.ts';
import { qosClass } from '../api/core/v1/pod-resources.ts';
import type { Env, Timer } from '../env/index.ts';
import type { Rejection } from './admission.ts';
import type { PodUsage, Starved } from './eviction-ranking.ts';
import { isCriticalPod, localStorageViolation, pressureMessage, rankForEviction, usedBytes } from './eviction-ranking.ts';

/** How often the node's use is looked at (evictionMonitoringPeriod). */
const monitorMs = 10_000;
/** How long a condition lasts once its cause has gone (--eviction-pressure-transition-period). */
const transitionMs = 5 * 60_000;
/** The defaults of --eviction-hard: memory.available<100Mi, and imagefs.available<15%, which is the stricter one where there is one disk. */
const memoryThresholdBytes = 100 * 1024 ** 2;
const diskThresholdShare = 0.15;
const graceSeconds = 1;

export interface Eviction {
  readonly reason: 'Evicted';
  readonly message: string;
  /** What the pod's status shows besides, if its node was short of something. */
  readonly condition?: Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;
}

export interface EvictionManagerOptions {
  readonly env: Pick<Env, 'loop' | 'clock'>;
  /** The pods that run, with what they hold. */
  readonly pods: () => readonly PodUsage[];
  readonly capacity: () => { readonly memoryBytes: number; readonly diskBytes: number };
  readonly imageBytes: () => number;
  /** Removes what the node can do without: images that no container uses. */
  readonly reclaimDisk: () => void;
  readonly evict: (pod: Readonly<Pod>, eviction: Eviction, graceSeconds: number) => void;
  readonly thresholdMet: (resource: Starved) => void;
  /** A condition has begun or ended. */
  readonly changed: () => void;
}

/**
 * Keeps a node from running out of memory and disk, and pods within their local storage (pkg/kubelet/eviction).
 *
 * What containers use is what the runtime charges them for (docs/resources.md); the node itself, its kernel and its caches use nothing.
 *
 * Differs from upstream: there is no notification by the kernel, no soft threshold, no PID or inode signal, and one
 * disk for everything.
 */
export class EvictionManager {
  #timer: Pick<Timer, 'cancel'> | undefined;
  /** When each condition was last true, in simulated ms. */
  readonly #seen = new Map<Starved, number>();
  #shown = '';

  constructor(readonly options: EvictionManagerOptions) {}

  start(): void {
    this.#timer = this.options.env.loop.every(monitorMs, 'kubelet eviction', () => this.synchronize());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Whether the node is, or was a moment ago, short of it. */
  underPressure(resource: Starved): boolean {
    return this.#seen.has(resource);
  }

  /** Whether a node in this condition takes the pod: critical ones always; short of memory, those that asked for some, or tolerate it. */
  admit(pod: Readonly<Pod>): Rejection | undefined {
    const names = [this.underPressure('memory') ? 'MemoryPressure' : [], this.underPressure('ephemeral-storage') ? 'DiskPressure' : []].flat();
    if (names.length === 0 || isCriticalPod(pod)) return undefined;
    if (names.join() === 'MemoryPressure' && (qosClass(pod) !== 'BestEffort' || toleratesTaint(pod.spec?.tolerations, memoryTaint))) return undefined;
    return { reason: 'Evicted', message: `The node had condition: [${names.join(' ')}]. ` };
  }

  /** Looks once: tells the conditions, and evicts one pod at most for each thing that is short. */
  synchronize(): void {
    const pods = this.options.pods();
    const short = this.#shortages(pods);
    this.#observe(short.map(({ resource }) => resource));
    if (this.#evictForLimits(pods)) return;
    const [first] = short;
    if (!first) return;
    this.options.thresholdMet(first.resource);
    if (first.resource === 'ephemeral-storage') {
      this.options.reclaimDisk();
      const left = this.#shortages(pods).find(({ resource }) => resource === first.resource);
      if (left) this.#evictOne(pods, left);
    } else this.#evictOne(pods, first);
  }

  #shortages(pods: readonly PodUsage[]): { resource: Starved; threshold: number; available: number }[] {
    const { memoryBytes, diskBytes } = this.options.capacity();
    const used = (resource: Starved) => pods.reduce((sum, usage) => sum + usedBytes(usage, resource), 0);
    const all = [
      { resource: 'memory' as const, threshold: memoryBytes > 0 ? memoryThresholdBytes : 0, available: memoryBytes - used('memory') },
      {
        resource: 'ephemeral-storage' as const,
        threshold: Math.trunc(diskBytes * diskThresholdShare),
        available: diskBytes - used('ephemeral-storage') - this.options.imageBytes(),
      },
    ];
    return all.map((one) => ({ ...one, available: Math.max(one.available, 0) })).filter(({ threshold, available }) => available < threshold);
  }

  #observe(short: readonly Starved[]): void {
    const now = this.options.env.clock.now();
    for (const resource of short) this.#seen.set(resource, now);
    for (const [resource, at] of this.#seen) if (now - at >= transitionMs) this.#seen.delete(resource);
    const shown = [...this.#seen.keys()].sort().join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.options.changed();
  }

  #evictForLimits(pods: readonly PodUsage[]): boolean {
    let evicted = false;
    for (const usage of pods) {
      const message = isCriticalPod(usage.pod) ? undefined : localStorageViolation(usage);
      if (message === undefined) continue;
      this.options.evict(usage.pod, { reason: 'Evicted', message }, graceSeconds);
      evicted = true;
    }
    return evicted;
  }

  #evictOne(pods: readonly PodUsage[], { resource, threshold, available }: { resource: Starved; threshold: number; available: number }): void {
    const chosen = rankForEviction(pods, resource).find(({ pod }) => !isCriticalPod(pod));
    if (!chosen) return;
    const message = pressureMessage(chosen, resource, threshold, available);
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message };
    this.options.evict(chosen.pod, { reason: 'Evicted', message, condition }, graceSeconds);
  }
}

const memoryTaint: Taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };
