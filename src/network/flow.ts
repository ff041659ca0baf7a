import type { Clock } from '../env/index.ts';
import { isLoopback } from './address.ts';

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** A new flow as the sender's node sees it, before any translation. */
export interface Flow {
  readonly protocol: Protocol;
  readonly source: string;
  readonly sourcePort: number;
  readonly sourceNode: string;
  /** Sent by no pod or node of the cluster. */
  readonly fromOutside: boolean;
  readonly address: string;
  readonly port: number;
  /** The node whose own address this is, if it is one. */
  readonly destinationNode: string | undefined;
}

/** `undefined`: no rule, the packet goes where it says. `reject`: refused at once. `drop`: it vanishes. */
export type Verdict =
  | { readonly address: string; readonly port: number /** Masqueraded: what the receiver sees. */; readonly source?: string }
  | 'reject'
  | 'drop'
  | undefined;

/** Maps service addresses to endpoints (upstream: the rules that kube-proxy writes). */
export interface Translator {
  translate(flow: Flow): Verdict;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

interface Entry extends Place {
  /** What the receiver sees as the sender. */
  readonly source: string;
  readonly sourcePort: number;
  expiresAt: number;
}

/** nf_conntrack_udp_timeout: a flow that nobody answers is forgotten after this. Streams live longer, which nobody notices here. */
const udpTimeoutMs = 30_000;
/** Beyond this, the oldest flows are forgotten. */
const flowsMax = 8192;

interface FlowHost {
  readonly addresses: readonly string[];
}

/**
 * Connection tracking for datagrams: a flow to a service keeps its endpoint, and its answers carry the address that was asked.
 */
export class FlowTable {
  readonly #forward = new Map<string, Entry>();
  readonly #answers = new Map<string, Entry>();

  constructor(readonly clock: Clock) {}

  /** Where an earlier datagram of the same flow went. */
  established(from: FlowHost, sourcePort: number, to: Place): Entry | undefined {
    return this.#live(this.#forward, `${from.addresses[0]}:${sourcePort}>${to.address}:${to.port}`);
  }

  /** If this datagram answers a translated flow: whom it goes to, and the sender that is shown. */
  answerTo(from: FlowHost, sourcePort: number, to: Place): Entry | undefined {
    return this.#live(this.#answers, `${from.addresses[0]}:${sourcePort}>${to.address}:${to.port}`);
  }

  record(from: FlowHost, sourcePort: number, to: Place, route: Place & { readonly source: string }): void {
    const translated = route.address !== to.address || route.port !== to.port;
    if (!translated || isLoopback(route.address)) return;
    const own = from.addresses[0] ?? '';
    const expiresAt = this.clock.now() + udpTimeoutMs;
    this.#set(this.#forward, `${own}:${sourcePort}>${to.address}:${to.port}`, {
      address: route.address,
      port: route.port,
      source: route.source,
      sourcePort,
      expiresAt,
    });
    const answer = { address: own, port: sourcePort, source: to.address, sourcePort: to.port, expiresAt };
    this.#set(this.#answers, `${route.address}:${route.port}>${route.source}:${sourcePort}`, answer);
  }

  /** Forgets flows to an endpoint that has gone, so that the next datagram is translated anew. */
  forget(endpoint: Place): void {
    for (const [key, entry] of this.#forward) if (entry.address === endpoint.address && entry.port === endpoint.port) this.#forward.delete(key);
  }

  #live(table: Map<string, Entry>, key: string): Entry | undefined {
    const entry = table.get(key);
    if (!entry) return undefined;
    const now = this.clock.now();
    if (entry.expiresAt <= now) {
      table.delete(key);
      return undefined;
    }
    entry.expiresAt = now + udpTimeoutMs;
    return entry;
  }

  #set(table: Map<string, Entry>, key: string, entry: Entry): void {
    if (table.size >= flowsMax) {
      const oldest = table.keys().next();
      if (!oldest.done) table.delete(oldest.value);
    }
    table.set(key, entry);
  }
}
