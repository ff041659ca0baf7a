import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../../../generated/types/index.ts';
import type { ParsedQuantity } from '../../../machinery/quantity.ts';
import { addQuantities, formatQuantity, parseQuantity } from '../../../machinery/quantity.ts';
import { SharedSpecs } from './shared-specs.ts';

/** Amounts by resource name, as in `resources.requests`. */
export type ResourceAmounts = Record<string, string>;

type Parsed = Map<string, ParsedQuantity>;
type Side = 'requests' | 'limits';

/** A sidecar: an init container that keeps running beside the app containers. */
export function isSidecar(container: Pick<Container, 'restartPolicy'> | undefined): boolean {
  return container?.restartPolicy === 'Always';
}

/** Whose resources count, and whether those count that the kubelet reports, while a resize is under way. */
type Counted = { readonly spec?: PodSpec; readonly status?: PodStatus };

export interface CountOptions {
  /** Count what a container has been given, and what it still has, where that is more than it asks for. */
  readonly withStatus?: boolean;
}

/**
 * What a pod asks for, as the scheduler and the kubelet count it (component-helpers/resource PodRequests):
 * the greater of the app containers with all sidecars, and each init container with the sidecars started before it; then overhead.
 */
export function podRequests(pod: Counted, options: CountOptions = {}): ResourceAmounts {
  return effective(pod, 'requests', options);
}

/** The same for limits; overhead counts only for resources that have a limit. */
export function podLimits(pod: Counted, options: CountOptions = {}): ResourceAmounts {
  return effective(pod, 'limits', options);
}

function effective(pod: Counted, side: Side, { withStatus = false }: CountOptions): ResourceAmounts {
  const { spec } = pod;
  const total: Parsed = new Map();
  const amountsFor = (container: Container, statuses: readonly ContainerStatus[] | undefined): Parsed => {
    const status = withStatus ? statuses?.find((one) => one.name === container.name) : undefined;
    return status?.resources ? amountsInForce(container, status, side, resizeIsInfeasible(pod)) : amountsOf(container, side);
  };
  for (const container of spec?.containers ?? []) addTo(total, amountsFor(container, pod.status?.containerStatuses));
  const sidecars: Parsed = new Map();
  const largestInit: Parsed = new Map();
  for (const container of spec?.initContainers ?? []) {
    if (isSidecar(container)) {
      const own = amountsFor(container, pod.status?.initContainerStatuses);
      addTo(total, own);
      addTo(sidecars, own);
      maxInto(largestInit, sidecars);
    } else {
      const beside = new Map(amountsOf(container, side));
      addTo(beside, sidecars);
      maxInto(largestInit, beside);
    }
  }
  maxInto(total, largestInit);
  for (const [name, amount] of parsed(spec?.overhead)) {
    const before = total.get(name);
    if (before) total.set(name, addQuantities(before, amount));
    else if (side === 'requests') total.set(name, amount);
  }
  return Object.fromEntries([...total].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, amount]) => [name, formatQuantity(amount)]));
}

/** The greatest of what is asked for, given and in force; what the node will never give does not count. */
function amountsInForce(container: Container, status: ContainerStatus, side: Side, infeasible: boolean): Parsed {
  const inForce = parsed(status.resources?.[side]);
  if (side === 'requests') maxInto(inForce, parsed(status.allocatedResources));
  if (!infeasible) maxInto(inForce, amountsOf(container, side));
  return inForce;
}

function resizeIsInfeasible({ status }: Counted): boolean {
  return status?.conditions?.find((one) => one.type === 'PodResizePending')?.reason === 'Infeasible';
}

function amountsOf(container: Container, side: Side): Parsed {
  return parsed(container.resources?.[side]);
}

function parsed(amounts: Readonly<Record<string, string>> | undefined): Parsed {
  const out: Parsed = new Map();
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const amount = parseQuantity(text);
    if (amount) out.set(name, amount);
  }
  return out;
}

function addTo(total: Parsed, more: Parsed): void {
  for (const [name, amount] of more) {
    const before = total.get(name);
    total.set(name, before ? addQuantities(before, amount) : amount);
  }
}

function maxInto(total: Parsed, other: Parsed): void {
  for (const [name, amount] of other) {
    const before = total.get(name);
    if (!before || before.nano < amount.nano) total.set(name, amount);
  }
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const classes = new SharedSpecs<QosClass>();

/** The pod's class of service (pkg/apis/core/helper/qos ComputePodQOS): only CPU and memory above zero count. */
export function qosClass({ spec }: Pick<Pod, 'spec'>): QosClass {
  const known = spec && classes.get(spec);
  if (known) return known;
  const found = computeQosClass(spec);
  if (spec) classes.learn(spec, found);
  return found;
}

function computeQosClass(spec: PodSpec | undefined): QosClass {
  const requests: Parsed = new Map();
  const limits: Parsed = new Map();
  let guaranteed = true;
  for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    addTo(requests, computeOnly(amountsOf(container, 'requests')));
    const own = computeOnly(amountsOf(container, 'limits'));
    addTo(limits, own);
    if (!own.has('cpu') || !own.has('memory')) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const same = requests.size === limits.size && [...requests].every(([name, amount]) => limits.get(name)?.nano === amount.nano);
  return guaranteed && same ? 'Guaranteed' : 'Burstable';
}

function computeOnly(amounts: Parsed): Parsed {
  const kept: Parsed = new Map();
  for (const [name, amount] of amounts) if ((name === 'cpu' || name === 'memory') && amount.nano > 0n) kept.set(name, amount);
  return kept;
}
