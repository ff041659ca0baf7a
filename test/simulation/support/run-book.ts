import type { Container, Pod } from '../../../generated/types/index.ts';
import type { ContainerStatus, Runtime } from '../../../src/runtime/index.ts';
import { isSidecar } from './pod-invariants.ts';

/** One run of a container, as its node has it. */
export interface Run {
  readonly id: string;
  readonly podUid: string;
  readonly name: string;
  readonly sandboxId: string;
  /** The image as the spec had it. */
  readonly image: string;
  /** Simulated ms since the epoch. */
  readonly startedAt: number;
  finishedAt: number | undefined;
  exitCode: number | undefined;
}

/** What the story knows of a pod beside its runs. */
export interface PodFacts {
  readonly pod: Readonly<Pod>;
  /** When the API first showed that it has ended, or is to be deleted. */
  readonly endedAt: number | undefined;
  readonly deletedAt: number | undefined;
  /** Containers whose image or resources somebody has changed. */
  readonly touched: ReadonlySet<string>;
  /** When the kubelet last came back and had forgotten its back-offs. */
  readonly kubeletStartedAt: number;
}

/** A promise that every start of a container keeps. Returns what is wrong. */
export interface RunInvariant {
  readonly name: string;
  /** @param earlier other runs of the pod, oldest first */
  broken(run: Run, earlier: readonly Run[], facts: PodFacts): string | undefined;
}

const within = (run: Run, time: number) => run.startedAt < time && (run.finishedAt === undefined || run.finishedAt > time);
const succeededBy = (time: number) => (run: Run) => run.exitCode === 0 && (run.finishedAt ?? Number.POSITIVE_INFINITY) <= time;

interface Place {
  readonly kind: 'app' | 'init' | 'sidecar' | 'ephemeral';
  readonly container: Readonly<Container> | undefined;
  /** Init containers that come before it. */
  readonly before: readonly Readonly<Container>[];
}

function placeOf({ spec }: Readonly<Pod>, name: string): Place {
  const init = spec?.initContainers ?? [];
  const index = init.findIndex((one) => one.name === name);
  const own = init[index];
  if (own) return { kind: isSidecar(own) ? 'sidecar' : 'init', container: own, before: init.slice(0, index) };
  const app = spec?.containers.find((one) => one.name === name);
  return app ? { kind: 'app', container: app, before: init } : { kind: 'ephemeral', container: undefined, before: [] };
}

/** As upstream's back-off: nothing, 10 s, 20 s ... 300 s; anew after ten quiet minutes. Seconds to wait before the last of these runs. */
function backOffSeconds(runs: readonly Run[], since: number): number {
  let entry: { delay: number; updatedAt: number } | undefined;
  let wait = 0;
  for (const [index, run] of runs.entries()) {
    const previous = runs[index - 1];
    if (!previous) continue;
    if (run.startedAt < since) {
      entry = undefined; // The kubelet has forgotten; what it counted since is what holds.
      continue;
    }
    const finishedAt = previous.finishedAt ?? run.startedAt;
    wait = entry && finishedAt - entry.updatedAt <= 600_000 ? entry.delay : 0;
    const fresh = !entry || run.startedAt - entry.updatedAt > 600_000;
    entry = { delay: fresh ? 10 : Math.min((entry?.delay ?? 0) * 2, 300), updatedAt: run.startedAt };
  }
  return wait;
}

export const runInvariants: readonly RunInvariant[] = [
  {
    name: 'init containers run in order, and all before the app containers',
    broken(run, earlier, { pod }) {
      const { kind, before } = placeOf(pod, run.name);
      if (kind === 'ephemeral') return undefined;
      const here = earlier.filter((one) => one.sandboxId === run.sandboxId);
      for (const { name, ...rest } of before) {
        const runs = here.filter((one) => one.name === name);
        if (isSidecar({ name, ...rest }) ? runs.length === 0 : !runs.some(succeededBy(run.startedAt))) return `${run.name} started before ${name}`;
      }
      return undefined;
    },
  },
  {
    name: 'an init container never runs beside an app container unless it is a sidecar',
    broken(run, earlier, { pod }) {
      const { kind } = placeOf(pod, run.name);
      if (kind === 'sidecar' || kind === 'ephemeral') return undefined;
      const beside = earlier.find((one) => placeOf(pod, one.name).kind === (kind === 'app' ? 'init' : 'app') && within(one, run.startedAt));
      return beside && `${run.name} started beside ${beside.name}`;
    },
  },
  {
    name: 'a container runs once at a time',
    broken(run, earlier) {
      const other = earlier.find((one) => one.name === run.name && within(one, run.startedAt));
      return other && `${run.name} started while its run of ${new Date(other.startedAt).toISOString()} went on`;
    },
  },
  {
    name: 'nothing starts in a pod that has ended',
    broken: (run, _, { endedAt }) => (endedAt !== undefined && run.startedAt > endedAt ? `${run.name} started` : undefined),
  },
  {
    name: 'nothing starts in a pod that is being deleted',
    broken: (run, _, { deletedAt }) => (deletedAt !== undefined && run.startedAt > deletedAt ? `${run.name} started` : undefined),
  },
  {
    name: 'restart policy Never starts a container once',
    broken(run, earlier, { pod, touched }) {
      const { kind } = placeOf(pod, run.name);
      if (pod.spec?.restartPolicy !== 'Never' || kind === 'sidecar' || touched.has(run.name)) return undefined;
      return earlier.some((one) => one.name === run.name) ? `${run.name} started again` : undefined;
    },
  },
  {
    name: 'an ephemeral container starts once',
    broken(run, earlier, { pod }) {
      return placeOf(pod, run.name).kind === 'ephemeral' && earlier.some((one) => one.name === run.name) ? `${run.name} started again` : undefined;
    },
  },
  {
    name: 'restart policy OnFailure leaves what has succeeded',
    broken(run, earlier, { pod, touched }) {
      const { kind, container } = placeOf(pod, run.name);
      // What a probe or a hook has ended starts again, whatever its exit code was.
      if (pod.spec?.restartPolicy !== 'OnFailure' || kind !== 'app' || touched.has(run.name) || container?.livenessProbe || container?.startupProbe)
        return undefined;
      return earlier.some((one) => one.name === run.name && one.exitCode === 0) ? `${run.name} started again after success` : undefined;
    },
  },
  {
    name: 'back-off is never shorter than upstream’s',
    broken(run, earlier, { pod, touched, kubeletStartedAt }) {
      const { kind, container } = placeOf(pod, run.name);
      if (container?.livenessProbe || container?.startupProbe) return undefined; // What a probe has ended starts again at once, at first.
      const runs = [...earlier.filter((one) => one.name === run.name && one.image === run.image), run];
      const previous = runs.at(-2);
      if (kind === 'ephemeral' || touched.has(run.name) || !previous) return undefined;
      const wait = backOffSeconds(runs, kubeletStartedAt);
      const waited = (run.startedAt - (previous.finishedAt ?? run.startedAt)) / 1000;
      return waited >= wait ? undefined : `${run.name} started after ${waited} s instead of ${wait} s`;
    },
  },
];

/** Every run of every container of some nodes, kept when the node has long forgotten it. */
export class RunBook {
  readonly #runs = new Map<string, Run>();

  /** Takes in what a node has; returns the runs that are new, by their start. */
  read(runtime: Runtime): Run[] {
    const sandboxes = new Map(runtime.listPodSandboxes().map((one) => [one.id, one.podUid]));
    const fresh: Run[] = [];
    for (const container of runtime.listContainers()) {
      const known = this.#runs.get(container.id);
      if (known) finish(known, container);
      else if (container.startedAt) fresh.push(this.#add(container, sandboxes.get(container.sandboxId) ?? ''));
    }
    return fresh.sort((a, b) => a.startedAt - b.startedAt);
  }

  ofPod(uid: string): Run[] {
    return [...this.#runs.values()].filter((one) => one.podUid === uid);
  }

  #add(container: ContainerStatus, podUid: string): Run {
    const { id, name, sandboxId, imageReference: image, startedAt = 0 } = container;
    const run: Run = { id, podUid, name, sandboxId, image, startedAt, finishedAt: undefined, exitCode: undefined };
    finish(run, container);
    this.#runs.set(id, run);
    return run;
  }
}

function finish(run: Run, { finishedAt, exitCode }: ContainerStatus): void {
  run.finishedAt = finishedAt;
  run.exitCode = exitCode;
}
