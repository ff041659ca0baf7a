import type { Container, ContainerStatus, Pod, PodCondition } from '../../../generated/types/index.ts';
import { parseTime } from '../../../src/machinery/time.ts';
import { gate } from './random-pod.ts';

/** Two states of one pod in the API, one after the other. */
export interface PodChange {
  /** Undefined for a pod that has just been created. */
  readonly before: Readonly<Pod> | undefined;
  readonly after: Readonly<Pod>;
}

/** A promise that every change of a pod keeps. Returns what is wrong. */
export interface PodInvariant {
  readonly name: string;
  broken(change: PodChange): string | undefined;
}

export const isSidecar = (container: Readonly<Container>) => container.restartPolicy === 'Always';
export const isTerminal = ({ status }: Readonly<Pod>) => status?.phase === 'Succeeded' || status?.phase === 'Failed';
export const conditionOf = ({ status }: Readonly<Pod>, type: string) => status?.conditions?.find((one) => one.type === type);

const phaseOrder = ['Pending', 'Running', 'Succeeded', 'Failed'];
const ms = (time: string | undefined) => parseTime(time) ?? Number.NaN;

function allStatuses({ status }: Readonly<Pod>): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])];
}

/** Each container's status with what it was before. */
function statusPairs({ before, after }: PodChange): [ContainerStatus | undefined, ContainerStatus][] {
  const old = new Map(before ? allStatuses(before).map((one) => [one.name, one]) : []);
  return allStatuses(after).map((one) => [old.get(one.name), one]);
}

/** The first complaint about any container. */
function eachStatus(change: PodChange, complaint: (after: ContainerStatus, before: ContainerStatus | undefined) => string | undefined): string | undefined {
  for (const [before, after] of statusPairs(change)) {
    const text = complaint(after, before);
    if (text) return `container ${after.name}: ${text}`;
  }
  return undefined;
}

/** Whether an init container has not done its part yet. */
function initializes({ spec, status }: Readonly<Pod>): boolean {
  const sidecars = new Set((spec?.initContainers ?? []).filter(isSidecar).map((one) => one.name));
  return (status?.initContainerStatuses ?? []).some((one) => (sidecars.has(one.name) ? !one.started : !one.state?.terminated));
}

/** A field that never changes once it has a value. */
function constant(name: string, read: (pod: Readonly<Pod>) => unknown): PodInvariant {
  return {
    name,
    broken: ({ before, after }) => {
      const was = before && read(before);
      return was !== undefined && was !== read(after) ? `${String(was)} became ${String(read(after))}` : undefined;
    },
  };
}

/** Has the kubelet accepted the pod? One that it refused has a phase and a reason, but no containers. */
const accepted = ({ status }: Readonly<Pod>) => (status?.containerStatuses?.length ?? 0) > 0;

export const podInvariants: readonly PodInvariant[] = [
  {
    name: 'the phase never goes back',
    broken({ before, after }) {
      const [was, is] = [before?.status?.phase ?? 'Pending', after.status?.phase ?? 'Pending'];
      // As upstream has it, a pod is Pending again while its init containers run again, in the sandbox that it got after a reboot.
      if (was === 'Running' && is === 'Pending' && initializes(after)) return undefined;
      const ended = was === 'Succeeded' || was === 'Failed';
      return (ended && was !== is) || phaseOrder.indexOf(is) < phaseOrder.indexOf(was) ? `${was} became ${is}` : undefined;
    },
  },
  constant('the uid stays', ({ metadata }) => metadata?.uid),
  constant('the node stays', ({ spec }) => spec?.nodeName),
  constant('the start time stays', ({ status }) => status?.startTime),
  constant('the QoS class stays', ({ status }) => status?.qosClass),
  constant('the host address stays', ({ status }) => status?.hostIP),
  {
    name: 'a deletion is never taken back, nor put off',
    broken({ before, after }) {
      const [was, is] = [before?.metadata?.deletionTimestamp, after.metadata?.deletionTimestamp];
      if (was === undefined) return undefined;
      if (is === undefined) return `deletionTimestamp ${was} has gone`;
      return ms(is) > ms(was) ? `deletionTimestamp ${was} became ${is}` : undefined;
    },
  },
  {
    name: 'the restart count only grows, and grows with the container id',
    broken: (change) =>
      eachStatus(change, (after, before) => {
        const grown = after.restartCount - (before?.restartCount ?? 0);
        if (grown < 0) return `restartCount went from ${before?.restartCount} to ${after.restartCount}`;
        if (!before?.containerID || !after.containerID) return undefined;
        if (after.containerID === before.containerID) return grown === 0 ? undefined : `restartCount grew by ${grown} without a restart`;
        return grown > 0 ? undefined : `another container, and restartCount is still ${after.restartCount}`;
      }),
  },
  {
    name: 'every container has a status with one state',
    broken(change) {
      const { spec, status } = change.after;
      if (!accepted(change.after)) return undefined;
      const names = (list: readonly { name?: string }[] | undefined) => (list ?? []).map((one) => one.name).join(' ');
      if (names(spec?.containers) !== names(status?.containerStatuses)) return `statuses of ${names(status?.containerStatuses)}`;
      if (names(spec?.initContainers) !== names(status?.initContainerStatuses)) return `init statuses of ${names(status?.initContainerStatuses)}`;
      return eachStatus(change, ({ state }) => (Object.keys(state ?? {}).length === 1 ? undefined : `state ${JSON.stringify(state)}`));
    },
  },
  {
    name: 'what has ended ended after its start',
    broken: (change) =>
      eachStatus(change, ({ state, lastState }) => {
        const bad = [state?.terminated, lastState?.terminated].find((one) => one?.startedAt && !(ms(one.finishedAt) >= ms(one.startedAt)));
        return bad && `started ${bad.startedAt}, finished ${bad.finishedAt}`;
      }),
  },
  {
    name: 'a run that has ended stays as it ended',
    broken: (change) =>
      eachStatus(change, (after, before) => {
        const [was, is] = [before?.state?.terminated, after.state?.terminated ?? after.lastState?.terminated];
        if (!was || was.containerID !== is?.containerID) return undefined;
        return JSON.stringify(was) === JSON.stringify(is) ? undefined : `${JSON.stringify(was)} became ${JSON.stringify(is)}`;
      }),
  },
  {
    name: 'only what runs is ready or started, and ready only after startup',
    broken(change) {
      const regular = new Set((change.after.spec?.initContainers ?? []).filter((one) => !isSidecar(one)).map((one) => one.name));
      return eachStatus(change, ({ name, ready, started, state }) => {
        if (regular.has(name ?? '')) return ready === (state?.terminated?.exitCode === 0) ? undefined : `init container with ready=${ready}`;
        if ((ready || started) && !state?.running) return `ready=${ready} started=${started} while ${Object.keys(state ?? {})}`;
        return ready && started === false ? 'ready before it has started' : undefined;
      });
    },
  },
  {
    name: 'ContainersReady says whether all containers are ready',
    broken({ after }) {
      const condition = conditionOf(after, 'ContainersReady');
      if (!condition || !accepted(after) || isTerminal(after)) return undefined;
      const sidecars = new Set((after.spec?.initContainers ?? []).filter(isSidecar).map((one) => one.name));
      const counted = [...(after.status?.initContainerStatuses ?? []).filter((one) => sidecars.has(one.name)), ...(after.status?.containerStatuses ?? [])];
      // One that is past its deadline is told to have failed before its containers have stopped.
      const ready = counted.every((one) => one.ready) && !(condition.reason === 'PodFailed' && after.spec?.activeDeadlineSeconds !== undefined);
      return ready === (condition.status === 'True') ? undefined : `ContainersReady ${condition.status}, ${condition.message}`;
    },
  },
  {
    name: 'a pod is Ready only with all its containers and gates',
    broken({ before, after }) {
      if (conditionOf(after, 'Ready')?.status !== 'True') return undefined;
      if (conditionOf(after, 'ContainersReady')?.status !== 'True') return 'Ready without ContainersReady';
      if (!(after.spec?.readinessGates ?? []).some((one) => one.conditionType === gate) || conditionOf(after, gate)?.status === 'True') return undefined;
      // Whoever shuts the gate does so before the kubelet knows.
      return before && conditionOf(before, 'Ready')?.status === 'True' ? undefined : 'became Ready with a gate that is shut';
    },
  },
  {
    name: 'the time of a condition never goes back, and moves on when it changes',
    broken({ before, after }) {
      for (const { type, status, lastTransitionTime } of after.status?.conditions ?? []) {
        const was: PodCondition | undefined = before?.status?.conditions?.find((one) => one.type === type);
        // One that changes twice between two writes has another time and the same status.
        if (type === gate || !was || ms(lastTransitionTime) >= ms(was.lastTransitionTime)) continue;
        return `${type} ${was.status} since ${was.lastTransitionTime} became ${status} since ${lastTransitionTime}`;
      }
      return undefined;
    },
  },
  {
    name: 'nothing runs in a pod that has ended',
    broken(change) {
      if (!isTerminal(change.after)) return undefined;
      return eachStatus(change, ({ state }) => (state?.running ? `runs while the pod is ${change.after.status?.phase}` : undefined));
    },
  },
];
