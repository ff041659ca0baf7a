import type { Processors } from '../shell/kernel/index.ts';
import { ControlGroup } from '../shell/kernel/index.ts';
import type { SandboxConfig } from './types.ts';

/**
 * The control groups of a node's pods, as the kubelet arranges them (pkg/kubelet/cm qosContainerManager, podContainerManager):
 * Guaranteed pods stand at the top, beside one group for all Burstable pods, which weighs what they ask for in sum, and one for all
 * BestEffort pods, which weighs least.
 *
 * Differs from upstream: a pod weighs what its running containers ask for, without overhead and without the init containers to come.
 */
export class PodGroups {
  readonly #pods = new Set<ControlGroup>();
  readonly #burstable: ControlGroup;
  readonly #bestEffort: ControlGroup;

  constructor(readonly processors: Processors) {
    this.#burstable = new ControlGroup(processors.root);
    this.#bestEffort = new ControlGroup(processors.root);
  }

  /** The group of one more pod. */
  add(qosClass: SandboxConfig['qosClass'] = 'BestEffort'): ControlGroup {
    const parent = { Guaranteed: this.processors.root, Burstable: this.#burstable, BestEffort: this.#bestEffort }[qosClass];
    const pod = new ControlGroup(parent);
    this.#pods.add(pod);
    return pod;
  }

  remove(pod: ControlGroup): void {
    this.#pods.delete(pod);
    pod.remove();
    this.#weighBurstable();
  }

  /** The containers of a pod have come, gone or changed. */
  weigh(pod: ControlGroup): void {
    pod.weighChildren();
    this.#weighBurstable();
  }

  #weighBurstable(): void {
    this.#burstable.weighChildren();
    this.processors.changed();
  }
}
