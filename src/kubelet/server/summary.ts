import type { Pod } from '../../../generated/types/index.ts';
import { formatTime } from '../../machinery/time.ts';
import type { ContainerStatus, ProcessorAndMemory, Runtime } from '../../runtime/types.ts';
import type { VolumeUsage } from '../volume-manager.ts';
import type { ProcessorRates } from './processor-rates.ts';
import type { ContainerSummary, CpuStats, FsStats, MemoryStats, NodeSummary, PodSummary, Summary, VolumeSummary } from './stats-types.ts';

/** A pod of the node, and what the runtime has made for it. */
export interface MeasuredPod {
  readonly pod: Readonly<Pod>;
  /** RFC 3339; a pod without it has not begun. */
  readonly startTime: string | undefined;
  readonly sandboxId: string | undefined;
  /** Those that run. */
  readonly running: readonly ContainerStatus[];
  readonly volumes: readonly VolumeUsage[];
}

export interface NodeMeasures {
  readonly nodeName: string;
  /** Simulated ms since the epoch. */
  readonly now: number;
  readonly machine: { readonly machineId: string; readonly systemUuid: string; readonly bootId: string };
  readonly runtime: Runtime;
  readonly rates: ProcessorRates;
  readonly pods: readonly MeasuredPod[];
  readonly disk: { readonly capacity: number; readonly used: number };
  readonly imageBytes: number;
}

/** What Linux gives out at most on a machine with more than a gigabyte of memory. */
const maxPids = 4_194_304;

/** What the node and its pods use at present (pkg/kubelet/server/stats/summary.go). Disk is left out with `onlyProcessorAndMemory`. */
export function summarize(measures: NodeMeasures, onlyProcessorAndMemory: boolean): Summary {
  const pods = measures.pods.flatMap((one) => podSummary(measures, one, onlyProcessorAndMemory) ?? []);
  const node = nodeSummary(measures, pods, onlyProcessorAndMemory);
  measures.rates.looked();
  return { node, pods };
}

function nodeSummary(measures: NodeMeasures, pods: readonly PodSummary[], small: boolean): NodeSummary {
  const { nodeName, runtime, disk, imageBytes } = measures;
  const time = formatTime(measures.now);
  const stats = runtime.nodeStats();
  const startTime = formatTime(stats.bootedAt);
  const memory = memoryStats(time, stats, stats.memoryCapacityBytes);
  const fs = fsStats(time, disk, disk.used);
  return {
    nodeName,
    systemContainers: [podsContainer(measures, pods, startTime, stats.memoryCapacityBytes)],
    startTime,
    cpu: cpuStats(measures, '/', stats, stats.bootedAt),
    memory,
    ...(small
      ? {}
      : {
          fs,
          runtime: { imageFs: fsStats(time, disk, imageBytes), containerFs: fsStats(time, disk, imageBytes) },
          rlimit: { time, maxpid: maxPids, curproc: stats.processes },
        }),
    swap: { time, swapUsageBytes: 0 },
  };
}

/** The control group that holds all pods. */
function podsContainer({ now }: NodeMeasures, pods: readonly PodSummary[], startTime: string, capacityBytes: number): ContainerSummary {
  const time = formatTime(now);
  const sum = (value: (pod: PodSummary) => number) => pods.reduce((total, pod) => total + value(pod), 0);
  const workingSetBytes = sum(({ memory }) => memory.workingSetBytes);
  return {
    name: 'pods',
    startTime,
    cpu: { time, usageNanoCores: sum(({ cpu }) => cpu.usageNanoCores), usageCoreNanoSeconds: sum(({ cpu }) => cpu.usageCoreNanoSeconds) },
    memory: {
      time,
      availableBytes: Math.max(0, capacityBytes - workingSetBytes),
      usageBytes: sum(({ memory }) => memory.usageBytes),
      workingSetBytes,
      rssBytes: sum(({ memory }) => memory.rssBytes),
    },
    swap: { time, swapUsageBytes: 0 },
  };
}

/** Undefined for a pod that has no sandbox, or nothing running in it. */
function podSummary(measures: NodeMeasures, { pod, startTime, sandboxId, running, volumes }: MeasuredPod, small: boolean): PodSummary | undefined {
  const { runtime, now, disk } = measures;
  const sandbox = sandboxId === undefined ? undefined : runtime.sandboxStatus(sandboxId);
  const stats = sandboxId === undefined ? undefined : runtime.podSandboxStats(sandboxId);
  if (sandbox?.state !== 'ready' || !stats || startTime === undefined) return undefined;
  const time = formatTime(now);
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const containers = running.map((one) => containerSummary(measures, one, small));
  const onDisk = volumes.filter((one) => !one.inMemory && one.claimName === undefined).reduce((sum, { bytes }) => sum + bytes, 0);
  const written = containers.reduce((sum, { rootfs, logs }) => sum + (rootfs?.usedBytes ?? 0) + (logs?.usedBytes ?? 0), 0);
  return {
    podRef: { name, namespace, uid },
    startTime,
    containers,
    cpu: cpuStats(measures, `pod/${sandboxId}`, stats, sandbox.createdAt),
    memory: memoryStats(time, stats, podLimit(pod, measures, running)),
    ...(small
      ? {}
      : {
          ...(volumes.length > 0 ? { volume: volumes.map((one) => volumeSummary(measures, namespace, one)) } : {}),
          'ephemeral-storage': fsStats(time, disk, onDisk + written),
          process_stats: { process_count: stats.processes },
        }),
    swap: { time, swapUsageBytes: 0 },
  };
}

/** A pod's control group has a limit if all its containers have one. */
function podLimit({ spec }: Readonly<Pod>, { runtime }: NodeMeasures, running: readonly ContainerStatus[]): number | undefined {
  const limits = running.map(({ id }) => runtime.containerStats(id)?.memoryLimitBytes);
  if (running.length < (spec?.containers.length ?? 0) || limits.some((one) => one === undefined)) return undefined;
  return limits.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

function containerSummary(measures: NodeMeasures, { id, name, createdAt }: ContainerStatus, small: boolean): ContainerSummary {
  const time = formatTime(measures.now);
  const stats = measures.runtime.containerStats(id);
  const usage = stats ?? { cpuMs: 0, memoryBytes: 0, sharedBytes: 0 };
  return {
    name,
    startTime: formatTime(createdAt),
    cpu: cpuStats(measures, id, usage, createdAt),
    memory: memoryStats(time, usage, stats?.memoryLimitBytes),
    ...(small ? {} : { rootfs: fsStats(time, measures.disk, stats?.writableBytes ?? 0), logs: fsStats(time, measures.disk, stats?.logBytes ?? 0) }),
    swap: { time, swapUsageBytes: 0 },
  };
}

function volumeSummary({ now, disk, runtime }: NodeMeasures, namespace: string, { name, bytes, inMemory, claimName }: VolumeUsage): VolumeSummary {
  const capacity = inMemory ? runtime.nodeStats().memoryCapacityBytes : disk.capacity;
  const available = inMemory ? capacity - bytes : capacity - disk.used;
  const claim = claimName === undefined ? {} : { pvcRef: { name: claimName, namespace } };
  return { time: formatTime(now), availableBytes: Math.max(0, available), capacityBytes: capacity, usedBytes: bytes, name, ...claim };
}

function cpuStats({ rates, now }: NodeMeasures, key: string, { cpuMs }: ProcessorAndMemory, since: number): CpuStats {
  return { time: formatTime(now), usageNanoCores: rates.nanoCores(key, cpuMs, since, now), usageCoreNanoSeconds: Math.round(cpuMs * 1e6) };
}

/** There is no page cache in the model, so all that is used is in the working set. */
function memoryStats(time: string, { memoryBytes, sharedBytes }: ProcessorAndMemory, limitBytes: number | undefined): MemoryStats {
  return {
    time,
    ...(limitBytes === undefined ? {} : { availableBytes: Math.max(0, limitBytes - memoryBytes) }),
    usageBytes: memoryBytes,
    workingSetBytes: memoryBytes,
    rssBytes: memoryBytes - sharedBytes,
  };
}

function fsStats(time: string, disk: NodeMeasures['disk'], usedBytes: number): FsStats {
  return { time, availableBytes: Math.max(0, disk.capacity - disk.used), capacityBytes: disk.capacity, usedBytes };
}
