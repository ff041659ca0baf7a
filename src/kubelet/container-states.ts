import type { ContainerState, ContainerStatus, ContainerUser, Pod, VolumeMountStatus } from '../../generated/types/index.ts';
import { formatTime } from '../machinery/time.ts';
import type { ImageRecord, ContainerStatus as RuntimeContainer } from '../runtime/types.ts';
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
  image(id: string): ImageRecord | undefined;
  /** Whom a container runs as. */
  user(container: PodContainer, image: ImageRecord | undefined): ContainerUser | undefined;
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
export function containerStatuses(pod: Readonly<Pod>, status: PodRuntimeStatus, sources: StatusSources): ContainerStatusLists {
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  const all = podContainers(pod).map((container) => ({
    kind: container.kind,
    status: oneStatus(pod, container, status, sources, hasInit && container.kind !== 'ephemeral'),
  }));
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

function oneStatus(pod: Readonly<Pod>, container: PodContainer, status: PodRuntimeStatus, sources: StatusSources, hasInit: boolean): ContainerStatus {
  const { spec } = container;
  const runs = status.containers.filter((one) => one.name === spec.name);
  const [last, previous] = runs;
  const image = last && sources.image(last.imageId);
  const mounts = mountStatuses(container);
  const out: ContainerStatus = {
    name: spec.name,
    state: last ? stateOf(last) : { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: previous ? stateOf(previous) : {},
    ready: false,
    restartCount: last?.attempt ?? 0,
    image: last ? shownImage(last, image) : (spec.image ?? ''),
    imageID: last ? (image?.repoDigests[0] ?? image?.id ?? last.imageId) : '',
    ...(last ? { containerID: `containerd://${last.id}` } : {}),
    started: false,
  };
  if (last) Object.assign(out, resourceFields(container));
  if (mounts.length > 0) out.volumeMounts = mounts;
  const user = last && last.state === 'running' ? sources.user(container, image) : undefined;
  if (user) out.user = user;
  showFailure(pod, container, status, sources, out);
  setReadiness(container, last, sources, out);
  return out;
}

/** A container that waits to be started again says why, and what it was before becomes its last state. */
function showFailure(pod: Readonly<Pod>, container: PodContainer, status: PodRuntimeStatus, sources: StatusSources, out: ContainerStatus): void {
  const last = containerNamed(status, container.spec.name);
  if (container.kind === 'init' && !isSidecar(container.spec) && last?.state === 'exited' && last.exitCode === 0) return;
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

/** One run of a container as the API shows it. */
export function stateOf(one: RuntimeContainer): ContainerState {
  if (one.state === 'created') return { waiting: {} };
  if (one.state === 'running') return { running: { startedAt: formatTime(one.startedAt ?? one.createdAt) } };
  return {
    terminated: {
      exitCode: one.exitCode ?? 0,
      ...(one.signal ? { signal: one.signal } : {}),
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

/** InPlacePodVerticalScaling is on by default in 1.33: the resources in force are shown. */
function resourceFields({ spec }: PodContainer): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { requests, limits } = spec.resources ?? {};
  return {
    ...(requests && Object.keys(requests).length > 0 ? { allocatedResources: { ...requests } } : {}),
    resources: { ...(limits ? { limits: { ...limits } } : {}), ...(requests ? { requests: { ...requests } } : {}) },
  };
}

function mountStatuses({ spec }: PodContainer): VolumeMountStatus[] {
  return (spec.volumeMounts ?? []).map((mount) => ({
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
  }));
}
