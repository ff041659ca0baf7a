import type { PodSpec } from '../../../generated/types/index.ts';
import { deepFreeze, shareParts } from '../../machinery/deep.ts';

/** That of the pod created last. */
let last: PodSpec | undefined;

/** A spec of more is hardly a part of a template, and too much to be kept for the next pod, should this one be refused. */
const sharedContainersMax = 100;

/**
 * The spec of a new pod, ready to be stored. Pods are mostly made of one template, many in a row: what says the same as in the pod
 * before is that very part, so that it is in memory once, and what is known of it need not be found out again. Frozen from here on.
 */
export function shareWithLast(spec: PodSpec): PodSpec {
  if (Object.isFrozen(spec)) return spec; // A second attempt, with another name.
  if ((spec.containers?.length ?? 0) > sharedContainersMax) return spec;
  if (last && shareParts(spec, last)) return last;
  last = deepFreeze(spec);
  return spec;
}

/** The spec of a pod that is about to change, sharing what it can with that of the stored one. */
export function shareWithStored(spec: PodSpec, stored: Readonly<PodSpec>): PodSpec {
  if (spec === stored || Object.isFrozen(spec)) return spec;
  return shareParts(spec, stored) ? (stored as PodSpec) : spec;
}
