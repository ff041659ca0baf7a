import type { Pod, PodStatus } from '../../generated/types/index.ts';
import type { ContainerStatus, Runtime } from '../runtime/types.ts';
import type { StartFailure } from './container-states.ts';
import { PodAllocation } from './pod-allocation.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import type { Verdict } from './pod-status.ts';
import { generatePodStatus } from './pod-status.ts';
import type { WorkerContext } from './worker-context.ts';

/** What a kubelet has made for one pod, and how it last failed. */
export class PodRecord {
  readonly sandboxIds: string[] = [];
  containerIds: string[] = [];
  /** How often a container of a name was created: the next one's attempt. */
  readonly attempts = new Map<string, number>();
  readonly failures = new Map<string, StartFailure>();
  readonly allocation = new PodAllocation();

  constructor(readonly context: WorkerContext) {}

  /** The runtime's present word on the pod. */
  status(): PodRuntimeStatus {
    const { runtime } = this.context;
    const sandbox = this.sandboxIds.length > 0 ? runtime.sandboxStatus(this.sandboxIds.at(-1) as string) : undefined;
    const containers = this.containerIds
      .map((id) => runtime.containerStatus(id))
      .filter(isPresent)
      .reverse();
    return { sandbox, containers };
  }

  /** The pod's status for the API. */
  podStatus(pod: Readonly<Pod>, options: { readonly terminal: boolean; readonly verdict?: Verdict | undefined }): PodStatus {
    const { prober, runtime, nodeIp, env, statuses } = this.context;
    return generatePodStatus(pod, {
      runtime: this.status(),
      previous: statuses.get(pod.metadata?.uid ?? '') ?? pod.status,
      terminal: options.terminal,
      verdict: options.verdict,
      nodeIp,
      now: env.clock.now(),
      resizeConditions: options.terminal ? [] : this.allocation.conditions(),
      sources: {
        failure: (name) => this.failures.get(name),
        allocation: (name) => this.allocation.of(name),
        image: (id) => imageById(runtime, id),
        started: (_name, id) => prober.started(id),
        ready: (_name, id) => prober.ready(id),
      },
    });
  }

  /** The container of a pod that runs under this name, if any. */
  runningId(name: string): string | undefined {
    return this.status().containers.find((one) => one.name === name && one.state === 'running')?.id;
  }

  /** Removes the ended runs of a container but the last (MaxPerPodContainer is 1). */
  async prune(name: string): Promise<void> {
    const ended = this.status().containers.filter((one) => one.name === name && one.state !== 'running');
    for (const one of ended.slice(1)) await this.#remove(one.id);
  }

  /** Removes all runs of these containers: a new sandbox begins anew. */
  async purge(names: readonly string[]): Promise<void> {
    for (const one of this.status().containers) if (names.includes(one.name) && one.state !== 'running') await this.#remove(one.id);
  }

  /** Nothing of the pod is left on the node. */
  async removeAll(): Promise<void> {
    for (const id of [...this.containerIds]) await this.#remove(id);
    for (const id of this.sandboxIds.splice(0)) await this.context.runtime.removePodSandbox(id);
  }

  async #remove(id: string): Promise<void> {
    this.containerIds = this.containerIds.filter((one) => one !== id);
    await this.context.runtime.removeContainer(id);
  }
}

function imageById(runtime: Runtime, id: string) {
  return runtime.imageStatus(id) ?? runtime.listImages().find((image) => image.id === id);
}

function isPresent(one: ContainerStatus | undefined): one is ContainerStatus {
  return one !== undefined;
}
