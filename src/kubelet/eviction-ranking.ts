import type { Pod } from '../../generated/types/index.ts';
import { podLimits, podRequests } from '../api/core/v1/pod-resources.ts';
import { formatQuantity, quantityValue } from '../machinery/quantity.ts';
import { isStaticPod } from './manifests.ts';
import { podContainers } from './pod-format.ts';

/** What a pod holds of its node, in bytes. */
export interface PodUsage {
  readonly pod: Readonly<Pod>;
  readonly containers: readonly {
    readonly name: string;
    readonly memoryBytes: number;
    /** Its own changes to its image, and its log. */
    readonly diskBytes: number;
  }[];
  /** By the volume's name, those in memory too. */
  readonly emptyDirs: readonly { readonly name: string; readonly bytes: number; readonly inMemory: boolean }[];
}

export type Starved = 'memory' | 'ephemeral-storage';

/** scheduling.SystemCriticalPriority */
const criticalPriority = 2_000_000_000;

/** Pods that are never evicted (pkg/kubelet/types IsCriticalPod). */
export function isCriticalPod(pod: Readonly<Pod>): boolean {
  return isStaticPod(pod) || (pod.spec?.priority ?? 0) >= criticalPriority;
}

export function usedBytes({ containers, emptyDirs }: PodUsage, resource: Starved): number {
  if (resource === 'memory') return containers.reduce((sum, one) => sum + one.memoryBytes, 0);
  const volumes = emptyDirs.filter((one) => !one.inMemory).reduce((sum, one) => sum + one.bytes, 0);
  return volumes + containers.reduce((sum, one) => sum + one.diskBytes, 0);
}

/**
 * The order in which pods are evicted (pkg/kubelet/eviction rankMemoryPressure, rankDiskPressureFunc): those that take more than
 * they asked for first, then those of less priority, then those that are further beyond their request.
 */
export function rankForEviction(pods: readonly PodUsage[], resource: Starved): PodUsage[] {
  const beyond = (usage: PodUsage) => usedBytes(usage, resource) - quantityValue(podRequests(usage.pod)[resource]);
  const priority = ({ pod }: PodUsage) => pod.spec?.priority ?? 0;
  return pods
    .map((usage) => ({ usage, beyond: beyond(usage), priority: priority(usage) }))
    .sort((a, b) => Number(b.beyond > 0) - Number(a.beyond > 0) || a.priority - b.priority || b.beyond - a.beyond)
    .map(({ usage }) => usage);
}

/** What the status and the event of a pod say that is evicted because its node is short of something (evictionMessage). */
export function pressureMessage(usage: PodUsage, resource: Starved, threshold: number, available: number): string {
  const parts = [`The node was low on resource: ${resource}. Threshold quantity: ${binaryQuantity(threshold)}, available: ${binaryQuantity(available)}. `];
  for (const { name, memoryBytes, diskBytes } of usage.containers) {
    const request = (usage.pod.spec?.containers ?? []).find((one) => one.name === name)?.resources?.requests?.[resource] ?? '0';
    const used = resource === 'memory' ? memoryBytes : diskBytes;
    if (used > quantityValue(request))
      parts.push(`Container ${name} was using ${binaryQuantity(used)}, request is ${request}, has larger consumption of ${resource}. `);
  }
  return parts.join('');
}

/** Why a pod has to go whatever its node has left: a volume or a container passes its limit (localStorageEviction); undefined if none does. */
export function localStorageViolation(usage: PodUsage): string | undefined {
  const { spec } = usage.pod;
  for (const { name, bytes } of usage.emptyDirs) {
    const limit = spec?.volumes?.find((one) => one.name === name)?.emptyDir?.sizeLimit;
    if (limit !== undefined && quantityValue(limit) > 0 && bytes > quantityValue(limit))
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  // Few pods have such a limit, and all of them are asked every ten seconds.
  if (!podContainers(usage.pod).some((one) => one.spec.resources?.limits?.['ephemeral-storage'] !== undefined)) return undefined;
  const total = podLimits(usage.pod)['ephemeral-storage'];
  if (total !== undefined && usedBytes(usage, 'ephemeral-storage') > quantityValue(total)) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. `;
  }
  for (const { name, diskBytes } of usage.containers) {
    const limit = (spec?.containers ?? []).find((one) => one.name === name)?.resources?.limits?.['ephemeral-storage'];
    if (limit !== undefined && diskBytes > quantityValue(limit)) return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}

/** Bytes as Go's quantities print them: `100Mi`. */
export function binaryQuantity(bytes: number): string {
  return formatQuantity({ nano: BigInt(Math.trunc(bytes)) * 1_000_000_000n, format: 'BinarySI' });
}
