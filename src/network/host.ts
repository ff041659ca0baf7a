import type { Connection, DatagramSocket, Listener, NetworkStack } from '../shell/kernel/types.ts';
import { SystemError } from '../shell/kernel/types.ts';
import { formatIpv4, isAnyAddress, isLoopback, normalizeAddress, parseCidr, parseIpv4 } from './address.ts';
import type { Fabric, HostOptions } from './fabric.ts';
import { HostPorts } from './host-ports.ts';
import type { StreamEnd } from './stream.ts';

const ephemeralFirst = 32_768;
const ephemeralLast = 60_999;
/** Connections that may wait for `accept`; a SYN beyond that is dropped and sent again. */
const backlogMax = 128;
/** net.core.rmem_default: datagrams beyond are lost. */
const datagramBufferBytes = 212_992;

/** Address ranges for which a node's kernel answers. */
export class Ranges {
  readonly #ranges: { readonly first: number; readonly last: number }[] = [];

  add(cidr: string): void {
    const range = parseCidr(cidr);
    if (range) this.#ranges.push(range);
  }

  contains(address: string): boolean {
    return this.#rangeOf(address) !== undefined;
  }

  /** The bridge's own address in the range that holds `address`, the first one; undefined if none does. */
  gatewayOf(address: string): string | undefined {
    const range = this.#rangeOf(address);
    return range && formatIpv4(range.first + 1);
  }

  #rangeOf(address: string) {
    const value = parseIpv4(address);
    return value === undefined ? undefined : this.#ranges.find((range) => value >= range.first && value <= range.last);
  }
}

/** One network namespace: a pod, a node, or the world outside the cluster. */
export class Host implements NetworkStack {
  readonly addresses: readonly string[];
  readonly node: string;
  readonly kind: HostOptions['kind'];
  /** Pod ranges behind this node. */
  readonly ranges = new Ranges();
  /** Ports of this node that lead to its pods. */
  readonly hostPorts = new HostPorts();
  /** Its own addresses and those it answers to besides. */
  readonly answersTo: readonly string[];
  readonly #listeners = new Map<number, ListenSocket[]>();
  readonly #sockets = new Map<number, PacketSocket[]>();
  readonly #ephemeralTcp = new Set<number>();
  #nextEphemeral = ephemeralFirst;
  readonly #streams = new Set<StreamEnd>();
  #gone = false;

  constructor(
    readonly fabric: Fabric,
    options: HostOptions,
  ) {
    this.addresses = options.addresses.map(normalizeAddress);
    this.answersTo = [...this.addresses, ...(options.aliases ?? []).map(normalizeAddress)];
    this.node = options.node;
    this.kind = options.kind;
  }

  listen(address: string, port: number): Listener {
    const own = this.#checkAddress(address);
    const chosen = port === 0 ? this.takeEphemeralPort('TCP') : port;
    const others = this.#listeners.get(chosen) ?? [];
    if (others.some((one) => overlaps(one.address, own)) || (port !== 0 && this.#ephemeralTcp.has(port))) throw new SystemError('EADDRINUSE');
    const listener = new ListenSocket(own, chosen, this.fabric, () => {
      remove(this.#listeners, chosen, listener);
      if (port === 0) this.releasePort('TCP', chosen);
    });
    this.#listeners.set(chosen, [...others, listener]);
    return listener;
  }

  async connect(address: string, port: number): Promise<Connection> {
    if (this.#gone) throw new SystemError('ENETUNREACH');
    const target = isAnyAddress(address) ? (address === '::' ? '::1' : '127.0.0.1') : address;
    return this.fabric.connect(this, target, port);
  }

  bindDatagram(address: string, port: number): DatagramSocket {
    const own = this.#checkAddress(address);
    const chosen = port === 0 ? this.takeEphemeralPort('UDP') : port;
    const others = this.#sockets.get(chosen) ?? [];
    if (others.some((one) => overlaps(one.address, own))) throw new SystemError('EADDRINUSE');
    const socket = new PacketSocket(own, chosen, this, () => remove(this.#sockets, chosen, socket));
    this.#sockets.set(chosen, [...others, socket]);
    return socket;
  }

  ping(address: string): { reachable: boolean; roundTripMs: number } {
    return this.fabric.ping(this, address);
  }

  listenerFor(address: string, port: number): ListenSocket | undefined {
    return bestMatch(this.#listeners.get(port), address);
  }

  socketFor(address: string, port: number): PacketSocket | undefined {
    return bestMatch(this.#sockets.get(port), address);
  }

  /** The next free port of Linux's ephemeral range, in order. Throws EADDRNOTAVAIL when all are in use, as Linux does. */
  takeEphemeralPort(protocol: 'TCP' | 'UDP'): number {
    const size = ephemeralLast - ephemeralFirst + 1;
    for (let tried = 0; tried < size; tried += 1) {
      const port = this.#nextEphemeral;
      this.#nextEphemeral = port === ephemeralLast ? ephemeralFirst : port + 1;
      const taken = protocol === 'TCP' ? this.#ephemeralTcp.has(port) || this.#listeners.has(port) : this.#sockets.has(port);
      if (taken) continue;
      if (protocol === 'TCP') this.#ephemeralTcp.add(port);
      return port;
    }
    throw new SystemError('EADDRNOTAVAIL');
  }

  releasePort(protocol: 'TCP' | 'UDP', port: number): void {
    if (protocol === 'TCP') this.#ephemeralTcp.delete(port);
  }

  remember(stream: StreamEnd): void {
    this.#streams.add(stream);
  }

  forget(stream: StreamEnd): void {
    this.#streams.delete(stream);
  }

  resumeStreams(): void {
    for (const stream of this.#streams) stream.resume();
  }

  /** Ends everything; nothing can be opened after this. */
  shutdown(): void {
    this.#gone = true;
    for (const listener of [...this.#listeners.values()].flat()) listener.close();
    for (const socket of [...this.#sockets.values()].flat()) socket.close();
    for (const stream of [...this.#streams]) stream.reset();
  }

  #checkAddress(address: string): string {
    if (this.#gone) throw new SystemError('EADDRNOTAVAIL');
    const own = normalizeAddress(address);
    if (isAnyAddress(own) || isLoopback(own) || this.answersTo.includes(own)) return own;
    throw new SystemError('EADDRNOTAVAIL');
  }
}

/** `0.0.0.0` and `::` meet every address (a dual-stack socket takes both families). */
function overlaps(a: string, b: string): boolean {
  return a === b || isAnyAddress(a) || isAnyAddress(b);
}

function bestMatch<T extends { readonly address: string }>(sockets: readonly T[] | undefined, address: string): T | undefined {
  return (
    sockets?.find((one) => one.address === address) ??
    sockets?.find((one) => isAnyAddress(one.address) && (one.address !== '0.0.0.0' || !address.includes(':')))
  );
}

function remove<T>(table: Map<number, T[]>, port: number, one: T): void {
  const rest = (table.get(port) ?? []).filter((other) => other !== one);
  if (rest.length > 0) table.set(port, rest);
  else table.delete(port);
}

class ListenSocket implements Listener {
  readonly #waiting: StreamEnd[] = [];
  readonly #callbacks = new Set<() => void>();
  #closed = false;

  constructor(
    readonly address: string,
    readonly port: number,
    readonly fabric: Fabric,
    readonly onClose: () => void,
  ) {}

  get full(): boolean {
    return this.#waiting.length >= backlogMax;
  }

  deliver(connection: StreamEnd): void {
    this.#waiting.push(connection);
    for (const callback of [...this.#callbacks]) callback();
  }

  accept(): Connection | undefined {
    return this.#waiting.shift();
  }

  onConnection(callback: () => void): () => void {
    const own = () => callback();
    this.#callbacks.add(own);
    return () => this.#callbacks.delete(own);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClose();
    for (const connection of this.#waiting.splice(0)) connection.reset();
  }
}

interface Datagram {
  readonly data: Uint8Array;
  readonly address: string;
  readonly port: number;
}

class PacketSocket implements DatagramSocket {
  readonly #queue: Datagram[] = [];
  #queuedBytes = 0;
  readonly #callbacks = new Set<() => void>();
  #closed = false;

  constructor(
    readonly address: string,
    readonly port: number,
    readonly host: Host,
    readonly onClose: () => void,
  ) {}

  send(data: Uint8Array, address: string, port: number): void {
    if (this.#closed) throw new SystemError('EBADF');
    this.host.fabric.sendDatagram(this.host, this.port, data, isAnyAddress(address) ? '127.0.0.1' : address, port);
  }

  receive(): Datagram | undefined {
    const datagram = this.#queue.shift();
    if (datagram) this.#queuedBytes -= datagram.data.length;
    return datagram;
  }

  deliver(datagram: Datagram): void {
    if (this.#closed || this.#queuedBytes + datagram.data.length > datagramBufferBytes) return;
    this.#queue.push(datagram);
    this.#queuedBytes += datagram.data.length;
    for (const callback of [...this.#callbacks]) callback();
  }

  onReadable(callback: () => void): () => void {
    const own = () => callback();
    this.#callbacks.add(own);
    return () => this.#callbacks.delete(own);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClose();
  }
}
