import type { ContainerStatus, Pod } from '../../generated/types/index.ts';
import { isSidecar } from './pod-format.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

interface Counts {
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
}

/**
 * The phase that follows from the containers' states (pkg/kubelet getPhase).
 * @param terminal the pod has been stopped for good: nothing will be restarted
 */
export function podPhase(pod: Readonly<Pod>, init: readonly ContainerStatus[], app: readonly ContainerStatus[], terminal: boolean): PodPhase {
  const { pendingInit, pendingSidecars, failed } = initProgress(pod, init);
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (failed > 0 && policy === 'Never') return 'Failed';
  const count = countContainers(pod, app);
  const initialized = count.running + count.stopped > 0;
  if (!terminal && (pendingInit > 0 || (pendingSidecars > 0 && !initialized))) return 'Pending';
  if (count.waiting > 0) return terminal ? terminalPhase(count) : 'Pending';
  if (count.running > 0 && count.unknown === 0) return 'Running';
  if (count.running === 0 && count.stopped > 0 && count.unknown === 0) {
    if (terminal) return terminalPhase(count);
    if (policy === 'Always') return 'Running';
    if (count.stopped === count.succeeded) return 'Succeeded';
    return policy === 'Never' ? 'Failed' : 'Running';
  }
  return terminal && count.unknown === 0 ? terminalPhase(count) : 'Pending';
}

function terminalPhase({ stopped, succeeded, waiting }: Counts): PodPhase {
  return waiting === 0 && stopped > 0 && stopped === succeeded ? 'Succeeded' : 'Failed';
}

function initProgress(pod: Readonly<Pod>, statuses: readonly ContainerStatus[]): { pendingInit: number; pendingSidecars: number; failed: number } {
  const out = { pendingInit: 0, pendingSidecars: 0, failed: 0 };
  for (const container of pod.spec?.initContainers ?? []) {
    const status = statuses.find((one) => one.name === container.name);
    if (isSidecar(container)) {
      const up = status?.state?.terminated || (status?.state?.running && status.started) || (status?.state?.waiting && status.lastState?.terminated);
      if (!up) out.pendingSidecars += 1;
      continue;
    }
    const ended = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
    if (!ended) out.pendingInit += 1;
    else if (ended.exitCode !== 0) {
      out.failed += 1;
      if (pod.spec?.restartPolicy !== 'Never') out.pendingInit += 1;
    }
  }
  return out;
}

function countContainers(pod: Readonly<Pod>, statuses: readonly ContainerStatus[]): Counts {
  const count: Counts = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0 };
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
  return count;
}
