import type { Container, Pod, PodCondition, ResourceRequirements } from '../../generated/types/index.ts';
import { restartsFor } from '../api/core/v1/pod-resize-validation.ts';
import { isSidecar } from '../api/core/v1/pod-resources.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { quantityMilli, quantityValue, resourceAmount } from '../machinery/quantity.ts';
import { formatTime } from '../machinery/time.ts';
import type { ContainerResources } from '../runtime/types.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import { containerNamed } from './pod-runtime-status.ts';

type Resources = Readonly<ResourceRequirements>;

/** Why a resize waits: the node has no room at present, or will never have. */
export interface ResizeRefusal {
  readonly reason: 'Deferred' | 'Infeasible';
  readonly message: string;
}

/** The resources of one container, as its node has given them and as they are in force. Absent for containers that cannot be resized. */
export interface ContainerAllocation {
  readonly allocated: Resources;
  /** What the container was started or last resized with; absent before its first start. */
  readonly actuated?: Resources | undefined;
}

/**
 * What a node has given to one pod (pkg/kubelet/allocation). A pod that is resized runs on with what it was given until the
 * node gives it more. App containers and sidecars can be resized; all others keep what their pod was created with.
 */
export class PodAllocation {
  readonly #allocated = new Map<string, Resources>();
  readonly #actuated = new Map<string, Resources>();
  #pending: PodCondition | undefined;
  #inProgress: PodCondition | undefined;

  /** Whether the pod has been given anything yet. */
  get isMade(): boolean {
    return this.#allocated.size > 0;
  }

  /** Gives the pod what it asks for. Returns the names of the containers for which that is something new. */
  allocate(pod: Readonly<Pod>): string[] {
    const changed: string[] = [];
    for (const { name, resources = {} } of resizable(pod)) {
      const before = this.#allocated.get(name);
      if (before && semanticEqual(before, resources)) continue;
      if (before) changed.push(name);
      this.#allocated.set(name, resources);
    }
    return changed;
  }

  /** The pod with the resources that it has been given, whatever its spec asks for by now. */
  allocatedPod(pod: Readonly<Pod>): Readonly<Pod> {
    if (!this.differsFrom(pod)) return pod;
    const given = (container: Container): Container => ({ ...container, resources: this.#allocated.get(container.name) ?? container.resources ?? {} });
    const { containers = [], initContainers } = pod.spec ?? {};
    return { ...pod, spec: { ...pod.spec, containers: containers.map(given), ...(initContainers ? { initContainers: initContainers.map(given) } : {}) } };
  }

  /** Whether the spec asks for something else than has been given. */
  differsFrom(pod: Readonly<Pod>): boolean {
    return resizable(pod).some(({ name, resources = {} }) => this.#allocated.has(name) && !semanticEqual(this.#allocated.get(name), resources));
  }

  of(name: string): ContainerAllocation | undefined {
    const allocated = this.#allocated.get(name);
    return allocated && { allocated, actuated: this.#actuated.get(name) };
  }

  /** A container has been started, or resized, with these. */
  actuate({ name, resources = {} }: Readonly<Container>): void {
    this.#actuated.set(name, resources);
  }

  /** Shows, or shows no longer, why a resize waits. `now` in simulated ms. */
  setPending(refusal: ResizeRefusal | undefined, now: number): void {
    this.#pending = refusal && condition('PodResizePending', refusal, this.#pending, now);
  }

  /** Shows whether a running container still has other resources than it has been given. */
  followProgress(pod: Readonly<Pod>, status: PodRuntimeStatus, now: number): void {
    const underWay = resizable(pod).some(({ name }) => {
      const { allocated, actuated } = this.of(name) ?? {};
      return containerNamed(status, name)?.state === 'running' && actuated !== undefined && !sameCompute(allocated, actuated);
    });
    this.#inProgress = underWay ? condition('PodResizeInProgress', {}, this.#inProgress, now) : undefined;
  }

  /** The conditions of a pod that is being resized, in the order in which upstream writes them. */
  conditions(): PodCondition[] {
    return [this.#pending, this.#inProgress].filter((one) => one !== undefined);
  }
}

function resizable({ spec }: Readonly<Pod>): Container[] {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isSidecar)];
}

function condition(type: string, { reason, message }: Partial<ResizeRefusal>, previous: PodCondition | undefined, now: number): PodCondition {
  const time = formatTime(now);
  return {
    type,
    status: 'True',
    lastProbeTime: time,
    lastTransitionTime: previous && previous.reason === reason ? (previous.lastTransitionTime ?? time) : time,
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  };
}

const computeNames = ['cpu', 'memory'] as const;
const sides = ['requests', 'limits'] as const;

function changedCompute(a: Resources | undefined, b: Resources | undefined): (typeof computeNames)[number][] {
  return computeNames.filter((name) => sides.some((side) => resourceAmount(name, a?.[side]?.[name]) !== resourceAmount(name, b?.[side]?.[name])));
}

function sameCompute(a: Resources | undefined, b: Resources | undefined): boolean {
  return changedCompute(a, b).length === 0;
}

/** What a running container needs to get to its resources (kuberuntime computePodResizeAction). */
export function resizeAction(container: Readonly<Container>, actuated: Resources | undefined): 'none' | 'update' | 'restart' {
  if (!actuated) return 'none';
  const changed = changedCompute(container.resources, actuated);
  if (changed.length === 0) return 'none';
  return changed.some((name) => restartsFor(name, container.resizePolicy)) ? 'restart' : 'update';
}

/** A container's resources as the runtime takes them. Who asks for no processor time but has a limit asks for as much. */
export function runtimeResources({ resources }: Readonly<Container>): ContainerResources {
  const { cpu, memory } = resources?.limits ?? {};
  const request = resources?.requests?.cpu ?? cpu;
  return {
    cpuRequestMilli: request ? quantityMilli(request) : undefined,
    cpuLimitMilli: cpu ? quantityMilli(cpu) : undefined,
    memoryLimitBytes: memory ? quantityValue(memory) : undefined,
  };
}

/** What a container's status shows of its resources: of CPU and memory what is in force while it runs, of all else what it was given. */
export function shownResources({ allocated, actuated }: ContainerAllocation, running: boolean): ResourceRequirements {
  const out: ResourceRequirements = {};
  for (const side of sides) {
    const amounts = allocated[side];
    if (!amounts) continue;
    out[side] = { ...amounts };
    if (running)
      for (const name of computeNames) if (amounts[name] !== undefined && actuated?.[side]?.[name] !== undefined) out[side][name] = actuated[side][name];
  }
  return out;
}
