import type { Container, ContainerStatus, Pod, PodCondition } from '../../generated/types/index.ts';
import { isSidecar } from './pod-format.ts';
import type { PodPhase } from './pod-phase.ts';

/** A condition before it has times. */
export type BareCondition = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The kubelet's own conditions; all others in a pod's status are somebody else's and kept. */
export const kubeletConditions: readonly string[] = [
  'PodResizePending',
  'PodResizeInProgress',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
];

export interface ConditionFacts {
  readonly phase: PodPhase;
  readonly init: readonly ContainerStatus[];
  readonly app: readonly ContainerStatus[];
  /** The sandbox is up and has its network. */
  readonly sandboxReady: boolean;
}

/** The kubelet's conditions, in the order in which it writes them (pkg/kubelet/status generate.go). */
export function podConditions(pod: Readonly<Pod>, facts: ConditionFacts): BareCondition[] {
  const containersReady = containersReadyCondition(pod, facts);
  return [
    { type: 'PodReadyToStartContainers', status: facts.sandboxReady ? 'True' : 'False' },
    initializedCondition(pod, facts),
    readyCondition(pod, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
}

function initializedCondition(pod: Readonly<Pod>, { phase, init, app }: ConditionFacts): BareCondition {
  const type = 'Initialized';
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of pod.spec?.initContainers ?? []) {
    const status = init.find((one) => one.name === container.name);
    if (!status) unknown.push(container.name);
    else if (!(isSidecar(container) ? status.started : status.ready)) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { type, status: 'True', reason: 'PodCompleted' };
  // Once an app container has started, the pod has been initialised, whatever became of its init containers.
  if (app.some(hasStarted)) return { type, status: 'True' };
  const message = namesMessage(unknown, 'incomplete', incomplete);
  return message ? { type, status: 'False', reason: 'ContainersNotInitialized', message } : { type, status: 'True' };
}

function hasStarted(status: ContainerStatus): boolean {
  return Boolean(status.state?.running || status.state?.terminated || status.lastState?.terminated);
}

function containersReadyCondition(pod: Readonly<Pod>, { phase, init, app }: ConditionFacts): BareCondition {
  const type = 'ContainersReady';
  const unknown: string[] = [];
  const unready: string[] = [];
  const check = (container: Container, statuses: readonly ContainerStatus[]) => {
    const status = statuses.find((one) => one.name === container.name);
    if (!status) unknown.push(container.name);
    else if (!status.ready) unready.push(container.name);
  };
  for (const container of pod.spec?.initContainers ?? []) if (isSidecar(container)) check(container, init);
  for (const container of pod.spec?.containers ?? []) check(container, app);
  if (phase === 'Succeeded' && unknown.length === 0) return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const message = namesMessage(unknown, 'unready', unready);
  return message ? { type, status: 'False', reason: 'ContainersNotReady', message } : { type, status: 'True' };
}

function readyCondition(pod: Readonly<Pod>, containersReady: BareCondition): BareCondition {
  const type = 'Ready';
  if (containersReady.status !== 'True') return { ...containersReady, type };
  const gates = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = pod.status?.conditions?.find((one) => one.type === conditionType);
    if (!condition) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return condition.status === 'True' ? [] : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  return gates.length > 0 ? { type, status: 'False', reason: 'ReadinessGatesNotReady', message: gates.join(', ') } : { type, status: 'True' };
}

function namesMessage(unknown: readonly string[], adjective: string, names: readonly string[]): string {
  const parts: string[] = [];
  if (unknown.length > 0) parts.push(`containers with unknown status: [${unknown.join(' ')}]`);
  if (names.length > 0) parts.push(`containers with ${adjective} status: [${names.join(' ')}]`);
  return parts.join(', ');
}
