import type { Container, Pod, PodSpec } from '../../../../generated/types/index.ts';
import type { ParsedQuantity } from '../../../machinery/quantity.ts';
import { addQuantities, formatQuantity, parseQuantity } from '../../../machinery/quantity.ts';

/** Amounts by resource name, as in `resources.requests`. */
export type ResourceAmounts = Record<string, string>;

type Parsed = Map<string, ParsedQuantity>;
type Side = 'requests' | 'limits';

/** A sidecar: an init container that keeps running beside the app containers. */
export function isSidecar(container: Pick<Container, 'restartPolicy'> | undefined): boolean {
  return container?.restartPolicy === 'Always';
}

/**
 * What a pod asks for, as the scheduler and the kubelet count it (component-helpers/resource PodRequests):
 * the greater of the app containers with all sidecars, and each init container with the sidecars started before it; then overhead.
 */
export function podRequests(pod: { readonly spec?: PodSpec }): ResourceAmounts {
  return effective(pod.spec, 'requests');
}

/** The same for limits; overhead counts only for resources that have a limit. */
export function podLimits(pod: { readonly spec?: PodSpec }): ResourceAmounts {
  return effective(pod.spec, 'limits');
}

function effective(spec: PodSpec | undefined, side: Side): ResourceAmounts {
  const total: Parsed = new Map();
  for (const container of spec?.containers ?? []) addTo(total, amountsOf(container, side));
  const sidecars: Parsed = new Map();
  const largestInit: Parsed = new Map();
  for (const container of spec?.initContainers ?? []) {
    const own = amountsOf(container, side);
    if (isSidecar(container)) {
      addTo(total, own);
      addTo(sidecars, own);
      maxInto(largestInit, sidecars);
    } else {
      const beside = new Map(own);
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

/** The pod's class of service (pkg/apis/core/helper/qos ComputePodQOS): only CPU and memory above zero count. */
export function qosClass(pod: Pick<Pod, 'spec'>): QosClass {
  const requests: Parsed = new Map();
  const limits: Parsed = new Map();
  let guaranteed = true;
  for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
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
  return new Map([...amounts].filter(([name, { nano }]) => (name === 'cpu' || name === 'memory') && nano > 0n));
}
