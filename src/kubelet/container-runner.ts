import type { Container, Pod } from '../../generated/types/index.ts';
import { goDuration } from '../machinery/time.ts';
import type { ContainerStatus, ImageRecord, VolumeHandle } from '../runtime/types.ts';
import { SubPathError } from '../runtime/types.ts';
import type { Cancellation } from './cancellation.ts';
import { containerConfig } from './container-config.ts';
import type { ImageVolumes } from './image-volumes.ts';
import { missingImages } from './image-volumes.ts';
import { ContainerError, messageOf } from './kubelet-error.ts';
import { runHook } from './lifecycle-hook.ts';
import type { ContainerKind, PodContainer } from './pod-format.ts';
import { findContainer, formatPod, isSidecar, podReference } from './pod-format.ts';
import type { PodRecord } from './pod-record.ts';
import type { PodRuntimeStatus } from './pod-runtime-status.ts';
import { containerNamed } from './pod-runtime-status.ts';
import type { ProbeTarget } from './probe.ts';
import { TerminationOrder } from './termination-order.ts';
import type { WorkerContext } from './worker-context.ts';

/** A container gets at least this long between TERM and KILL. */
const minimumGraceSeconds = 2;
const noTimeoutMs = 24 * 3_600_000;

/** What a sync has found before it began to act. */
export interface SyncFacts {
  readonly volumes: ReadonlyMap<string, VolumeHandle>;
  /** The pod's containers then. */
  readonly seen: PodRuntimeStatus;
}

/** How CRI names the failure of a mount. */
const imageMountFailure = 'ImageVolumeMountFailed';
/** Upstream's names for the parts of a pod. */
const metricTypes: Readonly<Record<ContainerKind, string>> = { init: 'init_container', container: 'container', ephemeral: 'ephemeral_container' };

/** What a container is made of besides its own image. */
export interface StartFacts extends SyncFacts {
  readonly images: ImageVolumes;
}

/** Starts and stops the containers of one pod (pkg/kubelet/kuberuntime kuberuntime_container.go). */
export class ContainerRunner {
  constructor(
    readonly context: WorkerContext,
    readonly record: PodRecord,
  ) {}

  /** Pulls the image, creates the container, starts it, runs its postStart hook. Rejects with ContainerError. */
  async start(pod: Readonly<Pod>, container: PodContainer, sandboxId: string, facts: StartFacts, cancel: Cancellation): Promise<void> {
    this.#checkCrashBackOff(pod, container, facts.seen);
    const { metrics } = this.context;
    const type = metricTypes[container.kind];
    metrics.containerStarts(type);
    this.#checkImageVolumes(pod, container, facts.images);
    try {
      const image = await this.#pull(pod, container, cancel);
      const id = await this.#create(pod, container, sandboxId, image, facts);
      await this.#startCreated(pod, container, id);
      await this.#postStart(pod, container, id, sandboxId, cancel);
      this.#countImageVolumes(container, facts.images, false);
    } catch (error) {
      if (error instanceof ContainerError) {
        metrics.containerFailed(type, error.reason);
        this.#countImageVolumes(container, facts.images, error.message.startsWith(imageMountFailure));
      }
      throw error;
    }
  }

  #countImageVolumes({ spec }: PodContainer, images: ImageVolumes, isMountFailure: boolean): void {
    const mounts = (spec.volumeMounts ?? []).filter((mount) => images.has(mount.name));
    this.context.metrics.imageVolumes(new Set(mounts.map((mount) => mount.name)).size, mounts.length, isMountFailure);
  }

  /** Ends a container: preStop, then its stop signal when its turn has come, then KILL. `graceSeconds` covers the hook and the wait as well. */
  async kill(pod: Readonly<Pod>, one: ContainerStatus, graceSeconds: number, message = '', order?: TerminationOrder): Promise<void> {
    const container = findContainer(pod, one.name);
    this.#event(pod, container, 'Normal', 'Killing', message || `Stopping container ${one.name}`);
    let left = graceSeconds;
    const handler = container?.spec.lifecycle?.preStop;
    if (handler && left > 0) left -= await this.#preStop(pod, container, one, left);
    if (order) left -= await order.waitForTurn(one.name, left);
    await this.context.runtime.stopContainer(one.id, Math.max(left, minimumGraceSeconds) * 1000);
    order?.ended(one.name);
    this.context.prober.remove(one.id);
  }

  /** Ends all that runs: the app containers together, then the sidecars in reverse order, within one grace period. */
  async killAll(pod: Readonly<Pod>, graceSeconds: number): Promise<void> {
    const running = this.record.status().containers.filter((one) => one.state === 'running');
    const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map((one) => one.name);
    const first = running.filter((one) => !sidecars.includes(one.name)).sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
    const last = sidecars.reverse().flatMap((name) => running.find((one) => one.name === name) ?? []);
    const order = new TerminationOrder(
      this.context.env,
      pod,
      running.map((one) => one.name),
    );
    await Promise.all([...first, ...last].map((one) => this.kill(pod, one, graceSeconds, '', order)));
  }

  /** How probes and hooks reach a container. */
  target(pod: Readonly<Pod>, container: Readonly<Container>, containerId: string, sandboxId: string): ProbeTarget {
    const ips = this.context.runtime.sandboxStatus(sandboxId)?.ips ?? [];
    return { pod, container, containerId, sandboxId, ip: ips[0] ?? this.context.nodeIp, nameServer: this.context.dns.host.servers[0] };
  }

  /**
   * Counts a crash, or says how long the last one is still to be waited for. What the sync itself has ended does not count: a
   * container that a probe ends starts again at once until its delay is longer than it lived.
   */
  #checkCrashBackOff(pod: Readonly<Pod>, container: PodContainer, seen: PodRuntimeStatus): void {
    const last = seen.containers.find((one) => one.name === container.spec.name && one.state === 'exited');
    if (!last) return;
    const { crashBackOff, env } = this.context;
    const key = `${pod.metadata?.uid}_${container.spec.name}_${container.spec.image}`;
    const now = env.clock.now();
    const until = crashBackOff.until(key, last.finishedAt ?? now, now);
    if (until === undefined) {
      crashBackOff.next(key, now);
      return;
    }
    const { name } = container.spec;
    this.#event(pod, container, 'Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${formatPod(pod)}`);
    const message = `back-off ${goDuration(crashBackOff.delayMs(key))} restarting failed container=${name} pod=${formatPod(pod)}`;
    throw new ContainerError('CrashLoopBackOff', message, until);
  }

  /** Fails with the last of the images that the container mounts and that could not be had; all are told of. */
  #checkImageVolumes(pod: Readonly<Pod>, container: PodContainer, images: ImageVolumes): void {
    const missing = missingImages(container, images);
    for (const { reason } of missing) this.#event(pod, container, 'Warning', 'Failed', `Error: ${reason}`);
    const last = missing.at(-1);
    if (last) throw last;
  }

  async #pull(pod: Readonly<Pod>, container: PodContainer, cancel: Cancellation): Promise<ImageRecord> {
    try {
      const credentials = await this.context.credentials(pod);
      return await cancel.race(
        this.context.images.ensureImage(pod, container.spec, credentials, (type, reason, message) => {
          if (!cancel.cancelled) this.#event(pod, container, type, reason, message);
        }),
      );
    } catch (error) {
      if (error instanceof ContainerError) this.#event(pod, container, 'Warning', 'Failed', `Error: ${error.reason}`);
      throw error;
    }
  }

  async #create(pod: Readonly<Pod>, container: PodContainer, sandboxId: string, image: ImageRecord, { volumes, images }: StartFacts): Promise<string> {
    const { runtime, sources, nodeIp } = this.context;
    const { name } = container.spec;
    const attempt = this.record.attempts.get(name) ?? 0;
    const target = (container.spec as { targetContainerName?: string }).targetContainerName;
    try {
      const config = await containerConfig(pod, container.spec, {
        image,
        attempt,
        volumes,
        images,
        nodeIp,
        sources,
        podIps: pod.spec?.hostNetwork ? [nodeIp] : (runtime.sandboxStatus(sandboxId)?.ips ?? []),
        services: this.context.services(),
        allocatable: this.context.allocatable(),
        memoryCapacity: this.context.memoryCapacity(),
        targetContainerId: this.#targetId(target),
      });
      await this.record.prune(name);
      const id = await runtime.createContainer(sandboxId, config);
      this.record.containerIds.push(id);
      this.record.attempts.set(name, attempt + 1);
      this.record.allocation.actuate(container.spec);
      this.#event(pod, container, 'Normal', 'Created', `Created container: ${name}`);
      return id;
    } catch (error) {
      const failure = this.#createFailure(container, error);
      this.#event(pod, container, 'Warning', 'Failed', `Error: ${failure.message}`);
      throw failure;
    }
  }

  /** Where a subPath leads is not told: that would show what is on the host. */
  #createFailure({ spec }: PodContainer, error: unknown): ContainerError {
    if (error instanceof ContainerError) return error;
    if (!(error instanceof SubPathError)) return new ContainerError('CreateContainerError', messageOf(error));
    const mount = JSON.stringify(spec.volumeMounts?.[error.mount]?.name ?? '');
    return new ContainerError('CreateContainerConfigError', `${error.message} for volumeMount ${mount} of container ${JSON.stringify(spec.name)}`);
  }

  /** The container whose processes an ephemeral one is to see; that it runs is the runtime's to check. */
  #targetId(name: string | undefined): string | undefined {
    if (!name) return undefined;
    const target = containerNamed(this.record.status(), name);
    if (!target) throw new ContainerError('CreateContainerConfigError', `unable to find target container ${name}`);
    return target.id;
  }

  async #startCreated(pod: Readonly<Pod>, container: PodContainer, id: string): Promise<void> {
    const { name } = container.spec;
    try {
      await this.context.runtime.startContainer(id);
    } catch (error) {
      this.#event(pod, container, 'Warning', 'Failed', `Error: ${messageOf(error)}`);
      throw new ContainerError('RunContainerError', messageOf(error));
    }
    this.#event(pod, container, 'Normal', 'Started', `Started container ${name}`);
  }

  async #postStart(pod: Readonly<Pod>, container: PodContainer, id: string, sandboxId: string, cancel: Cancellation): Promise<void> {
    const handler = container.spec.lifecycle?.postStart;
    if (!handler) return;
    const { env, runtime } = this.context;
    try {
      await cancel.race(runHook(env, runtime, handler, this.target(pod, container.spec, id, sandboxId), noTimeoutMs));
    } catch (error) {
      if (cancel.cancelled) throw error;
      this.#event(pod, container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
      const one = runtime.containerStatus(id);
      if (one) await this.kill(pod, one, pod.spec?.terminationGracePeriodSeconds ?? 30, 'FailedPostStartHook');
      throw new ContainerError('PostStartHookError', messageOf(error));
    }
  }

  /** Runs the preStop hook for at most the grace period; returns the seconds it took. */
  async #preStop(pod: Readonly<Pod>, container: PodContainer, one: ContainerStatus, graceSeconds: number): Promise<number> {
    const { env, runtime } = this.context;
    const began = env.clock.now();
    const handler = container.spec.lifecycle?.preStop ?? {};
    const done = runHook(env, runtime, handler, this.target(pod, container.spec, one.id, one.sandboxId), graceSeconds * 1000).catch((error) => {
      env.log.info('preStop hook failed', { pod: pod.metadata?.name, error: messageOf(error) });
      this.#event(pod, container, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
    });
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => {
      timer = env.loop.after(graceSeconds * 1000, 'preStop limit', resolve);
    });
    await Promise.race([done, late]);
    timer?.cancel();
    return Math.floor((env.clock.now() - began) / 1000);
  }

  #event(pod: Readonly<Pod>, container: PodContainer | undefined, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.context.events.event(podReference(pod, container), type, reason, message);
  }
}
