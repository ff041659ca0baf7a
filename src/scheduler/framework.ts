import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../generated/types/index.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';

/** Why a node, or a pod, is out of the question. `unresolvable`: removing pods would not help. */
export interface Rejection {
  readonly code: 'unschedulable' | 'unresolvable';
  readonly reasons: readonly string[];
}

/** What plugins see of the cluster in one cycle. */
export interface Snapshot {
  /** Nodes by name. */
  readonly nodes: readonly NodeInfo[];
  readonly storage: StorageView;
}

/** The objects behind pods' claims; each undefined if there is none. */
export interface StorageView {
  claim(namespace: string, name: string): Readonly<PersistentVolumeClaim> | undefined;
  volume(name: string): Readonly<PersistentVolume> | undefined;
  storageClass(name: string): Readonly<StorageClass> | undefined;
}

/** A scheduling plugin: any of upstream's extension points (pkg/scheduler/framework interface.go). */
export interface Plugin {
  readonly name: string;
  /** Whether a pod may be queued at all. */
  preEnqueue?(pod: Readonly<Pod>): Rejection | undefined;
  /** A reason that rules every node out. */
  preFilter?(info: PodInfo, snapshot: Snapshot): Rejection | undefined;
  /** Names of the only nodes that come into question, whether or not they exist; undefined if all do. */
  onlyNodes?(info: PodInfo): ReadonlySet<string> | undefined;
  /** Why the pod cannot run on the node; undefined if it can. */
  filter?(info: PodInfo, node: NodeInfo, snapshot: Snapshot): Rejection | undefined;
  /** How good the node is for the pod, among those that are `feasible`; larger is better. From 0 to 100 unless `normalize` follows. */
  score?(info: PodInfo, node: NodeInfo, snapshot: Snapshot, feasible: readonly NodeInfo[]): number;
  /** Maps all nodes' scores to 0 to 100. */
  normalize?(scores: number[]): number[];
  /** Whether a pod that has just been given a node may be what a waiting one waited for. */
  helpedBy?(waiting: Readonly<Pod>, placed: Readonly<Pod>): boolean;
  /** Says whether scores of this plugin mean anything for the pod; it is left out if not. */
  scores?(info: PodInfo): boolean;
}

export interface WeightedPlugin {
  readonly plugin: Plugin;
  readonly weight: number;
}

export const maxScore = 100;

export function unschedulable(...reasons: string[]): Rejection {
  return { code: 'unschedulable', reasons };
}

export function unresolvable(...reasons: string[]): Rejection {
  return { code: 'unresolvable', reasons };
}

/** Upstream's DefaultNormalizeScore: the best gets 100, the others their share; reversed where less is better. */
export function normalizeByMax(scores: number[], reverse: boolean): number[] {
  const max = Math.max(0, ...scores);
  if (max === 0) return scores.map(() => (reverse ? maxScore : 0));
  return scores.map((score) => {
    const share = Math.floor((maxScore * score) / max);
    return reverse ? maxScore - share : share;
  });
}
