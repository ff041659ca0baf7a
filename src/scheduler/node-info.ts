import type { Node, Pod } from '../../generated/types/index.ts';
import type { HostPort } from '../api/core/v1/node-selection.ts';
import { hostPorts } from '../api/core/v1/node-selection.ts';
import { podRequests } from '../api/core/v1/pod-resources.ts';
import { resourceAmount } from '../machinery/quantity.ts';

/** Amounts by resource name: CPU in thousandths, everything else in whole units. */
export type Amounts = Readonly<Record<string, number>>;

/** A pod with what the plugins ask of it again and again. */
export interface PodInfo {
  readonly pod: Readonly<Pod>;
  readonly requests: Amounts;
  /** CPU and memory for scores: a container that asks for nothing counts 100m and 200Mi (pkg/scheduler/util GetNonzeroRequests). */
  readonly nonZero: { readonly cpu: number; readonly memory: number };
  readonly hostPorts: readonly HostPort[];
}

const defaultCpuMilli = 100;
const defaultMemoryBytes = 200 * 1024 * 1024;

export function podInfo(pod: Readonly<Pod>): PodInfo {
  const requests = amounts(podRequests(pod, { withStatus: true }));
  const containers = pod.spec?.containers ?? [];
  const missing = (name: string) => containers.filter((one) => one.resources?.requests?.[name] === undefined).length;
  return {
    pod,
    requests,
    nonZero: { cpu: (requests.cpu ?? 0) + missing('cpu') * defaultCpuMilli, memory: (requests.memory ?? 0) + missing('memory') * defaultMemoryBytes },
    hostPorts: hostPorts(pod),
  };
}

function amounts(quantities: Readonly<Record<string, string>> | undefined): Record<string, number> {
  const out: Record<string, number> = {};
  for (const [name, text] of Object.entries(quantities ?? {})) out[name] = resourceAmount(name, text);
  return out;
}

/** One node with the pods that run on it, or are about to. */
export class NodeInfo {
  readonly pods = new Map<string, PodInfo>();
  readonly requested: Record<string, number> = {};
  readonly nonZero = { cpu: 0, memory: 0 };
  #node: Readonly<Node> | undefined;
  allocatable: Amounts = {};

  constructor(readonly name: string) {}

  /** Undefined while pods are known of a node that is not. */
  get node(): Readonly<Node> | undefined {
    return this.#node;
  }

  setNode(node: Readonly<Node> | undefined): void {
    this.#node = node;
    this.allocatable = amounts(node?.status?.allocatable);
  }

  add(info: PodInfo): void {
    const uid = info.pod.metadata?.uid ?? '';
    this.remove(uid);
    this.pods.set(uid, info);
    this.#count(info, 1);
  }

  remove(uid: string): void {
    const info = this.pods.get(uid);
    if (!info) return;
    this.pods.delete(uid);
    this.#count(info, -1);
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    for (const [name, amount] of Object.entries(info.requests)) this.requested[name] = (this.requested[name] ?? 0) + sign * amount;
    this.nonZero.cpu += sign * info.nonZero.cpu;
    this.nonZero.memory += sign * info.nonZero.memory;
  }
}
