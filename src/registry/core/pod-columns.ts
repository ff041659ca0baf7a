import type { ContainerState, ContainerStatus, Pod } from '../../../generated/types/index.ts';
import { isSidecar, podCondition, podIsReady, podIsTerminal } from '../../api/index.ts';
import type { TableRowCondition } from '../../machinery/table.ts';
import { humanDuration, parseTime } from '../../machinery/time.ts';
import type { Column } from '../generic/strategy.ts';
import { ageColumn, column, nameColumn, wide } from './columns.ts';

/** What kubectl shows of a pod in one line. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly status: string;
  readonly restarts: number;
  /** When a container last ended, in milliseconds; undefined if none was restarted. */
  readonly lastRestart: number | undefined;
}

interface Count {
  restarts: number;
  last: number | undefined;
}

/** The STATUS, READY and RESTARTS of a pod (pkg/printers/internalversion printPod). */
export function summarizePod(pod: Readonly<Pod>): PodSummary {
  const status = pod.status ?? {};
  const init = summarizeInit(pod);
  let reason = status.reason || status.phase || '';
  if (podCondition(status, 'PodScheduled')?.reason === 'SchedulingGated') reason = 'SchedulingGated';
  reason = init.reason ?? reason;
  let count = init.all;
  let ready = init.ready;
  if (init.reason === undefined || podCondition(status, 'Initialized')?.status === 'True') {
    count = init.sidecars;
    let running = 0;
    for (const container of [...(status.containerStatuses ?? [])].reverse()) {
      addRestarts(count, container);
      const stopped = stoppedReason(container.state);
      if (stopped !== undefined) reason = stopped;
      else if (container.ready && container.state?.running) running++;
    }
    ready += running;
    // Some containers are done while others still run.
    if (reason === 'Completed' && running > 0) reason = podIsReady(pod) ? 'Running' : 'NotReady';
  }
  if (pod.metadata?.deletionTimestamp) {
    if (status.reason === 'NodeLost') reason = 'Unknown';
    else if (!podIsTerminal(pod)) reason = 'Terminating';
  }
  const total = (pod.spec?.containers ?? []).length + (pod.spec?.initContainers ?? []).filter(isSidecar).length;
  return { ready, total, status: reason, restarts: count.restarts, lastRestart: count.last };
}

/** Init containers in order: the first that is not done decides, and hides the app containers. */
function summarizeInit(pod: Readonly<Pod>): { reason: string | undefined; ready: number; all: Count; sidecars: Count } {
  const all: Count = { restarts: 0, last: undefined };
  const sidecars: Count = { restarts: 0, last: undefined };
  const containers = pod.spec?.initContainers ?? [];
  let ready = 0;
  for (const [i, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(containers.find((one) => one.name === status.name));
    addRestarts(all, status);
    if (sidecar) addRestarts(sidecars, status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) ready++;
      continue;
    }
    const progress = `${i}/${containers.length}`;
    const what = terminated ? endReason(terminated) : waiting?.reason && waiting.reason !== 'PodInitializing' ? waiting.reason : progress;
    return { reason: `Init:${what}`, ready, all, sidecars };
  }
  return { reason: undefined, ready, all, sidecars };
}

function addRestarts(count: Count, status: ContainerStatus): void {
  count.restarts += status.restartCount ?? 0;
  const ended = parseTime(status.lastState?.terminated?.finishedAt);
  if (ended !== undefined && (count.last === undefined || count.last < ended)) count.last = ended;
}

function stoppedReason(state: ContainerState | undefined): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated ? endReason(state.terminated) : undefined;
}

function endReason(ended: NonNullable<ContainerState['terminated']>): string {
  return ended.reason || (ended.signal ? `Signal:${ended.signal}` : `ExitCode:${ended.exitCode}`);
}

/** `3`, or `3 (25s ago)` when it is known how long ago. */
function formatRestarts({ restarts, lastRestart }: PodSummary, now: number): string {
  if (restarts === 0 || lastRestart === undefined) return String(restarts);
  return `${restarts} (${humanDuration(now - lastRestart)} ago)`;
}

function readinessGates(pod: Readonly<Pod>): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const open = gates.filter((gate) => podCondition(pod.status, gate.conditionType)?.status === 'True').length;
  return `${open}/${gates.length}`;
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  column('Ready', 'How many containers are ready, of how many.', (pod) => {
    const { ready, total } = summarizePod(pod);
    return `${ready}/${total}`;
  }),
  column('Status', 'What the pod as a whole is doing, told by its containers.', (pod) => summarizePod(pod).status),
  column('Restarts', 'How often containers were restarted, and when last.', (pod, now) => formatRestarts(summarizePod(pod), now)),
  ageColumn,
  wide('IP', 'The address of the pod.', (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>'),
  wide('Node', 'The node that the pod is bound to.', (pod) => pod.spec?.nodeName || '<none>'),
  wide('Nominated Node', 'The node on which room is being made for the pod.', (pod) => pod.status?.nominatedNodeName || '<none>'),
  wide('Readiness Gates', 'How many of the further conditions for readiness hold.', readinessGates),
];

/** Tells kubectl that a pod is over. */
export function podRowConditions(pod: Readonly<Pod>): TableRowCondition[] {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded') return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }];
  if (phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
  return [];
}
