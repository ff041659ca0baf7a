import type { PodUsage } from './eviction-ranking.ts';
import type { PodWorker } from './pod-worker.ts';

/** What a pod holds of its node at present. Of a container's runs, each holds its disk; only the one that runs holds memory. */
export function podUsage({ pod, record, context }: PodWorker): PodUsage {
  const containers = new Map<string, { name: string; memoryBytes: number; diskBytes: number }>();
  for (const { id, name } of record.status().containers) {
    const { memoryBytes = 0, writableBytes = 0, logBytes = 0 } = context.runtime.containerStats(id) ?? {};
    const before = containers.get(name) ?? { name, memoryBytes: 0, diskBytes: 0 };
    containers.set(name, { name, memoryBytes: before.memoryBytes + memoryBytes, diskBytes: before.diskBytes + writableBytes + logBytes });
  }
  return { pod, containers: [...containers.values()], emptyDirs: context.volumes.emptyDirs(pod) };
}
