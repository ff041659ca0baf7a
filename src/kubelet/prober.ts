import type { Pod, Probe } from '../../generated/types/index.ts';
import type { Env, Timer } from '../env/index.ts';
import type { ProbeResult, ProbeResults } from './pod-actions.ts';
import type { PodContainer } from './pod-format.ts';
import { isSidecar } from './pod-format.ts';
import type { ProbeOutcome, ProbeTarget } from './probe.ts';

export type ProbeType = 'Startup' | 'Liveness' | 'Readiness';

export interface ProberOptions {
  readonly env: Pick<Env, 'loop' | 'clock'>;
  readonly run: (probe: Readonly<Probe>, target: ProbeTarget) => Promise<ProbeOutcome>;
  /** Records a warning about a container. */
  readonly warn: (pod: Readonly<Pod>, container: PodContainer, reason: 'Unhealthy' | 'ProbeWarning', message: string) => void;
  /** Startup has succeeded. Told before `changed`. */
  readonly started: (podUid: string, containerId: string) => void;
  /** A result has changed: the pod is to be synced. */
  readonly changed: (podUid: string) => void;
}

interface Worker {
  readonly type: ProbeType;
  readonly probe: Readonly<Probe>;
  readonly target: ProbeTarget;
  readonly container: PodContainer;
  timer: Timer | undefined;
  last: 'success' | 'failure' | undefined;
  run: number;
  /** A liveness or startup probe that has failed rests until its container is replaced. */
  onHold: boolean;
  stopped: boolean;
}

/** How often a probe of a container has ended how, over all of the container's runs. */
export interface ProbeTally {
  readonly type: ProbeType;
  readonly pod: Readonly<Pod>;
  readonly container: string;
  successful: number;
  failed: number;
}

interface ContainerProbes {
  readonly podUid: string;
  /** Simulated ms since the epoch. */
  readonly startedAt: number;
  readonly workers: Worker[];
  readonly results: Map<ProbeType, ProbeResult>;
}

/**
 * Probes running containers (pkg/kubelet/prober). A container's probes live as long as its process: no timer is set
 * for one that does not run.
 *
 * Differs from upstream: the first probe comes exactly after the initial delay, where upstream's tickers run from the moment at
 * which the pod arrived.
 */
export class Prober implements ProbeResults {
  readonly #containers = new Map<string, ContainerProbes>();
  /** By the pod's uid, then by container and type. */
  readonly #tallies = new Map<string, Map<string, ProbeTally>>();

  constructor(readonly options: ProberOptions) {}

  /** Of the pods that are there. */
  tallies(): readonly ProbeTally[] {
    return [...this.#tallies.values()].flatMap((ofPod) => [...ofPod.values()]);
  }

  liveness(containerId: string): ProbeResult | undefined {
    return this.#containers.get(containerId)?.results.get('Liveness');
  }

  startup(containerId: string): ProbeResult | undefined {
    return this.#containers.get(containerId)?.results.get('Startup');
  }

  /** Whether a running container counts as started: no startup probe, or one that has succeeded. */
  started(containerId: string): boolean {
    const probes = this.#containers.get(containerId);
    const result = probes?.results.get('Startup');
    return result === undefined || result === 'success';
  }

  ready(containerId: string): boolean {
    const result = this.#containers.get(containerId)?.results.get('Readiness');
    return result === undefined || result === 'success';
  }

  /** A container runs: its probes begin. Safe to call again for the same container. */
  add(pod: Readonly<Pod>, container: PodContainer, target: ProbeTarget, startedAt: number): void {
    if (this.#containers.has(target.containerId)) return;
    if (container.kind === 'ephemeral' || (container.kind === 'init' && !isSidecar(container.spec))) return;
    const { startupProbe, livenessProbe, readinessProbe } = container.spec;
    const wanted: readonly [ProbeType, Probe | undefined][] = [
      ['Startup', startupProbe],
      ['Liveness', livenessProbe],
      ['Readiness', readinessProbe],
    ];
    const workers: Worker[] = [];
    const results = new Map<ProbeType, ProbeResult>();
    for (const [type, probe] of wanted) {
      if (!probe) continue;
      workers.push({ type, probe, target, container, timer: undefined, last: undefined, run: 0, onHold: false, stopped: false });
      results.set(type, type === 'Liveness' ? 'success' : type === 'Startup' ? 'unknown' : 'failure');
    }
    if (workers.length === 0) return;
    this.#containers.set(target.containerId, { podUid: pod.metadata?.uid ?? '', startedAt, workers, results });
    for (const worker of workers) {
      if (worker.type === 'Startup' || !startupProbe) this.#schedule(worker, startedAt + (worker.probe.initialDelaySeconds ?? 0) * 1000);
    }
  }

  /** The container has ended. */
  remove(containerId: string): void {
    for (const worker of this.#containers.get(containerId)?.workers ?? []) stop(worker);
    this.#containers.delete(containerId);
  }

  /** The pod is being stopped: only its readiness still matters. */
  stopLivenessAndStartup(podUid: string): void {
    for (const probes of this.#containers.values()) {
      if (probes.podUid !== podUid) continue;
      for (const worker of probes.workers) if (worker.type !== 'Readiness') stop(worker);
    }
  }

  removePod(podUid: string): void {
    for (const [id, probes] of this.#containers) if (probes.podUid === podUid) this.remove(id);
    this.#tallies.delete(podUid);
  }

  #schedule(worker: Worker, at: number): void {
    if (worker.stopped) return;
    worker.timer?.cancel();
    worker.timer = this.options.env.loop.at(Math.max(at, this.options.env.clock.now()), `${worker.type.toLowerCase()} probe`, () => this.#probe(worker));
  }

  async #probe(worker: Worker): Promise<void> {
    const began = this.options.env.clock.now();
    const outcome = await this.options.run(worker.probe, worker.target);
    if (worker.stopped) return;
    this.#take(worker, outcome);
    if (worker.onHold || worker.stopped) return;
    // A probe that took longer than its period is followed at once, as a ticker's missed tick is.
    this.#schedule(worker, began + (worker.probe.periodSeconds ?? 10) * 1000);
  }

  #take(worker: Worker, outcome: ProbeOutcome): void {
    const { pod } = worker.target;
    if (outcome.result !== 'success') {
      const reason = outcome.result === 'warning' ? 'ProbeWarning' : 'Unhealthy';
      this.options.warn(pod, worker.container, reason, eventText(worker.type, outcome));
    }
    if (outcome.result === 'unknown') return; // Upstream ignores probes that could not be run.
    const result = outcome.result === 'failure' ? 'failure' : 'success';
    this.#tally(worker)[result === 'failure' ? 'failed' : 'successful'] += 1;
    worker.run = worker.last === result ? worker.run + 1 : 1;
    worker.last = result;
    const threshold = result === 'failure' ? (worker.probe.failureThreshold ?? 3) : (worker.probe.successThreshold ?? 1);
    if (worker.run < threshold) return;
    this.#setResult(worker, result);
  }

  #tally({ type, target: { pod, container } }: Worker): ProbeTally {
    const uid = pod.metadata?.uid ?? '';
    const ofPod = this.#tallies.get(uid) ?? new Map<string, ProbeTally>();
    this.#tallies.set(uid, ofPod);
    const key = `${container.name}/${type}`;
    const known = ofPod.get(key) ?? { type, pod, container: container.name, successful: 0, failed: 0 };
    ofPod.set(key, known);
    return known;
  }

  #setResult(worker: Worker, result: ProbeResult): void {
    const probes = this.#containers.get(worker.target.containerId);
    if (!probes) return;
    if (worker.type !== 'Readiness' && result === 'failure') {
      worker.onHold = true;
      worker.run = 0;
    }
    if (probes.results.get(worker.type) === result) return;
    probes.results.set(worker.type, result);
    if (worker.type === 'Startup' && result === 'success') this.#startupDone(probes, worker);
    this.options.changed(probes.podUid);
  }

  /** The other probes begin once startup has succeeded. */
  #startupDone(probes: ContainerProbes, startup: Worker): void {
    stop(startup);
    this.options.started(probes.podUid, startup.target.containerId);
    const now = this.options.env.clock.now();
    for (const worker of probes.workers) {
      if (worker !== startup) this.#schedule(worker, Math.max(now, probes.startedAt + (worker.probe.initialDelaySeconds ?? 0) * 1000));
    }
  }
}

function stop(worker: Worker): void {
  worker.stopped = true;
  worker.timer?.cancel();
}

function eventText(type: ProbeType, { result, output }: ProbeOutcome): string {
  switch (result) {
    case 'unknown':
      return `${type} probe errored and resulted in unknown state: ${output}`;
    case 'warning':
      return `${type} probe warning: ${output}`;
    default:
      return `${type} probe failed: ${output}`;
  }
}
