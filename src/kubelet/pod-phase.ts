import type { ContainerStatus, Pod } from '../../generated/types/index.ts';
import { isSidecar } from './pod-format.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

interface Counts {
  unknown: number;
  running: number;
  waiting: number;
  /** App containers that have ended, and those of them that succeeded. */
  stopped: number;
  succeeded: number;
}

export interface PhaseFacts {
  readonly init: readonly ContainerStatus[];
  readonly app: readonly ContainerStatus[];
  /** An app container has started in the present sandbox. */
  readonly initialized: boolean;
  /** The pod has been stopped for good: nothing will be restarted. */
  readonly terminal: boolean;
}

/** The phase that follows from the containers' states (pkg/kubelet getPhase). */
export function podPhase(pod: Readonly<Pod>, { init, app, initialized, terminal }: PhaseFacts): PodPhase {
  const { pending, failed } = initProgress(pod, init);
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (failed > 0 && policy === 'Never') return 'Failed';
  const count: Counts = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0 };
  const pendingSidecars = countSidecars(pod, init, count);
  countContainers(pod, app, count);
  if (pending > 0 || (pendingSidecars > 0 && !initialized) || count.waiting > 0) return 'Pending';
  if (count.running > 0 && count.unknown === 0) return 'Running';
  if (count.running === 0 && count.stopped > 0 && count.unknown === 0) {
    if (terminal) return count.stopped === count.succeeded ? 'Succeeded' : 'Failed';
    if (policy === 'Always') return 'Running';
    if (count.stopped === count.succeeded) return 'Succeeded';
    return policy === 'Never' ? 'Failed' : 'Running';
  }
  return 'Pending';
}

/** How far the init containers have got that end by themselves. */
function initProgress(pod: Readonly<Pod>, statuses: readonly ContainerStatus[]): { pending: number; failed: number } {
  const out = { pending: 0, failed: 0 };
  for (const container of pod.spec?.initContainers ?? []) {
    if (isSidecar(container)) continue;
    const status = statuses.find((one) => one.name === container.name);
    const ended = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
    if (!ended) out.pending += 1;
    else if (ended.exitCode !== 0) out.failed += 1;
  }
  return out;
}

/** Adds the sidecars; returns how many have not come up yet. One that has ended counts for nothing. */
function countSidecars(pod: Readonly<Pod>, statuses: readonly ContainerStatus[], count: Counts): number {
  let pending = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    if (!isSidecar(container)) continue;
    const status = statuses.find((one) => one.name === container.name);
    if (status?.state?.running) {
      if (!status.started) pending += 1;
      count.running += 1;
    } else if (!status) count.unknown += 1;
    else if (status.state?.waiting && !status.lastState?.terminated) {
      pending += 1;
      count.waiting += 1;
    }
  }
  return pending;
}

function countContainers(pod: Readonly<Pod>, statuses: readonly ContainerStatus[], count: Counts): void {
  for (const container of pod.spec?.containers ?? []) {
    const status = statuses.find((one) => one.name === container.name);
    if (status?.state?.running) count.running += 1;
    else if (status?.state?.terminated) {
      count.stopped += 1;
      if (status.state.terminated.exitCode === 0) count.succeeded += 1;
    } else if (status?.state?.waiting) {
      if (status.lastState?.terminated) count.stopped += 1;
      else count.waiting += 1;
    } else count.unknown += 1;
  }
}
