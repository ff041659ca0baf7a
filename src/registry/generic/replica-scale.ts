import type { KubeObject } from '../../machinery/types.ts';
import type { ScaleStrategy } from './strategy.ts';

interface Replicated extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas?: number };
}

/** The scale of whatever says in its spec how many pods are wanted, and in its status how many there are; `selector` as text. */
export function replicaScale<T extends Replicated>(selector: (object: Readonly<T>) => string): ScaleStrategy<T> {
  return {
    replicas: ({ spec }) => spec?.replicas ?? 0,
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector,
    setReplicas({ spec }, replicas) {
      if (spec) spec.replicas = replicas;
    },
  };
}
