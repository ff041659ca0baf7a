import type { Node, Pod } from '../../generated/types/index.ts';
import type { Snapshot, StorageView } from './framework.ts';
import type { PodInfo } from './node-info.ts';
import { NodeInfo, podInfo } from './node-info.ts';

/**
 * Nodes and the pods on them as scheduling sees them (pkg/scheduler/backend/cache). A pod that was just bound counts
 * from that moment on, before the watch has told of it.
 */
export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Node name by pod uid. */
  readonly #placed = new Map<string, string>();
  #sorted: NodeInfo[] | undefined;

  constructor(readonly storage: StorageView) {}

  setNode(node: Readonly<Node>): void {
    this.#info(node.metadata?.name ?? '').setNode(node);
    this.#sorted = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    info?.setNode(undefined);
    if (info?.pods.size === 0) this.#nodes.delete(name);
    this.#sorted = undefined;
  }

  /** A pod that is bound: as the API says, or as it is about to say. */
  place(info: PodInfo, nodeName: string): void {
    const uid = info.pod.metadata?.uid ?? '';
    if (this.#placed.get(uid) !== nodeName) this.removePod(uid);
    this.#placed.set(uid, nodeName);
    this.#info(nodeName).add(info);
  }

  /** Returns whether a pod that was there takes less than before: it has been resized. */
  placePod(pod: Readonly<Pod>): boolean {
    const [info, nodeName] = [podInfo(pod), pod.spec?.nodeName ?? ''];
    const before = this.#nodes.get(nodeName)?.pods.get(pod.metadata?.uid ?? '');
    this.place(info, nodeName);
    return Object.entries(before?.requests ?? {}).some(([name, amount]) => (info.requests[name] ?? 0) < amount);
  }

  isPlaced(uid: string): boolean {
    return this.#placed.has(uid);
  }

  removePod(uid: string): void {
    const name = this.#placed.get(uid);
    if (name === undefined) return;
    this.#placed.delete(uid);
    const info = this.#nodes.get(name);
    info?.remove(uid);
    if (info && !info.node && info.pods.size === 0) this.#nodes.delete(name);
  }

  /** The nodes that exist, by name. */
  snapshot(): Snapshot {
    this.#sorted ??= [...this.#nodes.values()].filter((one) => one.node).sort((a, b) => (a.name < b.name ? -1 : 1));
    return { nodes: this.#sorted, storage: this.storage };
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) this.#nodes.set(name, (info = new NodeInfo(name)));
    return info;
  }
}
