import type { Env } from '../env/index.ts';
import type { DnsPlugin, Lookup } from './chain.ts';
import { createChain } from './chain.ts';
import { decodeQuery, encodeFailure, encodeReply, plainUdpBytes } from './message.ts';
import { errorsPlugin } from './plugins/errors.ts';
import type { Upstream } from './plugins/forward.ts';
import { forwardPlugin, offlineUpstream } from './plugins/forward.ts';
import { kubernetesPlugin } from './plugins/kubernetes.ts';
import { loadbalancePlugin } from './plugins/loadbalance.ts';
import type { DnsInformers } from './service-index.ts';
import { ServiceIndex } from './service-index.ts';

export interface DnsServiceOptions {
  readonly env: Pick<Env, 'clock' | 'log'>;
  readonly informers: DnsInformers;
  /** The cluster's domain: `cluster.local`. */
  readonly zone: string;
  /** Names outside the zone; a world without network by default. */
  readonly upstream?: Upstream;
  /** Where the DNS pods' own Service is. */
  readonly dnsService?: { readonly namespace: string; readonly name: string };
}

/** Who asks: over TCP an answer may be as long as a message can be. */
export interface DnsClient {
  readonly transport: 'udp' | 'tcp';
  readonly address?: string;
}

export interface DnsService {
  /** Answers one message; empty if it deserves no answer at all (it is an answer itself, or a scrap). Never rejects. */
  answer(message: Uint8Array, from?: DnsClient): Promise<Uint8Array>;
  /** The same without encoding. */
  readonly lookup: Lookup;
  /** False until the caches are filled; CoreDNS's ready plugin says so on port 8181. */
  readonly ready: boolean;
}

const ttlSeconds = 30;
const tcpBytesMax = 65_535;

/**
 * The in-memory CoreDNS: one zone logic for the coredns pods and for the host side.
 * The cache plugin is left out: kubeadm's Corefile turns it off for the cluster's zone, and there is nothing to cache outside.
 */
export function createDnsService(options: DnsServiceOptions): DnsService {
  const { env, zone } = options;
  const index = new ServiceIndex(options.informers, () => env.clock.now());
  const dnsService = options.dnsService ?? { namespace: 'kube-system', name: 'kube-dns' };
  const log = env.log.child('coredns');
  // CoreDNS's own order (plugin.cfg): errors sees everything, loadbalance works on what the zone answers, forward comes last.
  const plugins: DnsPlugin[] = [
    errorsPlugin(log),
    loadbalancePlugin(),
    kubernetesPlugin({ index, zone, ttlSeconds, dnsService }),
    forwardPlugin(options.upstream ?? offlineUpstream()),
  ];
  const lookup = createChain(plugins);
  return {
    lookup,
    get ready() {
      return index.synced;
    },
    answer: (message, from = { transport: 'udp' }) => answer(lookup, message, from),
  };
}

async function answer(lookup: Lookup, message: Uint8Array, from: DnsClient): Promise<Uint8Array> {
  const query = decodeQuery(message);
  if (query === 'ignore') return new Uint8Array();
  if (typeof query === 'string') return encodeFailure(message, query);
  const bytesMax = from.transport === 'tcp' ? tcpBytesMax : (query.edns?.udpPayloadSize ?? plainUdpBytes);
  if ((query.question.class ?? 'IN') !== 'IN') return encodeReply(query, { rcode: 'REFUSED', authoritative: false, answers: [] }, bytesMax);
  const reply = await lookup({ name: query.question.name === '.' ? '' : query.question.name, type: query.question.type });
  try {
    return encodeReply(query, reply, bytesMax);
  } catch {
    return encodeFailure(message, 'SERVFAIL'); // A record that cannot be written, such as an ExternalName that is no name.
  }
}
