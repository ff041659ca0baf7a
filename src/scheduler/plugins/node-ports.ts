import { hostPortsConflict, nodeReason } from '../../api/core/v1/node-selection.ts';
import type { Plugin } from '../framework.ts';
import { unschedulable } from '../framework.ts';

/** Two pods of a node cannot have the same host port. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  filter({ hostPorts }, { pods }) {
    if (hostPorts.length === 0) return undefined;
    const taken = [...pods.values()].flatMap((info) => info.hostPorts);
    return hostPorts.some((wanted) => taken.some((other) => hostPortsConflict(wanted, other))) ? unschedulable(nodeReason.ports) : undefined;
  },
};
