import type { Plugin } from '../framework.ts';
import { unschedulable } from '../framework.ts';
import type { HostPort } from '../node-info.ts';

/** Two pods of a node cannot have the same host port. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  filter({ hostPorts }, { pods }) {
    if (hostPorts.length === 0) return undefined;
    const taken = [...pods.values()].flatMap((info) => info.hostPorts);
    const clash = hostPorts.some((wanted) => taken.some((other) => conflicts(wanted, other)));
    return clash ? unschedulable("node(s) didn't have free ports for the requested pod ports") : undefined;
  },
};

function conflicts(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
}
