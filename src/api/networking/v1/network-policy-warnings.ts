import type { NetworkPolicy, NetworkPolicyPeer } from '../../../../generated/types/index.ts';
import { cidrWarnings } from '../../meta/ip-warnings.ts';

/** What a network policy is warned of: ranges that are not written as they should be (pkg/registry/networking/networkpolicy). */
export function networkPolicyWarnings({ spec = {} as never }: Readonly<NetworkPolicy>): string[] {
  return [
    ...(spec.ingress ?? []).flatMap(({ from = [] }, i) => peerWarnings(`spec.ingress[${i}].from`, from)),
    ...(spec.egress ?? []).flatMap(({ to = [] }, i) => peerWarnings(`spec.egress[${i}].to`, to)),
  ];
}

function peerWarnings(at: string, peers: readonly Readonly<NetworkPolicyPeer>[]): string[] {
  return peers.flatMap(({ ipBlock }, i) => {
    if (!ipBlock) return [];
    const inBlock = `${at}[${i}].ipBlock`;
    return [...cidrWarnings(`${inBlock}.cidr`, ipBlock.cidr), ...(ipBlock.except ?? []).flatMap((cidr, j) => cidrWarnings(`${inBlock}.except[${j}]`, cidr))];
  });
}
