import type { Counters, Metrics } from '../env/index.ts';

/** What one kubelet counts (pkg/kubelet/metrics); the node's name tells whose, since all kubelets share one list. */
export class KubeletMetrics {
  readonly #startedPods: Counters;
  readonly #startedPodsErrors: Counters;
  readonly #startedContainers: Counters;
  readonly #startedContainersErrors: Counters;
  readonly #imageVolumesRequested: Counters;
  readonly #imageVolumesMounted: Counters;
  readonly #imageVolumesErrors: Counters;

  constructor(
    metrics: Metrics,
    readonly nodeName: string,
  ) {
    this.#startedPods = metrics.counters('kubelet_started_pods_total', 'Sandboxes of pods that were asked of the runtime.', ['node']);
    this.#startedPodsErrors = metrics.counters('kubelet_started_pods_errors_total', 'Sandboxes of pods that the runtime could not make.', ['node']);
    const container = ['node', 'container_type'];
    this.#startedContainers = metrics.counters('kubelet_started_containers_total', 'Containers that were to be started, by their part in the pod.', container);
    this.#startedContainersErrors = metrics.counters('kubelet_started_containers_errors_total', 'Containers that did not start, by reason.', [
      ...container,
      'code',
    ]);
    this.#imageVolumesRequested = metrics.counters('kubelet_image_volume_requested_total', 'Image volumes of containers that were to be started.', ['node']);
    this.#imageVolumesMounted = metrics.counters('kubelet_image_volume_mounted_succeed_total', 'Image volumes that containers were started with.', ['node']);
    this.#imageVolumesErrors = metrics.counters('kubelet_image_volume_mounted_errors_total', 'Image volumes that could not be mounted.', ['node']);
  }

  podStarts(): void {
    this.#startedPods.add(1, this.nodeName);
  }

  podFailed(): void {
    this.#startedPodsErrors.add(1, this.nodeName);
  }

  /** @param type `container`, `init_container` or `ephemeral_container` */
  containerStarts(type: string): void {
    this.#startedContainers.add(1, this.nodeName, type);
  }

  /** @param code the reason why it waits, as in its status */
  containerFailed(type: string, code: string): void {
    this.#startedContainersErrors.add(1, this.nodeName, type, code);
  }

  /**
   * The image volumes of a container, once its start has been tried: how many it has, and how many mounts of them. As upstream counts,
   * only a mount that fails is an error; one that was never tried is none.
   */
  imageVolumes(volumes: number, mounts: number, isMountFailure: boolean): void {
    this.#imageVolumesRequested.add(volumes, this.nodeName);
    const outcome = isMountFailure ? this.#imageVolumesErrors : this.#imageVolumesMounted;
    outcome.add(mounts, this.nodeName);
  }
}
