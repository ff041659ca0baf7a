/** A node as the configuration describes it. */
export interface NodePlan {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** `cpu`, `memory`, `pods`, … as quantities; what is absent gets a default. */
  readonly capacity: Readonly<Record<string, string>>;
  /** False: the Node is there, but nobody speaks for it. */
  readonly kubelet?: boolean;
}

export type NodeConfig = Partial<Omit<NodePlan, 'role'>> & { readonly role: NodePlan['role'] };

const controlPlaneTaint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };

/** The nodes by their number: one control plane, the rest workers. */
export function nodesByCount(count: number): readonly NodeConfig[] {
  return Array.from({ length: count }, (_, index) => ({ role: index === 0 ? ('control-plane' as const) : ('worker' as const) }));
}

/** Nodes without a kubelet, by their names. */
export function silentNodes(names: readonly string[]): readonly NodeConfig[] {
  return names.map((name) => ({ role: 'worker', name, kubelet: false }));
}

/** Names them as kind does (NAME-control-plane, NAME-worker, NAME-worker2) and taints control planes, unless no worker could take a pod. */
export function planNodes(cluster: string, nodes: readonly NodeConfig[]): readonly NodePlan[] {
  const counts = { 'control-plane': 0, worker: 0 };
  const hasWorkers = nodes.some((node) => node.role === 'worker' && node.kubelet !== false);
  return nodes.map((node) => {
    const number = ++counts[node.role];
    const taints = node.taints ?? (node.role === 'control-plane' && hasWorkers ? [controlPlaneTaint] : []);
    const name = node.name ?? `${cluster}-${node.role}${number === 1 ? '' : number}`;
    return { name, role: node.role, labels: node.labels ?? {}, taints, capacity: node.capacity ?? {}, ...(node.kubelet === false ? { kubelet: false } : {}) };
  });
}
