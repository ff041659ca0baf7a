import type { Connection } from '../shell/kernel/types.ts';
import type { Fabric } from './fabric.ts';

/** Connects from outside the cluster: what a browser on the machine that runs the nodes could reach. */
export interface Dialer {
  /** To a node's address and node port, or any address of the cluster. Rejects with SystemError. */
  dial(address: string, port: number): Promise<Connection>;
  close(): void;
}

/**
 * A host at the gateway of the nodes' network (docker's bridge, for kind).
 * @param address its own address, which no node may have: `172.18.0.1`
 */
export function createDialer(fabric: Fabric, address: string): Dialer {
  const host = fabric.addHost({ addresses: [address], node: 'outside', kind: 'outside' });
  return {
    dial: (target, port) => host.connect(target, port),
    close: () => fabric.removeHost(host),
  };
}
