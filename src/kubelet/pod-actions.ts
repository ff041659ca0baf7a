import type { Container, Pod, ResourceRequirements } from '../../generated/types/index.ts';
import type { ContainerStatus } from '../runtime/types.ts';
import { resizeAction } from './pod-allocation.ts';
import { isSidecar } from './pod-format.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import { containerNamed, inPresentSandbox, restartsOnFailure, shouldBeRestarted } from './pod-runtime-status.ts';

export type ProbeResult = 'success' | 'failure' | 'unknown';

/** What the probes have found of a container, by its id; undefined if it has not been probed yet. */
export interface ProbeResults {
  liveness(containerId: string): ProbeResult | undefined;
  startup(containerId: string): ProbeResult | undefined;
}

export interface ContainerToKill {
  readonly name: string;
  /** The Killing event's text; empty for the usual one. */
  readonly message: string;
  readonly reason?: 'LivenessProbe' | 'StartupProbe' | undefined;
}

/** A container that runs, and gets other resources without a restart. */
export interface ContainerToResize {
  readonly id: string;
  readonly spec: Readonly<Container>;
}

/** What a container was started or last resized with; undefined for those that cannot be resized. */
export type ActuatedResources = (name: string) => ResourceRequirements | undefined;

/** What a sync has to do, in upstream's order: kill, make the sandbox, start. Indexes are those of the lists in the spec. */
export interface PodActions {
  /** All that runs must end, the sandbox too. */
  readonly killPod: boolean;
  readonly createSandbox: boolean;
  readonly sandboxId: string | undefined;
  /** Number of the sandbox to create. */
  readonly attempt: number;
  readonly initContainersToStart: readonly number[];
  readonly containersToStart: readonly number[];
  readonly ephemeralContainersToStart: readonly number[];
  readonly containersToKill: ReadonlyMap<string, ContainerToKill>;
  readonly containersToResize: readonly ContainerToResize[];
}

/** Whether a container is to start. */
export function startsSomething({ initContainersToStart, containersToStart, ephemeralContainersToStart }: PodActions): boolean {
  return initContainersToStart.length + containersToStart.length + ephemeralContainersToStart.length > 0;
}

interface Draft {
  killPod: boolean;
  createSandbox: boolean;
  sandboxId: string | undefined;
  attempt: number;
  initContainersToStart: number[];
  containersToStart: number[];
  ephemeralContainersToStart: number[];
  containersToKill: Map<string, ContainerToKill>;
  containersToResize: ContainerToResize[];
}

/**
 * Decides what a sync of a pod does (pkg/kubelet/kuberuntime computePodActions). `pod` has the resources that its node has given
 * it; containers that run with others are resized.
 */
export function computePodActions(
  pod: Readonly<Pod>,
  status: PodRuntimeStatus,
  probes: ProbeResults,
  actuated: ActuatedResources = () => undefined,
): PodActions {
  const sandbox = needsSandbox(pod, status);
  const draft: Draft = {
    killPod: sandbox.changed,
    createSandbox: sandbox.changed,
    sandboxId: sandbox.changed ? undefined : status.sandbox?.id,
    attempt: sandbox.attempt,
    initContainersToStart: [],
    containersToStart: [],
    ephemeralContainersToStart: [],
    containersToKill: new Map(),
    containersToResize: [],
  };
  if (sandbox.changed) return startFromScratch(pod, status, draft);
  (pod.spec?.ephemeralContainers ?? []).forEach(({ name }, index) => {
    if (!containerNamed(status, name)) draft.ephemeralContainersToStart.push(index);
  });
  const initialized = planInitContainers(pod, status, probes, actuated, draft);
  if (draft.killPod || !initialized) return draft;
  planContainers(pod, status, probes, actuated, draft);
  return draft;
}

function needsSandbox(pod: Readonly<Pod>, { sandbox }: PodRuntimeStatus): { changed: boolean; attempt: number } {
  if (!sandbox) return { changed: true, attempt: 0 };
  const addressless = !pod.spec?.hostNetwork && sandbox.ips.length === 0;
  return sandbox.state !== 'ready' || addressless ? { changed: true, attempt: sandbox.attempt + 1 } : { changed: false, attempt: sandbox.attempt };
}

/** A new sandbox means that everything begins anew, with the first init container. */
function startFromScratch(pod: Readonly<Pod>, status: PodRuntimeStatus, draft: Draft): PodActions {
  if (!restartsOnFailure(pod) && draft.attempt !== 0 && status.containers.length > 0) {
    draft.createSandbox = false; // A pod that must not be restarted stays as it ended.
    return draft;
  }
  const toStart = indexesWhere(pod.spec?.containers, (container) => pod.spec?.restartPolicy !== 'OnFailure' || !succeeded(container, status));
  if (toStart.length === 0) {
    draft.createSandbox = false;
    return draft;
  }
  if (pod.spec?.initContainers?.length) draft.initContainersToStart.push(0);
  else draft.containersToStart = toStart;
  return draft;
}

function succeeded(container: Container, status: PodRuntimeStatus): boolean {
  const last = containerNamed(status, container.name);
  return last?.state === 'exited' && last.exitCode === 0;
}

function indexesWhere(list: readonly Container[] | undefined, test: (container: Container) => boolean): number[] {
  return (list ?? []).flatMap((container, index) => (test(container) ? [index] : []));
}

/**
 * Plans the init containers; returns whether the app containers' turn has come. Looks from the last to the first, since
 * finished ones may be gone: the last that ran tells how far the pod has got. Sidecars before it are kept running.
 *
 * An app container that has ended proves nothing (it may be of another sandbox), so a pod of which nothing runs any more waits for its
 * last sidecar to be back before it starts its containers again, or ends.
 */
function planInitContainers(pod: Readonly<Pod>, status: PodRuntimeStatus, probes: ProbeResults, actuated: ActuatedResources, draft: Draft): boolean {
  const list = pod.spec?.initContainers ?? [];
  if (list.length === 0) return true;
  const present = inPresentSandbox(status);
  const appContainers = new Set((pod.spec?.containers ?? []).map((one) => one.name));
  const started = present.some((one) => one.state !== 'exited' && appContainers.has(one.name));
  let initialized = started;
  let passed = started;
  for (let index = list.length - 1; index >= 0; index -= 1) {
    const container = list[index] as Container;
    const last = present.find((one) => one.name === container.name);
    if (!last) {
      if (passed && isSidecar(container)) draft.initContainersToStart.push(index);
      continue;
    }
    if (passed && !isSidecar(container)) continue;
    const outcome = isSidecar(container) ? planSidecar(container, index, last, probes, actuated, draft) : planInitContainer(pod, index, last, draft);
    if (outcome === 'kill') {
      draft.killPod = true;
      draft.initContainersToStart = [];
      return false;
    }
    if (outcome === 'done') {
      if (index === list.length - 1) initialized = true;
      else if (!passed) draft.initContainersToStart.push(index + 1);
    }
    passed = true;
  }
  if (!passed) draft.initContainersToStart.push(0);
  draft.initContainersToStart.sort((a, b) => a - b);
  return initialized;
}

type InitOutcome = 'done' | 'wait' | 'kill';

function planInitContainer(pod: Readonly<Pod>, index: number, last: ContainerStatus, draft: Draft): InitOutcome {
  if (last.state === 'created') draft.initContainersToStart.push(index); // Made, but it could not be started.
  if (last.state !== 'exited') return 'wait';
  if (last.exitCode === 0) return 'done';
  if (!restartsOnFailure(pod)) return 'kill';
  draft.initContainersToStart.push(index);
  return 'wait';
}

function planSidecar(container: Container, index: number, last: ContainerStatus, probes: ProbeResults, actuated: ActuatedResources, draft: Draft): InitOutcome {
  if (last.state !== 'running') {
    draft.initContainersToStart.push(index);
    return 'wait';
  }
  const restart = (message: string, reason?: ContainerToKill['reason']): void => {
    draft.containersToKill.set(last.id, { name: container.name, message, reason });
    draft.initContainersToStart.push(index);
  };
  if (container.startupProbe) {
    const startup = probes.startup(last.id);
    if (startup === 'failure') restart(`Init container ${container.name} failed startup probe`, 'StartupProbe');
    if (startup !== 'success') return 'wait';
  }
  if (imageChanged(container, last)) restart(`Init container ${container.name} definition changed`);
  else if (container.livenessProbe && probes.liveness(last.id) === 'failure')
    restart(`Init container ${container.name} failed liveness probe`, 'LivenessProbe');
  else if (planResize(container, last, actuated, draft)) restart(restartToResize(container));
  return 'done'; // Once it has started, those after it do not wait for it, whatever becomes of it.
}

const restartToResize = ({ name }: Container): string => `Container ${name} resize requires restart`;

/** Plans the resize of a container that runs; returns whether it takes a restart. */
function planResize(container: Container, last: ContainerStatus, actuated: ActuatedResources, draft: Draft): boolean {
  const action = resizeAction(container, actuated(container.name));
  if (action === 'update') draft.containersToResize.push({ id: last.id, spec: container });
  return action === 'restart';
}

/** The image is all of a container, beside its resources, that can change once its pod exists. */
function imageChanged(container: Container, last: ContainerStatus): boolean {
  return last.imageReference !== (container.image ?? '');
}

function planContainers(pod: Readonly<Pod>, status: PodRuntimeStatus, probes: ProbeResults, actuated: ActuatedResources, draft: Draft): void {
  let kept = 0;
  (pod.spec?.containers ?? []).forEach((container, index) => {
    const last = containerNamed(status, container.name);
    if (last?.state !== 'running') {
      if (shouldBeRestarted(container, pod, status)) draft.containersToStart.push(index);
      return;
    }
    const fault = faultOf(container, last, probes);
    if (!fault) {
      if (!planResize(container, last, actuated, draft)) kept += 1;
      else {
        draft.containersToStart.push(index);
        draft.containersToKill.set(last.id, { name: container.name, message: restartToResize(container) });
      }
      return;
    }
    const restart = fault.always || restartsOnFailure(pod);
    if (restart) draft.containersToStart.push(index);
    const message = restart ? `${fault.message}, will be restarted` : fault.message;
    draft.containersToKill.set(last.id, { name: container.name, message, reason: fault.reason });
  });
  if (kept > 0 || draft.containersToStart.length > 0) return;
  draft.killPod = true;
  draft.initContainersToStart = []; // A sidecar must not keep a finished pod alive.
}

interface Fault {
  readonly message: string;
  readonly reason?: ContainerToKill['reason'];
  /** Restart it whatever the pod's restart policy says. */
  readonly always: boolean;
}

function faultOf(container: Container, last: ContainerStatus, probes: ProbeResults): Fault | undefined {
  if (imageChanged(container, last)) return { message: `Container ${container.name} definition changed`, always: true };
  if (container.livenessProbe && probes.liveness(last.id) === 'failure') {
    return { message: `Container ${container.name} failed liveness probe`, reason: 'LivenessProbe', always: false };
  }
  if (container.startupProbe && probes.startup(last.id) === 'failure') {
    return { message: `Container ${container.name} failed startup probe`, reason: 'StartupProbe', always: false };
  }
  return undefined;
}
