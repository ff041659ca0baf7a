import type { Pod, PodCondition, PodStatus } from '../../generated/types/index.ts';
import { qosClass } from '../api/core/v1/pod-resources.ts';
import { formatTime } from '../machinery/time.ts';
import type { StatusSources } from './container-states.ts';
import { containerStatuses } from './container-states.ts';
import type { BareCondition } from './pod-conditions.ts';
import { kubeletConditions, podConditions } from './pod-conditions.ts';
import { podPhase } from './pod-phase.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import { inPresentSandbox } from './pod-runtime-status.ts';

/** Why the kubelet has ended a pod, and the condition that tells so, if any. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
  readonly condition?: BareCondition | undefined;
}

export interface PodStatusFacts {
  readonly runtime: PodRuntimeStatus;
  readonly sources: StatusSources;
  /** The status of before, which carries times and what is kept. */
  readonly previous: PodStatus | undefined;
  /** The pod has been stopped for good. */
  readonly terminal: boolean;
  /** The kubelet has refused or evicted the pod, or its deadline has passed. */
  readonly verdict?: Verdict | undefined;
  /** What the pod's resize waits for, or that it is under way. */
  readonly resizeConditions?: readonly PodCondition[];
  readonly nodeIp: string;
  /** Simulated ms since the epoch. */
  readonly now: number;
}

/** A pod's status as the runtime's state has it (pkg/kubelet generateAPIPodStatus). Pure. */
export function generatePodStatus(pod: Readonly<Pod>, facts: PodStatusFacts): PodStatus {
  const { runtime, previous, terminal, nodeIp, now } = facts;
  // While its containers may still run, the pod is what it was.
  const verdict = terminal ? facts.verdict : undefined;
  const lists = containerStatuses(pod, runtime, facts.sources, previous);
  const ended = previous?.phase === 'Failed' || previous?.phase === 'Succeeded' ? previous.phase : undefined;
  const [init, app] = [lists.initContainerStatuses, lists.containerStatuses];
  const phase = verdict ? 'Failed' : (ended ?? podPhase(pod, { init, app, initialized: hasStarted(pod, runtime), terminal }));
  const ips = podIps(pod, runtime, previous, nodeIp);
  const sandboxReady = runtime.sandbox?.state === 'ready' && (pod.spec?.hostNetwork === true || runtime.sandbox.ips.length > 0);
  const bare = podConditions(pod, { phase, init, app, sandboxReady });
  return {
    phase,
    conditions: withTimes(verdict?.condition ? [verdict.condition, ...bare] : bare, facts.resizeConditions ?? [], previous, now),
    ...reasonOf(verdict ?? (ended ? previous : undefined)),
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

function reasonOf(from: Pick<PodStatus, 'reason' | 'message'> | undefined): Pick<PodStatus, 'reason' | 'message'> {
  const { reason, message } = from ?? {};
  return { ...(reason ? { reason } : {}), ...(reason && message ? { message } : {}) };
}

/** Whether an app container has been made in the present sandbox: then the pod has been initialised there. */
function hasStarted(pod: Readonly<Pod>, runtime: PodRuntimeStatus): boolean {
  return inPresentSandbox(runtime).some((one) => pod.spec?.containers.some((container) => container.name === one.name));
}

/**
 * What the API is told while containers still run in a pod that is at its end: it keeps its phase until they have stopped
 * (pkg/kubelet/status mergePodStatus).
 */
export function withoutEarlyEnd(status: PodStatus, previous: PodStatus | undefined): PodStatus {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? []), ...(status.ephemeralContainerStatuses ?? [])];
  const running = statuses.some((one) => one.state?.running);
  const ended = (phase: string | undefined) => phase === 'Succeeded' || phase === 'Failed';
  if (!running || !ended(status.phase) || ended(previous?.phase)) return status;
  const { reason: _reason, message: _message, ...rest } = status;
  return { ...rest, phase: previous?.phase ?? 'Pending', ...reasonOf(previous) };
}

/** A pod keeps its address in the status when its sandbox has stopped. */
function podIps(pod: Readonly<Pod>, { sandbox }: PodRuntimeStatus, previous: PodStatus | undefined, nodeIp: string): readonly string[] {
  if (pod.spec?.hostNetwork) return [nodeIp];
  if (sandbox && sandbox.ips.length > 0) return sandbox.ips;
  return previous?.podIPs?.map(({ ip }) => ip) ?? [];
}

/** Others' conditions come first and stay as they are, then those of a resize; a condition whose status is the same keeps its time. */
function withTimes(bare: readonly BareCondition[], resize: readonly PodCondition[], previous: PodStatus | undefined, now: number): PodCondition[] {
  const others = (previous?.conditions ?? []).filter(({ type }) => !kubeletConditions.includes(type) && !bare.some((one) => one.type === type));
  const own = bare.map((condition): PodCondition => {
    const before = previous?.conditions?.find((one) => one.type === condition.type);
    const same = before?.status === condition.status;
    return { ...condition, lastTransitionTime: same && before.lastTransitionTime ? before.lastTransitionTime : formatTime(now) };
  });
  return [...others.map((one) => ({ ...one })), ...resize, ...own];
}
