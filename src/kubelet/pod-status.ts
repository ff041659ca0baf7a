import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../generated/types/index.ts';
import { qosClass } from '../api/core/v1/pod-resources.ts';
import { formatTime } from '../machinery/time.ts';
import type { StatusSources } from './container-states.ts';
import { containerStatuses } from './container-states.ts';
import { isStaticPod } from './manifests.ts';
import type { BareCondition } from './pod-conditions.ts';
import { kubeletConditions, podConditions } from './pod-conditions.ts';
import { isSidecar } from './pod-format.ts';
import { podPhase } from './pod-phase.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import { inPresentSandbox } from './pod-runtime-status.ts';

/** Why the kubelet has ended a pod, and the condition that tells so, if any. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
  readonly condition?: BareCondition | undefined;
  /** The pod has failed from now on, as one past its deadline has, and not once its containers have ended, as one that is evicted. */
  readonly atOnce?: boolean;
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
  const verdict = terminal || facts.verdict?.atOnce ? facts.verdict : undefined;
  const lists = containerStatuses(pod, runtime, facts.sources, previous);
  const ended = previous?.phase === 'Failed' || previous?.phase === 'Succeeded' ? previous.phase : undefined;
  const [init, app] = [lists.initContainerStatuses, lists.containerStatuses];
  const phase = verdict ? 'Failed' : (ended ?? podPhase(pod, { init, app, initialized: hasStarted(pod, runtime), terminal }));
  const ips = podIps(pod, runtime, previous, nodeIp);
  const sandboxReady = runtime.sandbox?.state === 'ready' && (pod.spec?.hostNetwork === true || runtime.sandbox.ips.length > 0);
  const bare = podConditions(pod, { phase, init, app, sandboxReady });
  const status: PodStatus = {
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
  return terminal ? terminated(pod, status) : status;
}

const unknownState = {
  terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'The container could not be located when the pod was terminated' },
};

/**
 * A pod that has been stopped for good has failed if it has not come to an end of its own, and so have those of its containers whose turn
 * had come (pkg/kubelet/status TerminatePod). Its conditions stay what they were.
 */
function terminated(pod: Readonly<Pod>, status: PodStatus): PodStatus {
  const end = (one: ContainerStatus): ContainerStatus => (one.state?.terminated ? one : { ...one, state: unknownState as ContainerStatus['state'] });
  const { initContainerStatuses: init, containerStatuses: app = [] } = status;
  const begun = Math.max(1, (init ?? []).findLastIndex((one) => !one.state?.waiting || one.lastState?.terminated) + 1);
  return {
    ...status,
    ...(init ? { initContainerStatuses: init.map((one, index) => (index < begun ? end(one) : one)) } : {}),
    containerStatuses: wasInitialized(pod) ? app.map(end) : app,
    phase: isStaticPod(pod) || status.phase === 'Succeeded' ? status.phase : 'Failed',
  };
}

/** Whether the API has seen the turn of a pod's app containers come (pkg/kubelet/status hasPodInitialized). */
function wasInitialized({ spec, status }: Readonly<Pod>): boolean {
  const init = spec?.initContainers ?? [];
  if (init.length === 0) return true;
  if (status?.containerStatuses?.some(({ state, lastState }) => lastState?.terminated || !state?.waiting)) return true;
  const last = status?.initContainerStatuses?.at(-1);
  const container = init.find(({ name }) => name === last?.name);
  if (!last || !container) return false;
  if (isSidecar(container)) return Boolean(last.state?.running && last.started);
  return [last.state, last.lastState].some((state) => state?.terminated?.exitCode === 0);
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
 * What the API is told of a pod at its end as long as the kubelet may still have something of it running, were it but its sandbox: it
 * keeps its phase until all has stopped (pkg/kubelet/status mergePodStatus).
 */
export function withoutEarlyEnd(status: PodStatus, previous: PodStatus | undefined): PodStatus {
  const ended = (phase: string | undefined) => phase === 'Succeeded' || phase === 'Failed';
  if (!ended(status.phase) || ended(previous?.phase)) return status;
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
