import type { Container, Pod } from '../../generated/types/index.ts';
import { hostPorts } from '../api/core/v1/node-selection.ts';
import { qosClass } from '../api/core/v1/pod-resources.ts';
import type { Timer } from '../env/index.ts';
import { parseTime } from '../machinery/time.ts';
import type { SandboxConfig, VolumeHandle } from '../runtime/types.ts';
import { Cancellation } from './cancellation.ts';
import type { StartFacts, SyncFacts } from './container-runner.ts';
import { ContainerRunner } from './container-runner.ts';
import { hasImageVolumes, noImages, pullImageVolumes } from './image-volumes.ts';
import { CancelledError, ContainerError, messageOf, rpcErrorText } from './kubelet-error.ts';
import type { ContainerToResize, PodActions } from './pod-actions.ts';
import { computePodActions, startsSomething } from './pod-actions.ts';
import { runtimeResources } from './pod-allocation.ts';
import { podDns, podNames } from './pod-dns.ts';
import type { ContainerKind, PodContainer } from './pod-format.ts';
import { findContainer, isSidecar, podReference } from './pod-format.ts';
import { PodRecord } from './pod-record.ts';
import type { Verdict } from './pod-status.ts';
import { withoutEarlyEnd } from './pod-status.ts';
import { podSysctls } from './sysctls.ts';
import { MountError } from './volume-manager.ts';
import type { WorkerContext } from './worker-context.ts';

type State = 'syncing' | 'terminating' | 'terminated';

/** Upstream's runtime events are polled for once a second: that is how soon a back-off shows after its cause. */
const relistMs = 1000;
/** After an error, upstream looks again after 10 s. */
const errorBackOffMs = 10_000;
/** Upstream looks at every pod anew this often (--sync-frequency), and refreshes then what has changed under its volumes. */
const resyncMs = 60_000;
const mountBackOffMs = { base: 500, max: 122_000 };

/**
 * Everything that is done for one pod, one thing after the other (pkg/kubelet/pod_workers.go): synced until it is deleted or
 * has ended, then terminated, then only remembered until it has gone from the API.
 */
export class PodWorker {
  readonly record: PodRecord;
  readonly #runner: ContainerRunner;
  #state: State = 'syncing';
  #dirty = false;
  #busy = false;
  #gone = false;
  #stopped = false;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #cancel = new Cancellation();
  #mountFailures = 0;
  #syncedAt: number;
  #stale = false;
  #verdict: Verdict | undefined;
  #graceOverride: number | undefined;
  /** When this kubelet has first seen the pod, in simulated ms. */
  readonly seenAt: number;

  constructor(
    readonly context: WorkerContext,
    public pod: Readonly<Pod>,
    record = new PodRecord(context),
  ) {
    this.record = record;
    if (!record.allocation.isMade) record.allocation.allocate(pod); // The kubelet has admitted the pod as it is.
    this.seenAt = context.env.clock.now();
    this.#syncedAt = this.seenAt;
    this.#runner = new ContainerRunner(context, this.record);
  }

  get uid(): string {
    return this.pod.metadata?.uid ?? '';
  }

  /** The pod with the resources that the node has given it. */
  get allocatedPod(): Readonly<Pod> {
    return this.record.allocation.allocatedPod(this.pod);
  }

  get terminated(): boolean {
    return this.#state === 'terminated';
  }

  /** Whether the pod is to run on. */
  get alive(): boolean {
    return this.#state === 'syncing';
  }

  /** The pod has changed in the API. */
  update(pod: Readonly<Pod>): void {
    const shorter = (pod.metadata?.deletionGracePeriodSeconds ?? 0) < (this.pod.metadata?.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY);
    const wasDeleted = Boolean(this.pod.metadata?.deletionTimestamp);
    this.pod = pod;
    if (!pod.metadata?.deletionTimestamp) return;
    if (this.#state === 'terminating' && wasDeleted && shorter) this.#hurry(pod.metadata.deletionGracePeriodSeconds ?? 0);
    this.terminate();
  }

  /** Looks at the pod again, as soon as what is being done for it is done. */
  wake(): void {
    this.#dirty = true;
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    this.context.env.loop.defer('kubelet pod worker', () => this.#work());
  }

  /**
   * A config map or secret under the pod's volumes has changed: they are filled anew with the pod's next sync.
   *
   * Differs from upstream: the periodic sync comes every 60 s sharp, where upstream adds up to half of that at random; and it
   * only takes place when there is something for it to do.
   */
  sourcesChanged(): void {
    if (this.#state !== 'syncing') return;
    this.#stale = true;
    const elapsed = this.context.env.clock.now() - this.#syncedAt;
    this.#wakeAt(this.#syncedAt + (Math.floor(elapsed / resyncMs) + 1) * resyncMs);
  }

  /** The pod is to end: deleted, evicted, or past its deadline; within its own grace period, or within `graceSeconds`. */
  terminate(verdict?: Verdict, graceSeconds?: number): void {
    this.#verdict ??= verdict;
    if (this.#state !== 'syncing') return;
    this.#graceOverride = graceSeconds;
    this.#state = 'terminating';
    this.#cancel.cancel();
    this.wake();
  }

  /** The pod has gone from the API: what still runs ends, and nothing of it is kept. */
  remove(): void {
    this.#gone = true;
    this.context.statuses.forget(this.uid);
    if (this.#state === 'terminated') this.wake();
    else if (this.#state === 'terminating') this.#hurry(0);
    else this.terminate();
  }

  /** The kubelet stops; containers go on. */
  stop(): void {
    this.#stopped = true;
    this.#cancel.cancel();
    this.#timer?.cancel();
    this.#deadline?.cancel();
  }

  /** Takes over from this worker when its kubelet starts again: what was made for the pod is still there. */
  successor(pod: Readonly<Pod>): PodWorker {
    const next = new PodWorker(this.context, pod, this.record);
    next.#state = this.#state === 'terminated' ? 'terminated' : 'syncing';
    if (this.#verdict) next.terminate(this.#verdict, this.#graceOverride);
    return next;
  }

  async #work(): Promise<void> {
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false;
      try {
        await this.#step();
      } catch (error) {
        if (error instanceof CancelledError) continue;
        this.context.env.log.warn('pod sync failed', { pod: this.pod.metadata?.name, error: error instanceof Error ? error.stack : String(error) });
        this.#wakeAt(this.context.env.clock.now() + errorBackOffMs);
      }
    }
    this.#busy = false;
  }

  async #step(): Promise<void> {
    if (this.#state === 'syncing') await this.#sync();
    else if (this.#state === 'terminating') await this.#terminate();
    if (this.#state === 'terminated' && this.#gone) {
      this.stop();
      await this.record.removeAll();
    }
  }

  // Syncing

  async #sync(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#syncedAt = this.context.env.clock.now();
    const pod = this.#allocate();
    this.#followContainers(pod); // First, so that a container with a readiness probe is never shown ready before it was probed.
    if (this.#report() === 'ended') {
      this.terminate();
      return;
    }
    this.#watchDeadline(pod);
    if (!this.#networkReady(pod)) return;
    const volumes = await this.#mount(pod);
    if (!volumes || this.#state !== 'syncing') return;
    const { allocation } = this.record;
    const seen = this.record.status();
    const actions = computePodActions(pod, seen, this.context.prober, (name) => allocation.of(name)?.actuated);
    await this.#carryOut(pod, actions, { volumes, seen });
  }

  /**
   * Gives the pod the resources it asks for, if the node has them (handlePodResourcesResize). Returns the pod with what it has.
   *
   * Differs from upstream: what is deferred is looked at again every 60 s sharp, without upstream's random delay.
   */
  #allocate(): Readonly<Pod> {
    const { allocation } = this.record;
    const now = this.context.env.clock.now();
    const refusal = allocation.differsFrom(this.pod) ? this.context.resizeRefusal(this.pod) : undefined;
    // A container that crashes for want of memory starts again at once when it has more.
    if (!refusal) {
      for (const name of allocation.allocate(this.pod)) {
        this.context.crashBackOff.forget(`${this.uid}_${name}_`);
        this.#stale = true; // Files of the downward API tell of resources.
      }
    }
    allocation.setPending(refusal, now);
    if (refusal?.reason === 'Deferred') this.#wakeAt(now + resyncMs);
    const pod = this.allocatedPod;
    allocation.followProgress(pod, this.record.status(), now);
    return pod;
  }

  /** Tells the status manager how the pod is; `ended` if that is for good. */
  #report(): 'ended' | 'alive' {
    const status = this.record.podStatus(this.pod, { terminal: false, verdict: this.#verdict });
    const before = this.context.statuses.get(this.uid) ?? this.pod.status;
    if (!this.#gone) this.context.statuses.set(this.pod, withoutEarlyEnd(status, before));
    return status.phase === 'Succeeded' || status.phase === 'Failed' ? 'ended' : 'alive';
  }

  #watchDeadline(pod: Readonly<Pod>): void {
    const seconds = pod.spec?.activeDeadlineSeconds;
    this.#deadline?.cancel();
    if (seconds === undefined) return;
    const started = parseTime(this.context.statuses.get(this.uid)?.startTime) ?? this.context.env.clock.now();
    this.#deadline = this.context.env.loop.at(started + seconds * 1000, 'pod deadline', () => {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#event('Normal', 'DeadlineExceeded', message);
      this.terminate({ reason: 'DeadlineExceeded', message, atOnce: true });
    });
  }

  #networkReady(pod: Readonly<Pod>): boolean {
    if (pod.spec?.hostNetwork || this.context.networkReady()) return true;
    this.#event('Warning', 'NetworkNotReady', `network is not ready: ${networkNotReady}`);
    this.#wakeAt(this.context.env.clock.now() + errorBackOffMs);
    return false;
  }

  async #mount(pod: Readonly<Pod>): Promise<ReadonlyMap<string, VolumeHandle> | undefined> {
    const { volumes, sources, nodeIp, env } = this.context;
    try {
      const podIps = this.record.status().sandbox?.ips ?? [];
      const facts = { sources, nodeIp, allocatable: this.context.allocatable(), podIps };
      const mounted = await this.#cancel.race(volumes.mount(pod, facts));
      this.#mountFailures = 0;
      if (this.#stale) {
        this.#stale = false;
        await this.#cancel.race(volumes.refresh(pod, facts));
      }
      return mounted;
    } catch (error) {
      if (!(error instanceof MountError)) throw error;
      this.#event('Warning', 'FailedMount', error.message);
      this.#wakeAt(env.clock.now() + Math.min(mountBackOffMs.base * 2 ** this.#mountFailures, mountBackOffMs.max));
      this.#mountFailures += 1;
      return undefined;
    }
  }

  /** Probes begin with a container's process and end with it. */
  #followContainers(pod: Readonly<Pod>): void {
    for (const one of this.record.status().containers) {
      const container = findContainer(pod, one.name);
      if (one.state !== 'running') this.context.prober.remove(one.id);
      else if (container) {
        const target = this.#runner.target(pod, container.spec, one.id, one.sandboxId);
        this.context.prober.add(pod, container, target, one.startedAt ?? one.createdAt);
      }
    }
  }

  async #carryOut(pod: Readonly<Pod>, actions: PodActions, facts: SyncFacts): Promise<void> {
    if (actions.killPod) {
      if (actions.createSandbox && actions.attempt > 0) this.#event('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
      await this.#killPod(pod, pod.spec?.terminationGracePeriodSeconds ?? 30);
      if (actions.createSandbox) await this.record.purge((pod.spec?.initContainers ?? []).map((one) => one.name));
    } else await this.#killSome(pod, actions);
    if (this.#state !== 'syncing') return;
    for (const { name } of pod.spec?.initContainers ?? []) await this.record.prune(name); // Of those one ended run is kept, at every look.
    const sandboxId = actions.createSandbox ? await this.#createSandbox(pod, actions.attempt) : actions.sandboxId;
    if (sandboxId === undefined) {
      const { sandbox, containers } = facts.seen;
      const wasUp = sandbox?.state === 'ready' || containers.some((one) => one.state === 'running');
      if (!actions.createSandbox && actions.killPod && wasUp) this.wake(); // All has ended: the next look says so.
      return;
    }
    await this.#startAll(pod, actions, sandboxId, facts);
  }

  async #killSome(pod: Readonly<Pod>, { containersToKill }: PodActions): Promise<void> {
    for (const [id, { name, message, reason }] of containersToKill) {
      const one = this.context.runtime.containerStatus(id);
      const spec = findContainer(pod, name)?.spec;
      const probe = reason === 'LivenessProbe' ? spec?.livenessProbe : reason === 'StartupProbe' ? spec?.startupProbe : undefined;
      const grace = probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
      if (one) await this.#cancel.race(this.#runner.kill(pod, one, grace, message));
    }
  }

  async #createSandbox(pod: Readonly<Pod>, attempt: number): Promise<string | undefined> {
    const { runtime, env, metrics } = this.context;
    try {
      const handler = await this.context.sources.runtimeHandler(pod.spec?.runtimeClassName);
      metrics.podStarts();
      const id = await runtime.runPodSandbox(this.#sandboxConfig(pod, attempt, handler)).catch((error: unknown) => {
        throw new Error(rpcErrorText(error));
      });
      this.record.sandboxIds.push(id);
      return id;
    } catch (error) {
      metrics.podFailed();
      this.#event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`);
      this.#wakeAt(env.clock.now() + errorBackOffMs);
      return undefined;
    }
  }

  #sandboxConfig(pod: Readonly<Pod>, attempt: number, runtimeHandler: string): SandboxConfig {
    const { name = '', namespace = '', labels } = pod.metadata ?? {};
    return {
      podName: name,
      podNamespace: namespace,
      podUid: this.uid,
      attempt,
      ...podNames(pod, this.context.nodeName, this.context.dns.clusterDomain),
      hostNetwork: pod.spec?.hostNetwork ?? false,
      dns: podDns(pod, this.context.dns),
      hosts: (pod.spec?.hostAliases ?? []).map(({ ip, hostnames }) => ({ ip, hostnames: hostnames ?? [] })),
      ...(labels ? { labels } : {}),
      portMappings: hostPorts(pod),
      runtimeHandler,
      qosClass: qosClass(pod),
      sharedProcesses: pod.spec?.shareProcessNamespace ?? false,
      ownUsers: pod.spec?.hostUsers === false,
      sysctls: podSysctls(pod),
    };
  }

  /** Containers that need no restart get their new limits; how they have them then shows with the next look at them. */
  #resizeSome(containers: readonly ContainerToResize[]): void {
    for (const { id, spec } of containers) {
      if (this.context.runtime.containerStatus(id)?.state !== 'running') continue; // It has ended meanwhile.
      this.context.runtime.updateContainerResources(id, runtimeResources(spec));
      this.record.allocation.actuate(spec);
    }
    if (containers.length > 0) this.#wakeAt(this.context.env.clock.now() + relistMs);
  }

  /**
   * In upstream's order: images of volumes, ephemeral containers, init containers, those that are resized, app containers; one after the
   * other.
   *
   * Differs from upstream: 1.33 asks for the images of volumes with every sync, and tells of each as an event that it is there; later
   * versions ask when a container is to start, as here.
   */
  async #startAll(pod: Readonly<Pod>, actions: PodActions, sandboxId: string, seen: SyncFacts): Promise<void> {
    const images = startsSomething(actions) && hasImageVolumes(pod) ? await pullImageVolumes(this.context, pod, this.#cancel) : noImages;
    const facts = { ...seen, images };
    const before = new Map([...this.record.failures].map(([name, { reason }]) => [name, reason]));
    const start = (kind: ContainerKind, list: readonly Container[] | undefined, index: number) =>
      this.#start(pod, { kind, index, spec: list?.[index] as Container }, sandboxId, facts);
    for (const index of actions.ephemeralContainersToStart) await start('ephemeral', pod.spec?.ephemeralContainers, index);
    for (const index of actions.initContainersToStart) {
      const started = await start('init', pod.spec?.initContainers, index);
      if (!started && !isSidecar(pod.spec?.initContainers?.[index] as Container)) break;
    }
    this.#resizeSome(actions.containersToResize);
    for (const index of actions.containersToStart) await start('container', pod.spec?.containers, index);
    this.#showFailures(before);
  }

  async #start(pod: Readonly<Pod>, container: PodContainer, sandboxId: string, facts: StartFacts): Promise<boolean> {
    const { name } = container.spec;
    try {
      await this.#runner.start(pod, container, sandboxId, facts, this.#cancel);
      this.record.failures.delete(name);
      return true;
    } catch (error) {
      if (!(error instanceof ContainerError)) throw error;
      this.record.failures.set(name, { reason: error.reason, message: error.message });
      // Every look while a back-off lasts is told as an event, which is how its count grows; the last look comes when it is over.
      const nextLook = this.context.env.clock.now() + errorBackOffMs;
      this.#wakeAt(Math.min(error.retryAt ?? nextLook, nextLook));
      return false;
    }
  }

  /**
   * A container that has crashed is first seen as terminated, then as waiting for its back-off; a failed pull is first
   * ErrImagePull, then ImagePullBackOff. The second state comes with the next look.
   *
   * Differs from upstream: there, that look is due when the next relist or resync happens to come; here always after a second.
   */
  #showFailures(before: ReadonlyMap<string, string>): void {
    const changed = [...this.record.failures].filter(([name, { reason }]) => before.get(name) !== reason).map(([, { reason }]) => reason);
    if (changed.length === 0) return;
    const soon = changed.some((reason) => reason === 'CrashLoopBackOff' || reason === 'ErrImagePull');
    if (changed.some((reason) => reason !== 'CrashLoopBackOff')) this.#report();
    if (soon) this.#wakeAt(this.context.env.clock.now() + relistMs);
  }

  // Terminating

  async #terminate(): Promise<void> {
    const { pod } = this;
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#report();
    await this.context.env.loop.turn('kubelet pod worker'); // The API is told before all has stopped: then it is told the rest.
    this.context.prober.stopLivenessAndStartup(this.uid);
    const grace = this.#gone ? 0 : (this.#graceOverride ?? this.#graceSeconds() ?? 30);
    await this.#killPod(pod, grace);
    this.context.prober.removePod(this.uid);
    this.#state = 'terminated';
    this.context.volumes.unmount(this.uid);
    this.context.images.forgetPod(this.uid);
    this.context.crashBackOff.forget(`${this.uid}_`);
    this.record.failures.clear();
    if (this.#gone) return;
    const status = this.record.podStatus(this.pod, { terminal: true, verdict: this.#verdict });
    this.context.statuses.set(this.pod, status);
    this.context.statuses.finish(this.pod);
    this.context.ended(this.uid);
  }

  #graceSeconds(): number | undefined {
    return this.pod.metadata?.deletionTimestamp ? this.pod.metadata.deletionGracePeriodSeconds : this.pod.spec?.terminationGracePeriodSeconds;
  }

  async #killPod(pod: Readonly<Pod>, graceSeconds: number): Promise<void> {
    await this.#runner.killAll(pod, graceSeconds);
    const { sandbox } = this.record.status();
    if (sandbox?.state === 'ready') await this.context.runtime.stopPodSandbox(sandbox.id);
  }

  /** A shorter grace period than the one that runs. */
  #hurry(graceSeconds: number): void {
    for (const one of this.record.status().containers) {
      if (one.state !== 'running') continue;
      this.context.runtime.stopContainer(one.id, Math.max(graceSeconds, 1) * 1000).catch(() => {}); // Whoever stopped it first is told.
    }
  }

  // Helpers

  /** Looks again at `time`; of several such wishes the earliest counts. */
  #wakeAt(time: number): void {
    if (this.#stopped || (this.#timer && this.#timer.at <= time && this.#timer.at > this.context.env.clock.now())) return;
    this.#timer?.cancel();
    this.#timer = this.context.env.loop.at(time, 'kubelet pod resync', () => {
      this.#timer = undefined;
      this.wake();
    });
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.context.events.event(podReference(this.pod), type, reason, message);
  }
}

/** What the kubelet says while the node has no pod network. */
export const networkNotReady =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';
