import type { ContainerStatus, Pod, PodCondition, PodTemplateSpec } from '../../generated/types/index.ts';
import type { ResourceRef } from '../client/index.ts';
import { controllerReference } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import { parseTime } from '../machinery/time.ts';
import type { KubeObject } from '../machinery/types.ts';

/** Neither finished nor on its way out: what counts as a replica. */
export function isActive(pod: Readonly<Pod>): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && !pod.metadata?.deletionTimestamp;
}

export function podCondition(pod: Readonly<Pod>, type: string): Readonly<PodCondition> | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: Readonly<Pod>): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** When the pod became, or becomes, available (milliseconds since the Unix epoch): ready for `minReadySeconds`. Undefined while it is not ready. */
export function availableAt(pod: Readonly<Pod>, minReadySeconds: number): number | undefined {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  const since = parseTime(ready.lastTransitionTime);
  return since === undefined ? undefined : since + minReadySeconds * 1000;
}

export function isAvailable(pod: Readonly<Pod>, minReadySeconds: number, nowMs: number): boolean {
  const at = availableAt(pod, minReadySeconds);
  return at !== undefined && at <= nowMs;
}

/** The pod that a controller makes from its template. Its name is left to the server. */
export function podFromTemplate(template: Readonly<PodTemplateSpec> | undefined, owner: Readonly<KubeObject>, ownerRef: ResourceRef): Pod {
  const { labels, annotations, finalizers } = clone(template?.metadata ?? {});
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata?.name}-`,
      namespace: owner.metadata?.namespace ?? '',
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner, ownerRef)],
    },
    ...(template?.spec ? { spec: clone(template.spec) } : {}),
  };
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Puts the pods that go first in front, when a replica set shrinks: not assigned before assigned, pending before running,
 * unready before ready, cheap before dear (`controller.kubernetes.io/pod-deletion-cost`), crowded before lonely, recently ready
 * before long ready, often restarted before stable, young before old. Ages are compared by order of magnitude
 * (upstream: ActivePodsWithRanks).
 *
 * Differs from upstream: what is still equal goes newest first, not by uid, since the seed must not influence order.
 *
 * @param related active pods whose number on a node makes it crowded
 */
export function deletionOrder(pods: readonly Readonly<Pod>[], related: readonly Readonly<Pod>[], nowMs: number): Readonly<Pod>[] {
  const crowd = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? '';
    crowd.set(node, (crowd.get(node) ?? 0) + 1);
  }
  const rank = (pod: Readonly<Pod>) => crowd.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...pods]
    .reverse()
    .sort(
      (a, b) =>
        Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
        (phaseRank[a.status?.phase ?? ''] ?? 0) - (phaseRank[b.status?.phase ?? ''] ?? 0) ||
        Number(isReady(a)) - Number(isReady(b)) ||
        deletionCost(a) - deletionCost(b) ||
        rank(b) - rank(a) ||
        (isReady(a) ? ageOrder(podCondition(a, 'Ready')?.lastTransitionTime, podCondition(b, 'Ready')?.lastTransitionTime, nowMs) : 0) ||
        restarts(b) - restarts(a) ||
        ageOrder(a.metadata?.creationTimestamp, b.metadata?.creationTimestamp, nowMs),
    );
}

function deletionCost(pod: Readonly<Pod>): number {
  const text = pod.metadata?.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '';
  return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

function restarts(pod: Readonly<Pod>): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status: ContainerStatus) => status.restartCount));
}

/** Negative if `a` is the younger one by an order of magnitude (base 2). No time counts as youngest. */
function ageOrder(a: string | undefined, b: string | undefined, nowMs: number): number {
  return magnitude(a, nowMs) - magnitude(b, nowMs);
}

function magnitude(time: string | undefined, nowMs: number): number {
  const ageMs = nowMs - (parseTime(time) ?? nowMs);
  return ageMs <= 0 ? -1 : Math.trunc(Math.log2(ageMs * 1e6));
}
