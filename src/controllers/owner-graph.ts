import type { OwnerReference } from '../../generated/types/index.ts';
import type { ResourceRef } from '../client/index.ts';
import type { KubeObject } from '../machinery/types.ts';

/** An object as the garbage collector knows it. */
export interface GraphNode {
  readonly uid: string;
  readonly ref: ResourceRef;
  readonly namespace: string | undefined;
  readonly name: string;
  owners: readonly OwnerReference[];
  /** By uid, in order of appearance. */
  readonly dependents: Map<string, GraphNode>;
  /** It is going. */
  deleting: boolean;
  /** It waits for its dependents to go first. */
  deletingDependents: boolean;
  /** Its dependents are to stay, without it. */
  orphaning: boolean;
}

/** Who owns whom, by uid (upstream: the graph of GraphBuilder). */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  /** Dependents of owners that have not been seen (yet). */
  readonly #expecting = new Map<string, Map<string, GraphNode>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** Takes in an object as it is now, and returns its node. */
  put(ref: ResourceRef, object: Readonly<KubeObject>): GraphNode {
    const { uid = '', name = '', namespace, ownerReferences = [], finalizers = [], deletionTimestamp } = object.metadata ?? {};
    let node = this.#nodes.get(uid);
    if (!node) {
      const dependents = this.#expecting.get(uid) ?? new Map<string, GraphNode>();
      this.#expecting.delete(uid);
      node = { uid, ref, namespace, name, owners: [], dependents, deleting: false, deletingDependents: false, orphaning: false };
      this.#nodes.set(uid, node);
    }
    this.#unlink(node);
    node.owners = ownerReferences;
    this.#link(node);
    node.deleting = deletionTimestamp !== undefined;
    node.deletingDependents = node.deleting && finalizers.includes('foregroundDeletion');
    node.orphaning = node.deleting && finalizers.includes('orphan');
    return node;
  }

  /** Takes an object out; its dependents stay and know it no more. */
  remove(uid: string): GraphNode | undefined {
    const node = this.#nodes.get(uid);
    if (!node) return undefined;
    this.#nodes.delete(uid);
    this.#unlink(node);
    if (node.dependents.size > 0) this.#expecting.set(uid, node.dependents);
    return node;
  }

  #link(node: GraphNode): void {
    for (const { uid } of node.owners) this.#dependentsOf(uid).set(node.uid, node);
  }

  #unlink(node: GraphNode): void {
    for (const { uid } of node.owners) {
      this.#dependentsOf(uid).delete(node.uid);
      if (this.#expecting.get(uid)?.size === 0) this.#expecting.delete(uid);
    }
  }

  #dependentsOf(uid: string): Map<string, GraphNode> {
    const known = this.#nodes.get(uid)?.dependents ?? this.#expecting.get(uid);
    if (known) return known;
    const dependents = new Map<string, GraphNode>();
    this.#expecting.set(uid, dependents);
    return dependents;
  }
}
