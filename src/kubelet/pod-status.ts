import type { Pod, PodCondition, PodStatus } from '../../generated/types/index.ts';
import { qosClass } from '../api/core/v1/pod-resources.ts';
import { formatTime } from '../machinery/time.ts';
import type { StatusSources } from './container-states.ts';
import { containerStatuses } from './container-states.ts';
import type { BareCondition } from './pod-conditions.ts';
import { kubeletConditions, podConditions } from './pod-conditions.ts';
import { podPhase } from './pod-phase.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';

export interface PodStatusFacts {
  readonly runtime: PodRuntimeStatus;
  readonly sources: StatusSources;
  /** The status of before, which carries times and what is kept. */
  readonly previous: PodStatus | undefined;
  /** The pod has been stopped for good. */
  readonly terminal: boolean;
  /** The kubelet has refused or evicted the pod, or its deadline has passed. */
  readonly verdict?: { readonly reason: string; readonly message: string } | undefined;
  readonly nodeIp: string;
  /** Simulated ms since the epoch. */
  readonly now: number;
}

/** A pod's status as the runtime's state has it (pkg/kubelet generateAPIPodStatus). Pure. */
export function generatePodStatus(pod: Readonly<Pod>, facts: PodStatusFacts): PodStatus {
  const { runtime, previous, terminal, verdict, nodeIp, now } = facts;
  const lists = containerStatuses(pod, runtime, facts.sources);
  const ended = previous?.phase === 'Failed' || previous?.phase === 'Succeeded' ? previous.phase : undefined;
  const phase = verdict ? 'Failed' : (ended ?? podPhase(pod, lists.initContainerStatuses, lists.containerStatuses, terminal));
  const ips = podIps(pod, runtime, previous, nodeIp);
  const sandboxReady = runtime.sandbox?.state === 'ready' && (pod.spec?.hostNetwork === true || runtime.sandbox.ips.length > 0);
  const bare = podConditions(pod, { phase, init: lists.initContainerStatuses, app: lists.containerStatuses, sandboxReady });
  return {
    phase,
    conditions: withTimes(bare, previous, now),
    ...(verdict ?? (ended && previous?.reason ? { reason: previous.reason, ...(previous.message ? { message: previous.message } : {}) } : {})),
    hostIP: nodeIp,
    hostIPs: [{ ip: nodeIp }],
    ...(ips[0] ? { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) } : {}),
    startTime: previous?.startTime ?? formatTime(now),
    ...(lists.initContainerStatuses.length > 0 ? { initContainerStatuses: lists.initContainerStatuses } : {}),
    containerStatuses: lists.containerStatuses,
    ...(lists.ephemeralContainerStatuses.length > 0 ? { ephemeralContainerStatuses: lists.ephemeralContainerStatuses } : {}),
    qosClass: previous?.qosClass ?? qosClass(pod),
  };
}

/** A pod keeps its address in the status when its sandbox has stopped. */
function podIps(pod: Readonly<Pod>, { sandbox }: PodRuntimeStatus, previous: PodStatus | undefined, nodeIp: string): readonly string[] {
  if (pod.spec?.hostNetwork) return [nodeIp];
  if (sandbox && sandbox.ips.length > 0) return sandbox.ips;
  return previous?.podIPs?.map(({ ip }) => ip) ?? [];
}

/** Others' conditions come first and stay as they are; a condition whose status is the same keeps its time. */
function withTimes(bare: readonly BareCondition[], previous: PodStatus | undefined, now: number): PodCondition[] {
  const others = (previous?.conditions ?? []).filter((one) => !kubeletConditions.includes(one.type));
  const own = bare.map((condition): PodCondition => {
    const before = previous?.conditions?.find((one) => one.type === condition.type);
    const same = before?.status === condition.status;
    return { ...condition, lastTransitionTime: same && before.lastTransitionTime ? before.lastTransitionTime : formatTime(now) };
  });
  return [...others.map((one) => ({ ...one })), ...own];
}
