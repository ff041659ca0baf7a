import type { Container, ContainerState, ContainerStatus, ContainerUser, Pod, PodStatus, VolumeMount, VolumeMountStatus } from '../../generated/types/index.ts';
import { formatTime } from '../machinery/time.ts';
import type { ContainerIdentity, ImageRecord, ContainerStatus as RuntimeContainer } from '../runtime/types.ts';
import type { ContainerAllocation } from './pod-allocation.ts';
import { shownResources } from './pod-allocation.ts';
import type { PodContainer } from './pod-format.ts';
import { isSidecar, podContainers } from './pod-format.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import { containerNamed, shouldBeRestarted } from './pod-runtime-status.ts';

/** Why a container waits, as the last try to start it ended. */
export interface StartFailure {
  readonly reason: string;
  readonly message: string;
}

/** What container statuses are made of, besides the pod and the runtime's word. */
export interface StatusSources {
  /** The last failure to start a container, by its name. */
  failure(name: string): StartFailure | undefined;
  /** What the node has given to a container; undefined for those that cannot be resized. */
  allocation(name: string): ContainerAllocation | undefined;
  image(id: string): ImageRecord | undefined;
  /** Whether startup has succeeded, or was not asked for. Only asked about running containers. */
  started(name: string, containerId: string): boolean;
  /** Whether a running container's readiness probe has succeeded, or was not asked for. */
  ready(name: string, containerId: string): boolean;
}

export interface ContainerStatusLists {
  readonly containerStatuses: ContainerStatus[];
  readonly initContainerStatuses: ContainerStatus[];
  readonly ephemeralContainerStatuses: ContainerStatus[];
}

/** The three lists of container statuses (pkg/kubelet convertToAPIContainerStatuses, prober UpdatePodStatus). */
export function containerStatuses(pod: Readonly<Pod>, status: PodRuntimeStatus, sources: StatusSources, previous: PodStatus | undefined): ContainerStatusLists {
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  const all = podContainers(pod).map((container) => ({
    kind: container.kind,
    status: oneStatus(pod, container, status, sources, {
      hasInit: hasInit && container.kind !== 'ephemeral',
      before: previousStatus(container, previous),
    }),
  }));
  for (const one of all) cutMessages(one.status, all.length);
  const of = (kind: string) => all.filter((one) => one.kind === kind).map((one) => one.status);
  const byName = (a: ContainerStatus, b: ContainerStatus) => (a.name < b.name ? -1 : 1);
  // Upstream sorts by name, but leaves init containers in the order of the spec.
  return {
    containerStatuses: of('container').sort(byName),
    initContainerStatuses: of('init'),
    ephemeralContainerStatuses: of('ephemeral')
      .filter((one) => one.containerID !== undefined || one.state?.waiting)
      .sort(byName),
  };
}

function previousStatus({ kind, spec }: PodContainer, previous: PodStatus | undefined): ContainerStatus | undefined {
  const lists = { container: previous?.containerStatuses, init: previous?.initContainerStatuses, ephemeral: previous?.ephemeralContainerStatuses };
  return lists[kind]?.find((one) => one.name === spec.name);
}

interface StatusHistory {
  /** The pod has init containers that this one waits for. */
  readonly hasInit: boolean;
  /** What the container's status was. */
  readonly before: ContainerStatus | undefined;
}

function oneStatus(
  pod: Readonly<Pod>,
  container: PodContainer,
  status: PodRuntimeStatus,
  sources: StatusSources,
  { hasInit, before }: StatusHistory,
): ContainerStatus {
  const { spec } = container;
  const runs = status.containers.filter((one) => one.name === spec.name);
  const [last, previous] = runs;
  const image = last && sources.image(last.imageId);
  const mounts = mountStatuses(container);
  const out: ContainerStatus = last
    ? {
        name: spec.name,
        state: stateOf(last),
        lastState: previous ? stateOf(previous) : {},
        ready: false,
        restartCount: last.attempt,
        image: shownImage(last, image),
        imageID: image?.repoDigests[0] ?? image?.id ?? last.imageId,
        containerID: `containerd://${last.id}`,
        started: false,
        ...resourceFields(sources.allocation(spec.name), last.state === 'running'),
      }
    : withoutContainer(pod, spec, hasInit, before);
  if (mounts.length > 0) out.volumeMounts = mounts;
  if (last?.state === 'running' && last.user) out.user = shownUser(last.user);
  showFailure(pod, container, status, sources, out);
  setReadiness(container, last, sources, out);
  return out;
}

/**
 * The status of a container that the runtime does not have: not made yet, or removed, as init containers are when their pod gets
 * another sandbox. What is known of earlier runs is kept.
 */
function withoutContainer(pod: Readonly<Pod>, spec: Readonly<Container>, hasInit: boolean, before: ContainerStatus | undefined): ContainerStatus {
  if (before?.state?.terminated) return { ...before };
  const out: ContainerStatus = {
    name: spec.name,
    state: { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: before?.lastState ?? {},
    ready: false,
    restartCount: before?.restartCount ?? 0,
    image: spec.image ?? '',
    imageID: '',
    started: false,
  };
  if (!before?.state?.running || out.lastState?.terminated) return out;
  out.lastState = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: lostContainer, ...noTimes } };
  if (!pod.metadata?.deletionTimestamp) out.restartCount += 1;
  return out;
}

const lostContainer = 'The container could not be located when the pod was deleted.  The container used to be Running';
/** Nobody knows when it ran: Go's zero times, which the API writes as null. */
const noTimes = { startedAt: null, finishedAt: null } as unknown as { startedAt: string; finishedAt: string };

/** A container that waits to be started again says why, and what it was before becomes its last state. */
function showFailure(pod: Readonly<Pod>, container: PodContainer, status: PodRuntimeStatus, sources: StatusSources, out: ContainerStatus): void {
  const last = containerNamed(status, container.spec.name);
  if (container.kind === 'init' && last?.state === 'exited' && last.exitCode === 0) return; // Sidecars that ended well, too.
  if (!shouldBeRestarted(container.spec, pod, status)) return;
  const failure = sources.failure(container.spec.name);
  if (!failure) return;
  if (out.state?.terminated) out.lastState = out.state;
  out.state = { waiting: { reason: failure.reason, ...(failure.message ? { message: failure.message } : {}) } };
}

function setReadiness(container: PodContainer, last: RuntimeContainer | undefined, sources: StatusSources, out: ContainerStatus): void {
  const { kind, spec } = container;
  const running = out.state?.running !== undefined && last !== undefined;
  if (kind === 'ephemeral') {
    delete out.started;
    return;
  }
  out.started = running && sources.started(spec.name, last.id);
  if (kind === 'init' && !isSidecar(spec)) out.ready = out.state?.terminated?.exitCode === 0;
  else out.ready = out.started && sources.ready(spec.name, (last as RuntimeContainer).id);
}

/** Termination messages of a pod share this much (pkg/kubelet/status normalizeStatus). */
const podMessageBytes = 12 * 1024;

/** Cuts termination messages so that those of all containers together stay within the pod's share. */
function cutMessages(status: ContainerStatus, containers: number): void {
  for (const field of ['state', 'lastState'] as const) {
    const { terminated } = status[field] ?? {};
    const bytes = Buffer.from(terminated?.message ?? '').subarray(0, Math.floor(podMessageBytes / containers));
    if (terminated?.message && bytes.length < Buffer.byteLength(terminated.message))
      status[field] = { terminated: { ...terminated, message: bytes.toString() } };
  }
}

/** One run of a container as the API shows it. */
export function stateOf(one: RuntimeContainer): ContainerState {
  if (one.state === 'created') return { waiting: {} };
  if (one.state === 'running') return { running: { startedAt: formatTime(one.startedAt ?? one.createdAt) } };
  return {
    terminated: {
      exitCode: one.exitCode ?? 0,
      reason: one.reason ?? (one.exitCode === 0 ? 'Completed' : 'Error'),
      ...(one.message ? { message: one.message } : {}),
      // A container that never started has the zero time of Unix here, as containerd reports it.
      startedAt: formatTime(one.startedAt ?? 0),
      finishedAt: formatTime(one.finishedAt ?? one.createdAt),
      containerID: `containerd://${one.id}`,
    },
  };
}

/** containerd names an image by one of its tags, in full. */
function shownImage(last: RuntimeContainer, image: ImageRecord | undefined): string {
  const wanted = last.imageReference;
  const tags = image?.repoTags ?? [];
  return tags.find((tag) => tag === wanted || tag.endsWith(`/${wanted}`) || tag.endsWith(`/${wanted}:latest`)) ?? tags[0] ?? image?.id ?? wanted;
}

/** InPlacePodVerticalScaling is on by default in 1.33: the resources in force are shown, of containers that can be resized. */
function resourceFields(allocation: ContainerAllocation | undefined, running: boolean): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  if (!allocation) return {};
  const { requests } = allocation.allocated;
  return {
    ...(requests && Object.keys(requests).length > 0 ? { allocatedResources: { ...requests } } : {}),
    resources: shownResources(allocation, running),
  };
}

function mountStatuses({ spec }: PodContainer): VolumeMountStatus[] {
  return (spec.volumeMounts ?? []).map((mount) => ({
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: recursively(mount) ? 'Enabled' : 'Disabled' } : {}),
  }));
}

/** The runtime can make all below a mount read-only, so `IfPossible` is as good as `Enabled` (resolveRecursiveReadOnly). */
function recursively({ recursiveReadOnly = 'Disabled', mountPropagation = 'None' }: VolumeMount): boolean {
  return recursiveReadOnly !== 'Disabled' && mountPropagation === 'None';
}

/** As pkg/kubelet toKubeContainerUser hands on what the runtime says (SupplementalGroupsPolicy). */
function shownUser({ uid, gid, groups }: ContainerIdentity): ContainerUser {
  return { linux: { uid, gid, supplementalGroups: [...groups] } };
}
