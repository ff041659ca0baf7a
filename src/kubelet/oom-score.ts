import type { Container, Pod } from '../../generated/types/index.ts';
import { isSidecar, qosClass } from '../api/core/v1/pod-resources.ts';
import { quantityValue } from '../machinery/quantity.ts';
import { isCriticalPod } from './eviction-ranking.ts';

const guaranteed = -997;
const bestEffort = 1000;

/**
 * What is added to the scores of a container's processes when the node is out of memory (pkg/kubelet/qos GetContainerOOMScoreAdjust):
 * the more of the node's memory a Burstable container asks for, the later its turn. `memoryCapacity` is the node's, in bytes.
 */
export function oomScoreAdjust(pod: Readonly<Pod>, container: Readonly<Container>, memoryCapacity: number): number {
  if (isCriticalPod(pod) && pod.spec?.priorityClassName === 'system-node-critical') return guaranteed;
  const quality = pod.status?.qosClass ?? qosClass(pod);
  if (quality === 'Guaranteed') return guaranteed;
  if (quality === 'BestEffort') return bestEffort;
  const scoreOf = (requestBytes: number) => 1000 - Math.trunc((1000 * requestBytes) / memoryCapacity);
  const own = scoreOf(memoryRequest(container));
  // A sidecar outlives the containers that it serves.
  const score = isSidecar(container) ? Math.min(own, scoreOf(leastMemoryRequest(pod))) : own;
  if (score < 1000 + guaranteed) return 1000 + guaranteed;
  return score === bestEffort ? bestEffort - 1 : score;
}

function memoryRequest({ resources }: Readonly<Container>): number {
  return quantityValue(resources?.requests?.memory);
}

function leastMemoryRequest({ spec }: Readonly<Pod>): number {
  return Math.min(...(spec?.containers ?? []).map(memoryRequest));
}
