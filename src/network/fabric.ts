import type { Env } from '../env/index.ts';
import type { Connection } from '../shell/kernel/types.ts';
import { SystemError } from '../shell/kernel/types.ts';
import { isLoopback, normalizeAddress } from './address.ts';
import type { Protocol, Translator } from './flow.ts';
import { FlowTable } from './flow.ts';
import { Host } from './host.ts';
import { StreamEnd } from './stream.ts';

export interface FabricOptions {
  /** One way, in simulated milliseconds; 0 delivers in the next task of the Loop. */
  readonly latencyMs?: number;
}

export interface HostOptions {
  readonly addresses: readonly string[];
  /** Further addresses that the host answers to but does not list as its own (the bridge of a node). */
  readonly aliases?: readonly string[];
  /** The node that this host is, or on which this pod runs. */
  readonly node: string;
  readonly kind: 'pod' | 'node' | 'outside';
}

/** Where a destination leads, after service translation. */
export type Route =
  | { readonly kind: 'host'; readonly host: Host; readonly address: string; readonly port: number; readonly source: string }
  /** A firewall rule answers with "port unreachable". */
  | { readonly kind: 'refused' }
  /** Nobody answers for this address on its link. */
  | { readonly kind: 'unreachable' }
  /** Packets vanish. */
  | { readonly kind: 'dropped' };

/** Linux sends SYN again after these many ms (tcp_syn_retries 6), and gives up after 127 s. */
const synTimesMs = [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000];
const connectTimeoutMs = 127_000;
/** Three unanswered ARP requests, a second apart. */
const arpTimesMs = [0, 1_000, 2_000];
const arpTimeoutMs = 3_000;

/**
 * The cluster's network: an in-memory switch between pods, nodes and the host side.
 *
 * Everything travels through tasks of the Loop, so order is decided by who sent first. Service addresses are mapped by an
 * injected Translator, as netfilter rules would on the sender's node.
 */
export class Fabric {
  readonly latencyMs: number;
  readonly #hosts = new Map<string, Host>();
  readonly #downNodes = new Set<string>();
  #translator: Translator | undefined;
  readonly flows: FlowTable;

  constructor(
    readonly env: Pick<Env, 'loop' | 'clock'>,
    options: FabricOptions = {},
  ) {
    this.latencyMs = options.latencyMs ?? 0;
    this.flows = new FlowTable(env.clock);
  }

  /** Sets who knows service addresses (kube-proxy). */
  setTranslator(translator: Translator): void {
    this.#translator = translator;
  }

  /** Adds a pod, a node or the outside. Throws if one of its addresses is taken. */
  addHost(options: HostOptions): Host {
    const host = new Host(this, options);
    const all = host.answersTo;
    const taken = all.find((address) => this.#hosts.has(address));
    if (taken) throw new Error(`address ${taken} is in use by another host of the network`);
    for (const address of all) this.#hosts.set(address, host);
    return host;
  }

  /** Takes a host off the network: its listeners close and its connections break. */
  removeHost(host: Host): void {
    for (const address of host.answersTo) if (this.#hosts.get(address) === host) this.#hosts.delete(address);
    host.shutdown();
  }

  hostAt(address: string): Host | undefined {
    return this.#hosts.get(normalizeAddress(address));
  }

  /** Cuts a node and its pods off, or joins them again: packets are lost, connections hang, nothing is refused. */
  setNodeUp(node: string, up: boolean): void {
    if (up) this.#downNodes.delete(node);
    else this.#downNodes.add(node);
    if (!up) return;
    for (const host of new Set(this.#hosts.values())) host.resumeStreams();
  }

  /** Whether packets travel between two nodes at present. */
  linked(a: string, b: string): boolean {
    return a === b || !(this.#downNodes.has(a) || this.#downNodes.has(b));
  }

  /** Follows a packet from `from` to a destination: loopback, service rules, host ports, then the switch. */
  route(from: Host, protocol: Protocol, to: { readonly address: string; readonly port: number }, sourcePort: number): Route {
    const address = normalizeAddress(to.address);
    if (isLoopback(address) && from.kind !== 'node') return { kind: 'host', host: from, address, port: to.port, source: loopbackOf(address) };
    const nodeOf = this.#hosts.get(address);
    const source = from.addresses[0] ?? '127.0.0.1';
    const local = isLoopback(address) ? from : nodeOf;
    const verdict = this.#translate(from, protocol, source, sourcePort, { address, port: to.port }, local);
    if (verdict === 'reject') return { kind: 'refused' };
    if (verdict === 'drop') return { kind: 'dropped' };
    const mapped = verdict ?? (local?.kind === 'node' && this.linked(from.node, local.node) ? local.hostPorts.target(protocol, address, to.port) : undefined);
    if (mapped === undefined && isLoopback(address)) return { kind: 'host', host: from, address, port: to.port, source: loopbackOf(address) };
    return this.#forward(from, mapped ?? { address, port: to.port }, verdict?.source ?? source);
  }

  #translate(from: Host, protocol: Protocol, source: string, sourcePort: number, to: { address: string; port: number }, at: Host | undefined) {
    return this.#translator?.translate({
      protocol,
      source,
      sourcePort,
      sourceNode: from.node,
      fromOutside: from.kind === 'outside',
      ...to,
      destinationNode: at?.kind === 'node' ? at.node : undefined,
    });
  }

  #forward(from: Host, target: { readonly address: string; readonly port: number }, source: string): Route {
    const host = this.#hosts.get(normalizeAddress(target.address));
    if (!host) return this.#noHost(from, target.address);
    if (!this.linked(from.node, host.node)) return { kind: 'dropped' };
    // A node reaches its own pods by the bridge, whose address they see.
    const seen = from.kind === 'node' && source === from.addresses[0] ? (from.ranges.gatewayOf(target.address) ?? source) : source;
    return { kind: 'host', host, address: normalizeAddress(target.address), port: target.port, source: seen };
  }

  /** A pod range's unused address is answered by its node's kernel (host unreachable); anything else goes to a gateway that leads nowhere. */
  #noHost(from: Host, address: string): Route {
    for (const host of new Set(this.#hosts.values())) {
      if (host.kind !== 'node' || !host.ranges.contains(address)) continue;
      return this.linked(from.node, host.node) ? { kind: 'unreachable' } : { kind: 'dropped' };
    }
    return { kind: 'dropped' };
  }

  /**
   * Opens a connection. Rejects with ECONNREFUSED (nobody listens, or a service has no endpoints), EHOSTUNREACH after 3 s
   * (no such pod), ETIMEDOUT after 127 s (packets vanish), all in simulated time.
   */
  async connect(from: Host, address: string, port: number): Promise<Connection> {
    const localPort = from.takeEphemeralPort('TCP');
    try {
      return await this.#attempt(from, { address, port }, localPort);
    } catch (error) {
      from.releasePort('TCP', localPort);
      throw error;
    }
  }

  async #attempt(from: Host, to: { address: string; port: number }, localPort: number): Promise<Connection> {
    const started = this.env.clock.now();
    for (let retry = 0; ; retry += 1) {
      const route = this.route(from, 'TCP', to, localPort);
      await this.#travel(2); // SYN there, the answer back.
      if (route.kind === 'refused') throw new SystemError('ECONNREFUSED');
      if (route.kind === 'host') {
        const listener = route.host.listenerFor(route.address, route.port);
        if (!listener) throw new SystemError('ECONNREFUSED');
        if (!listener.full) return this.#establish(from, route, to, localPort, listener);
      }
      const [times, limit, code] =
        route.kind === 'unreachable' ? ([arpTimesMs, arpTimeoutMs, 'EHOSTUNREACH'] as const) : ([synTimesMs, connectTimeoutMs, 'ETIMEDOUT'] as const);
      const next = times[retry + 1];
      await this.env.loop.sleep(started + (next ?? limit) - this.env.clock.now(), 'network');
      if (next === undefined) throw new SystemError(code);
    }
  }

  #travel(times: number): Promise<void> {
    if (this.latencyMs > 0) return this.env.loop.sleep(this.latencyMs * times, 'network');
    return this.env.loop.turn('network');
  }

  #establish(
    from: Host,
    route: Route & { kind: 'host' },
    to: { address: string; port: number },
    localPort: number,
    listener: { deliver(connection: StreamEnd): void },
  ): Connection {
    const path = { loop: this.env.loop, latencyMs: this.latencyMs, passable: () => this.linked(from.node, route.host.node) };
    const localAddress = isLoopback(to.address) ? loopbackOf(to.address) : (from.addresses[0] ?? '127.0.0.1');
    const client: StreamEnd = new StreamEnd(path, { localAddress, localPort, remoteAddress: to.address, remotePort: to.port }, () => {
      from.forget(client);
      from.releasePort('TCP', localPort);
    });
    const server: StreamEnd = new StreamEnd(
      path,
      { localAddress: route.address, localPort: route.port, remoteAddress: route.source, remotePort: localPort },
      () => route.host.forget(server),
    );
    StreamEnd.join(client, server);
    from.remember(client);
    route.host.remember(server);
    listener.deliver(server);
    return client;
  }

  /** Sends one datagram; it is lost where TCP would be refused, dropped or unreachable. */
  sendDatagram(from: Host, sourcePort: number, data: Uint8Array, address: string, port: number): void {
    const to = { address: normalizeAddress(address), port };
    const answered = this.flows.answerTo(from, sourcePort, to);
    const known = answered ?? this.flows.established(from, sourcePort, to);
    const route = known ? this.#forward(from, known, known.source) : this.route(from, 'UDP', to, sourcePort);
    if (route.kind !== 'host') return;
    if (!answered) this.flows.record(from, sourcePort, to, route);
    const copy = data.slice();
    // Loopback senders show the loopback address; an answer in a translated flow shows the address that was asked.
    const shown = { address: route.source, port: answered?.sourcePort ?? sourcePort };
    const arrive = () => route.host.socketFor(route.address, route.port)?.deliver({ data: copy, ...shown });
    if (this.latencyMs > 0) this.env.loop.after(this.latencyMs, 'network', arrive);
    else this.env.loop.defer('network', arrive);
  }

  /** Service addresses do not answer an echo request, as with kube-proxy's iptables mode. */
  ping(from: Host, address: string): { reachable: boolean; roundTripMs: number } {
    const target = isLoopback(address) ? from : this.hostAt(address);
    const reachable = target !== undefined && this.linked(from.node, target.node);
    // Two thirds of a tenth of a millisecond is what a bridge on one machine takes.
    return { reachable, roundTripMs: reachable ? this.latencyMs * 2 + (target === from ? 0.041 : 0.067) : 0 };
  }
}

function loopbackOf(address: string): string {
  return address === '::1' ? '::1' : '127.0.0.1';
}
