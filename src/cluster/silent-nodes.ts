import type { Lease } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import type { Env } from '../env/index.ts';
import { newMachine, nodeObject, nodeStatus } from '../kubelet/index.ts';
import { formatMicroTime } from '../machinery/time.ts';
import type { NodeProfile } from './node-profile.ts';
import { kubeletNode } from './node-profile.ts';

export interface SilentNode {
  readonly profile: NodeProfile;
  readonly address: string;
  /** Calls as the node's own user. */
  readonly client: Pick<Client, 'nodes' | 'leases'>;
}

/** What a kubelet on containerd says of its runtime, until somebody else speaks for the node. */
const runtimeVersion = 'containerd://2.1.1';
const leaseDurationSeconds = 40;

/**
 * Registers a node as a kubelet that falls silent at once: Node and Lease are there, the node says that it is Ready, and nobody
 * renews either. A kubelet of one's own may take both over.
 */
export async function registerSilentNode(env: Env, cluster: string, { profile, address, client }: SilentNode): Promise<void> {
  const { name } = profile;
  const description = { ...kubeletNode(profile, cluster), name, ip: address, machine: newMachine(env) };
  const now = env.clock.now();
  const node = await client.nodes.create(
    nodeObject(
      description,
      nodeStatus(description, { images: [], runtimeVersion, networkReady: true, pressure: { memory: false, disk: false }, previous: undefined, now }),
    ),
  );
  await client.leases.create(leaseOf(name, node.metadata?.uid ?? '', now));
}

function leaseOf(name: string, uid: string, now: number): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease', ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
    spec: { holderIdentity: name, leaseDurationSeconds, renewTime: formatMicroTime(now) },
  };
}
