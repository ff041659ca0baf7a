import type { Node, Pod, Service } from '../../generated/types/index.ts';
import { qosClass as qosClassOf } from '../api/core/v1/pod-resources.ts';
import { isMirrorPod, podIsTerminal } from '../api/core/v1/pod-status.ts';
import type { Client, EventRecorder, InformerFactory } from '../client/index.ts';
import { createEventRecorder, refs } from '../client/index.ts';
import type { Env } from '../env/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import type {
  AttachRequest,
  ByteConnection,
  ContainerSession,
  ExecRequest,
  KubeletAnswer,
  KubeletRequest,
  NodeApi,
  PodKey,
  PodLogOptions,
  StreamReader,
} from '../machinery/index.ts';
import { badRequest, failure, notFound } from '../machinery/index.ts';
import { quantityValue } from '../machinery/quantity.ts';
import { formatTime } from '../machinery/time.ts';
import type { RegistryCredential, Runtime, SandboxConfig, Volumes } from '../runtime/types.ts';
import type { NodeRoom, Rejection } from './admission.ts';
import { admitPod, resizeRefusal } from './admission.ts';
import { BackOff } from './back-off.ts';
import { loggedContainerId, streamLog } from './container-logs.ts';
import { ContainerStreams } from './container-streams.ts';
import { EvictionManager } from './eviction-manager.ts';
import type { PodUsage } from './eviction-ranking.ts';
import { usedBytes } from './eviction-ranking.ts';
import { ImageGarbage } from './image-garbage.ts';
import { ImageManager } from './image-manager.ts';
import { KubeletMetrics } from './kubelet-metrics.ts';
import { manifestDirectory } from './manifests.ts';
import { NodeAgent } from './node-agent.ts';
import type { NodeDescription } from './node-status.ts';
import { nodeLabels } from './node-status.ts';
import { podReference } from './pod-format.ts';
import type { TokenFor } from './pod-sources.ts';
import { apiSources } from './pod-sources.ts';
import { podUsage } from './pod-usage.ts';
import { PodWorker } from './pod-worker.ts';
import { runProbe } from './probe.ts';
import { Prober } from './prober.ts';
import type { MeasuredPod } from './server/index.ts';
import { KubeletServer, kubeletConfiguration, ProcessorRates } from './server/index.ts';
import { SourceWatcher } from './source-watcher.ts';
import { StaticPods } from './static-pods.ts';
import { StatusManager } from './status-manager.ts';
import { sysctlRejection } from './sysctls.ts';
import { VolumeManager } from './volume-manager.ts';
import type { WorkerContext } from './worker-context.ts';

/** What a pod's imagePullSecrets hold. */
export interface PullCredentials {
  readonly found: readonly RegistryCredential[];
  /** Names of secrets that are not there, or not for this node to see. */
  readonly missing: readonly string[];
}

export interface KubeletOptions {
  readonly env: Env;
  /** Acts as `system:node:NAME`. */
  readonly client: Client;
  /** Where the kubelet asks for its own pods, its Node and the Services; started and stopped by whoever made it. */
  readonly informers: InformerFactory;
  readonly runtime: Runtime;
  readonly volumes: Volumes;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Addresses of the cluster's DNS Service: `10.96.0.10`. */
  readonly clusterDns: readonly string[] | string;
  /** `cluster.local` */
  readonly clusterDomain: string;
  /** The node's own resolv.conf, for pods with dnsPolicy Default. */
  readonly hostDns?: SandboxConfig['dns'];
  /** Service account tokens for projected volumes; rejects while there are none, and the pod waits with FailedMount. */
  readonly tokenFor: TokenFor;
  /** Pull credentials of a pod (its imagePullSecrets), and which of them could not be had; none if absent. */
  readonly credentials?: (pod: Readonly<Pod>) => Promise<PullCredentials>;
  readonly node: Omit<NodeDescription, 'name' | 'ip' | 'machine'> & Partial<Pick<NodeDescription, 'machine'>>;
}

/**
 * The agent of one node: runs the pods that are bound to it, tells the API how they are, and answers for their logs.
 * An idle pod costs nothing but its probes' timers; all else follows from events of the API and of the runtime.
 */
export class Kubelet implements NodeApi {
  readonly #workers = new Map<string, PodWorker>();
  readonly #byName = new Map<string, string>();
  readonly #events: EventRecorder;
  readonly #statuses: StatusManager;
  readonly #prober: Prober;
  readonly #agent: NodeAgent;
  readonly #sources: SourceWatcher;
  readonly #static: StaticPods;
  readonly #eviction: EvictionManager;
  readonly #images: ImageGarbage;
  readonly #context: WorkerContext;
  /** Shared with the agent: a machine that was down comes back with another boot id. */
  readonly #description: Omit<NodeDescription, 'machine'> & { machine: NodeDescription['machine'] };
  readonly #streams: ContainerStreams;
  readonly #server: KubeletServer;
  #running = false;
  #subscribed = false;
  #unsubscribe: (() => void) | undefined;

  constructor(readonly options: KubeletOptions) {
    const { env, client, runtime, nodeName, nodeIp } = options;
    this.#description = { ...options.node, name: nodeName, ip: nodeIp, machine: options.node.machine ?? newMachine(env) };
    this.#events = createEventRecorder(client, env, { component: 'kubelet', host: nodeName });
    this.#statuses = new StatusManager(env, client);
    this.#prober = new Prober({
      env,
      run: (probe, target) => runProbe(env, runtime, probe, target),
      warn: (pod, container, reason, message) => this.#events.event(podReference(pod, container), 'Warning', reason, message),
      started: (uid, containerId) => this.#statuses.setStarted(uid, containerId),
      changed: (uid) => this.#workers.get(uid)?.wake(),
    });
    this.#eviction = this.#evictionManager();
    this.#images = this.#imageGarbage();
    this.#agent = new NodeAgent({
      env,
      client,
      runtime,
      events: this.#events,
      node: this.#description,
      pressure: () => ({ memory: this.#eviction.underPressure('memory'), disk: this.#eviction.underPressure('ephemeral-storage') }),
      networkUp: () => this.#wakeAll(),
    });
    this.#sources = new SourceWatcher(env, client, (uid) => this.#workers.get(uid)?.sourcesChanged());
    this.#static = new StaticPods({
      env,
      client,
      nodeName,
      files: () => options.volumes.hostFiles(manifestDirectory),
      node: () => this.#agent.node,
      run: (pod) => this.#runStatic(pod),
      end: (pod) => this.#workers.get(pod.metadata?.uid ?? '')?.terminate(),
      shown: (pod, mirror) => this.#statuses.mirror(pod.metadata?.uid ?? '', mirror),
    });
    this.#context = this.#workerContext();
    this.#streams = new ContainerStreams(env, runtime);
    this.#server = this.#createServer();
  }

  /** Registers the node and begins to look after its pods. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    const { runtime } = this.options;
    const subscriptions = [
      runtime.onEvent(({ podUid }) => this.#workers.get(podUid)?.wake()),
      runtime.onSystemOutOfMemory((victim) => this.#systemOutOfMemory(victim)),
    ];
    this.#unsubscribe = () => {
      for (const end of subscriptions) end();
    };
    this.#agent.start();
    this.#statuses.start();
    this.#static.start();
    this.#eviction.start();
    this.#images.start();
    if (!this.#subscribed) this.#subscribe();
    else this.#catchUp();
  }

  /** After a stop: pods have come, changed and gone meanwhile. */
  #catchUp(): void {
    const pods = this.#podInformer().lister.list();
    const present = new Set([...pods, ...this.#static.pods].map((pod) => pod.metadata?.uid));
    for (const worker of [...this.#workers.values()]) {
      if (present.has(worker.uid)) continue;
      this.#workers.set(worker.uid, worker.successor(worker.pod));
      this.#deleted(worker.pod);
    }
    for (const pod of pods) this.#added(pod);
  }

  /** Starts after its machine has been down: with a boot id of its own, which the API is told of. */
  startAfterReboot(): void {
    this.#description.machine = { ...this.#description.machine, bootId: this.options.env.ids.uid() };
    this.start();
  }

  /** Stops as a killed kubelet does: the containers go on, nobody reports on them. */
  stop(): void {
    this.#running = false;
    this.#agent.stop();
    this.#statuses.stop();
    this.#static.stop();
    this.#eviction.stop();
    this.#images.stop();
    this.#unsubscribe?.();
    this.#sources.stop();
    for (const worker of this.#workers.values()) worker.stop();
    for (const uid of this.#workers.keys()) this.#prober.removePod(uid);
  }

  /** The log of a container. Rejects with 400 in the kubelet's words while there is none. */
  async containerLogs(
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    options: PodLogOptions,
  ): Promise<(reader: StreamReader) => () => void> {
    const uid = this.#byName.get(`${pod.namespace}/${pod.name}`);
    const worker = uid === undefined ? undefined : this.#workers.get(uid);
    if (!worker || uid === undefined) throw notFound({ group: '', resource: 'pods' }, pod.name);
    const status = worker.record.podStatus(worker.pod, { terminal: worker.terminated });
    const id = loggedContainerId(pod.name, status, options.container, options.previous);
    const log = this.options.runtime.containerLog(id);
    if (!log) throw badRequest(`unable to retrieve container logs for containerd://${id}`);
    return (reader) => streamLog(this.options.env, log, options, reader);
  }

  /** Rejects with 404 or 500 in the kubelet's words. */
  async exec(pod: PodKey, request: ExecRequest): Promise<() => Promise<ContainerSession>> {
    return this.#streams.exec(this.#streamable(pod).record, request);
  }

  /** Rejects as `exec` does. */
  async attach(pod: PodKey, request: AttachRequest): Promise<() => Promise<ContainerSession>> {
    return this.#streams.attach(this.#streamable(pod).record, fullName(pod), request);
  }

  /** Rejects as `exec` does. */
  async portForward(pod: PodKey): Promise<(port: number) => Promise<ByteConnection>> {
    return this.#streams.portForward(this.#streamable(pod).record, fullName(pod));
  }

  /** What its server answers by path. Rejects with 501 for what is not simulated. */
  serve(request: KubeletRequest): Promise<KubeletAnswer> {
    return this.#server.serve(request);
  }

  #streamable(pod: PodKey): PodWorker {
    const worker = this.#workers.get(this.#byName.get(`${pod.namespace}/${pod.name}`) ?? '');
    if (!worker) throw failure(404, '', 'pod does not exist');
    return worker;
  }

  #podInformer() {
    return this.options.informers.for<Pod>(refs.pods, { fieldSelector: `spec.nodeName=${this.options.nodeName}` });
  }

  #subscribe(): void {
    this.#subscribed = true;
    this.options.informers.for<Service>(refs.services);
    const nodes = this.options.informers.for<Node>(refs.nodes, { fieldSelector: `metadata.name=${this.options.nodeName}` });
    nodes.handle({
      added: (node) => this.#running && this.#observeNode(node),
      updated: (node) => this.#running && this.#observeNode(node),
      deleted: () => this.#running && this.#agent.lost(),
    });
    this.#podInformer().handle({
      added: (pod) => this.#running && this.#added(pod),
      updated: (pod, previous) => this.#running && this.#updated(pod, previous),
      deleted: (pod) => this.#running && this.#deleted(pod),
    });
  }

  #observeNode(node: Readonly<Node>): void {
    this.#agent.observe(node);
    this.#static.sync();
  }

  #runStatic(pod: Readonly<Pod>): void {
    const uid = pod.metadata?.uid ?? '';
    if (!this.#workers.has(uid)) this.#statuses.mirror(uid, undefined);
    this.#added(pod);
  }

  /** A worker has ended all of its pod. A static pod is forgotten then, if its manifest has gone. */
  #ended(uid: string): void {
    const pod = this.#workers.get(uid)?.pod;
    if (!pod || !this.#static.isEnding(uid)) return;
    this.#deleted(pod);
    this.#static.ended(uid);
  }

  #added(pod: Readonly<Pod>): void {
    if (isMirrorPod(pod)) {
      this.#static.mirrorSeen(pod);
      return;
    }
    const { uid = '', namespace, name } = pod.metadata ?? {};
    if (this.#workers.has(uid)) {
      this.#restart(uid, pod);
      return;
    }
    this.#byName.set(`${namespace}/${name}`, uid);
    if (podIsTerminal(pod)) {
      this.#statuses.set(pod, pod.status ?? {});
      this.#statuses.finish(pod);
      return;
    }
    const refusal = pod.metadata?.deletionTimestamp ? undefined : this.#admit(pod);
    if (refusal) {
      this.#reject(pod, refusal);
      return;
    }
    const worker = new PodWorker(this.#context, pod);
    this.#workers.set(uid, worker);
    this.#sources.add(pod);
    if (pod.metadata?.deletionTimestamp) worker.terminate();
    worker.wake();
  }

  /** A kubelet that was stopped takes its pods up again, with what has run on meanwhile. */
  #restart(uid: string, pod: Readonly<Pod>): void {
    const before = this.#workers.get(uid) as PodWorker;
    const worker = before.successor(pod);
    this.#workers.set(uid, worker);
    this.#sources.add(pod);
    this.#statuses.observe(pod);
    if (pod.metadata?.deletionTimestamp) worker.terminate();
    worker.wake();
  }

  #admit(pod: Readonly<Pod>): Rejection | undefined {
    return this.#eviction.admit(pod) ?? sysctlRejection(pod) ?? admitPod(pod, this.#others(pod), this.#room());
  }

  /** The other pods that take room on the node, with what it has given them. */
  #others(pod: Readonly<Pod>): Readonly<Pod>[] {
    return [...this.#workers.values()].filter((one) => !one.terminated && one.uid !== pod.metadata?.uid).map((one) => one.allocatedPod);
  }

  #room(): NodeRoom {
    const node = this.#agent.node ?? { metadata: { name: this.options.nodeName, labels: nodeLabels(this.#description) } };
    return { node, allocatable: this.#allocatable() };
  }

  #reject(pod: Readonly<Pod>, { reason, message }: Rejection): void {
    this.#events.event(podReference(pod), 'Warning', reason, message);
    const startTime = pod.status?.startTime ?? formatTime(this.options.env.clock.now());
    const qosClass = pod.status?.qosClass ?? qosClassOf(pod);
    this.#statuses.set(pod, { phase: 'Failed', reason, message: `Pod was rejected: ${message}`, startTime, qosClass });
    this.#statuses.finish(pod);
  }

  #updated(pod: Readonly<Pod>, previous: Readonly<Pod>): void {
    if (isMirrorPod(pod)) {
      this.#static.mirrorSeen(pod);
      return;
    }
    const uid = pod.metadata?.uid ?? '';
    if (uid !== previous.metadata?.uid) {
      // Deleted and created again between two looks.
      this.#deleted(previous);
      this.#added(pod);
      return;
    }
    this.#statuses.observe(pod);
    const worker = this.#workers.get(uid);
    if (!worker) return;
    worker.update(pod);
    if (concernsKubelet(pod, previous)) {
      worker.wake();
      if (!semanticEqual(pod.metadata?.labels, previous.metadata?.labels) || !semanticEqual(pod.metadata?.annotations, previous.metadata?.annotations)) {
        this.options.env.loop.defer('kubelet volume refresh', () => this.#context.volumes.refresh(worker.allocatedPod, this.#volumeFacts(worker)));
      }
    }
  }

  #volumeFacts(worker: PodWorker) {
    const { sources, nodeIp } = this.#context;
    return { sources, nodeIp, allocatable: this.#allocatable(), podIps: worker.record.status().sandbox?.ips ?? [] };
  }

  #deleted(pod: Readonly<Pod>): void {
    if (isMirrorPod(pod)) {
      this.#static.mirrorGone(pod);
      return;
    }
    const { uid = '', namespace, name } = pod.metadata ?? {};
    if (this.#byName.get(`${namespace}/${name}`) === uid) this.#byName.delete(`${namespace}/${name}`);
    const worker = this.#workers.get(uid);
    this.#workers.delete(uid);
    this.#sources.remove(uid);
    if (worker) worker.remove();
    else this.#statuses.forget(uid);
  }

  /** Differs from upstream: told when an image is wanted, not whenever the pod is looked at. */
  #credentialsOf(pod: Readonly<Pod>, { found, missing }: PullCredentials): readonly RegistryCredential[] {
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
      this.#events.event(podReference(pod), 'Warning', 'FailedToRetrieveImagePullSecret', message);
    }
    return found;
  }

  #wakeAll(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  #allocatable(): Readonly<Record<string, string>> {
    return this.#description.allocatable ?? this.#description.capacity;
  }

  #evictionManager(): EvictionManager {
    const { env } = this.options;
    return new EvictionManager({
      env,
      pods: () => this.#usages(),
      capacity: () => this.#capacity(),
      imageBytes: () => this.#imageBytes(),
      reclaimDisk: () => this.#images.removeUnused(),
      evict: (pod, { reason, message, condition }, graceSeconds) => {
        this.#events.event(podReference(pod), 'Warning', reason, message);
        this.#workers.get(pod.metadata?.uid ?? '')?.terminate({ reason, message, condition }, graceSeconds);
      },
      thresholdMet: (resource) => this.#agent.event('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`),
      changed: () => this.#agent.pressureChanged(),
    });
  }

  #imageGarbage(): ImageGarbage {
    const { env, runtime } = this.options;
    return new ImageGarbage({
      env,
      runtime,
      disk: () => this.#disk(),
      warn: (reason, message) => this.#agent.event('Warning', reason, message),
    });
  }

  /** Of the node's one disk, in bytes. */
  #disk(): { readonly capacity: number; readonly used: number } {
    const pods = this.#usages().reduce((sum, usage) => sum + usedBytes(usage, 'ephemeral-storage'), 0);
    return { capacity: this.#capacity().diskBytes, used: this.#imageBytes() + pods };
  }

  /** As upstream's kubelet reads it from the kernel's messages (pkg/kubelet/oom). */
  #systemOutOfMemory({ name, pid }: { readonly name: string; readonly pid: number }): void {
    this.#agent.event('Warning', 'SystemOOM', `System OOM encountered, victim process: ${name}, pid: ${pid}`);
  }

  #imageBytes(): number {
    return this.options.runtime.listImages().reduce((sum, image) => sum + image.sizeBytes, 0);
  }

  #usages(): PodUsage[] {
    return [...this.#workers.values()].filter((one) => one.alive).map(podUsage);
  }

  #capacity() {
    const { memory, 'ephemeral-storage': disk } = this.#description.capacity;
    return { memoryBytes: quantityValue(memory), diskBytes: quantityValue(disk) };
  }

  #createServer(): KubeletServer {
    const { env, runtime, nodeName, clusterDomain } = this.options;
    const rates = new ProcessorRates();
    const worker = (pod: Readonly<Pod>) => this.#workers.get(pod.metadata?.uid ?? '');
    return new KubeletServer({
      nodeName,
      version: this.#description.kubeletVersion ?? '',
      metrics: env.metrics,
      pods: () => [...this.#podInformer().lister.list(), ...this.#static.pods],
      statusOf: (pod) => this.#statuses.get(pod.metadata?.uid ?? ''),
      seenAt: (pod) => worker(pod)?.seenAt,
      measures: () => ({
        nodeName,
        now: env.clock.now(),
        machine: this.#description.machine,
        runtime,
        rates,
        pods: [...this.#workers.values()].map((one) => this.#measured(one)),
        disk: this.#disk(),
        imageBytes: this.#imageBytes(),
      }),
      tallies: () => this.#prober.tallies(),
      configuration: () =>
        kubeletConfiguration({
          clusterDns: this.#context.dns.clusterDns,
          clusterDomain,
          providerId: this.#description.providerId,
          maxPods: quantityValue(this.#allocatable().pods),
        }),
      containerLogs: (pod, options) => this.containerLogs(pod, options),
    });
  }

  #measured({ pod, record }: PodWorker): MeasuredPod {
    const { sandbox, containers } = record.status();
    return {
      pod,
      startTime: (this.#statuses.get(pod.metadata?.uid ?? '') ?? pod.status)?.startTime,
      sandboxId: sandbox?.id,
      running: containers.filter(({ state }) => state === 'running'),
      volumes: this.#context.volumes.usage(pod),
    };
  }

  #workerContext(): WorkerContext {
    const { env, client, runtime, volumes, nodeName, nodeIp, clusterDns, clusterDomain, hostDns, tokenFor, credentials, informers } = this.options;
    return {
      env,
      nodeName,
      nodeIp,
      runtime,
      images: new ImageManager(env, runtime),
      volumes: new VolumeManager(env, volumes),
      prober: this.#prober,
      statuses: this.#statuses,
      metrics: new KubeletMetrics(this.options.env.metrics, this.options.nodeName),
      events: this.#events,
      sources: apiSources(client, tokenFor),
      dns: {
        clusterDns: typeof clusterDns === 'string' ? [clusterDns] : clusterDns,
        clusterDomain,
        host: hostDns ?? { servers: [], searches: [], options: [] },
      },
      crashBackOff: new BackOff(10_000, 300_000),
      ended: (uid) => this.#ended(uid),
      services: () => informers.for<Service>(refs.services).lister.list(),
      allocatable: () => this.#allocatable(),
      memoryCapacity: () => this.#capacity().memoryBytes,
      networkReady: () => this.#agent.networkReady,
      resizeRefusal: (pod) => resizeRefusal(pod, this.#others(pod), this.#room()),
      credentials: async (pod) => (credentials ? this.#credentialsOf(pod, await credentials(pod)) : []),
    };
  }
}

/** What the kubelet calls a pod in its messages. */
const fullName = ({ name, namespace }: PodKey): string => `${name}_${namespace}`;

/** Whether a change is one that a pod's worker has to look at: status is the kubelet's own, but for readiness gates. */
function concernsKubelet(pod: Readonly<Pod>, previous: Readonly<Pod>): boolean {
  const [now, before] = [pod.metadata, previous.metadata];
  if (now?.deletionTimestamp !== before?.deletionTimestamp) return true;
  if (!semanticEqual(pod.spec, previous.spec) || !semanticEqual(now?.labels, before?.labels) || !semanticEqual(now?.annotations, before?.annotations))
    return true;
  return (pod.spec?.readinessGates?.length ?? 0) > 0 && !semanticEqual(pod.status?.conditions, previous.status?.conditions);
}

/** The ids of a machine that nobody has described. */
export function newMachine(env: Env): NodeDescription['machine'] {
  const systemUuid = env.ids.uid();
  return { systemUuid, machineId: systemUuid.replaceAll('-', ''), bootId: env.ids.uid() };
}
