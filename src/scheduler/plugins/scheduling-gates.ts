import type { Plugin } from '../framework.ts';
import { unresolvable } from '../framework.ts';

/** A pod with gates waits until all of them have been removed. */
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  preEnqueue(pod) {
    const gates = (pod.spec?.schedulingGates ?? []).map(({ name }) => name);
    return gates.length > 0 ? unresolvable(`waiting for scheduling gates: [${gates.join(' ')}]`) : undefined;
  },
};
