import type { Answer, DecodedPacket, RecordType } from 'dns-packet';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import type { Filesystem, Process, Syscall } from '../../kernel/types.ts';
import { receiveDatagram } from './socket.ts';

export interface ResolverConfig {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeoutMs: number;
  readonly attempts: number;
}

/** /etc/resolv.conf as libc reads it: at most three servers, five seconds and two attempts unless it says otherwise. */
export function readResolverConfig(fs: Filesystem): ResolverConfig {
  const text = fs.exists('/etc/resolv.conf') ? fs.readText('/etc/resolv.conf') : '';
  const servers: string[] = [];
  let search: string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0]) servers.push(rest[0]);
    else if (word === 'search' || word === 'domain') search = rest;
    else if (word === 'options') for (const option of rest) options.set(option.split(':')[0] as string, option.split(':')[1] ?? '');
  }
  return {
    servers: servers.length > 0 ? servers.slice(0, 3) : ['127.0.0.1'],
    search: search.filter((domain) => domain !== '.'),
    ndots: Math.min(15, Number(options.get('ndots') ?? 1)),
    timeoutMs: Number(options.get('timeout') ?? 5) * 1000,
    attempts: Number(options.get('attempts') ?? 2),
  };
}

/** The names to ask for, in libc's order: with enough dots the name itself first, else last. */
export function candidateNames(name: string, config: Pick<ResolverConfig, 'search' | 'ndots'>): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const dots = name.split('.').length - 1;
  const searched = config.search.map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  return dots >= config.ndots ? [name, ...searched] : [...searched, name];
}

/** Addresses that /etc/hosts gives a name. */
export function hostsLookup(fs: Filesystem, name: string): string[] {
  return hostsRows(fs)
    .filter(([, ...names]) => names.includes(name))
    .map(([address]) => address as string);
}

/** The first name that /etc/hosts gives an address. */
export function hostsReverse(fs: Filesystem, address: string): string | undefined {
  return hostsRows(fs).find(([one]) => one === address)?.[1];
}

function hostsRows(fs: Filesystem): string[][] {
  if (!fs.exists('/etc/hosts')) return [];
  const lines = fs.readText('/etc/hosts').split('\n');
  return lines.map((line) => line.replace(/#.*/, '').trim().split(/\s+/)).filter((row) => row.length > 1);
}

/** Asks one server one question; undefined when it does not answer in time, however often asked. */
export function* query(
  process: Process,
  server: string,
  name: string,
  type: RecordType,
  options: { readonly timeoutMs: number; readonly attempts: number; readonly port?: number },
): Syscall<DecodedPacket | undefined> {
  const socket = process.system.network.bindDatagram('0.0.0.0', 0);
  try {
    const id = Math.floor(process.system.random() * 65_536);
    const message = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type, name: name === '' ? '.' : name }] });
    for (let attempt = 0; attempt < options.attempts; attempt++) {
      socket.send(message, server, options.port ?? 53);
      const deadline = process.system.now() + options.timeoutMs;
      for (;;) {
        const data = yield* receiveDatagram(process, socket, deadline - process.system.now());
        if (data === undefined) break;
        const answer = decode(Buffer.from(data));
        if (answer.id === id) return answer;
      }
    }
    return undefined;
  } finally {
    socket.close();
  }
}

/** The response code's name: `NOERROR`, `NXDOMAIN`, … */
export function responseCode(packet: DecodedPacket): string {
  return (packet as DecodedPacket & { readonly rcode: string }).rcode;
}

export interface Resolved {
  readonly addresses: readonly string[];
  /** The name that answered, after the search list and aliases. */
  readonly canonicalName: string;
}

/** getaddrinfo for IPv4 and IPv6: literals, /etc/hosts, then DNS with the search list. Undefined if there is no such name. */
export function* resolveHost(process: Process, name: string): Syscall<Resolved | undefined> {
  if (isAddress(name)) return { addresses: [name], canonicalName: name };
  const { fs } = process.system;
  const listed = hostsLookup(fs, name);
  if (listed.length > 0) return { addresses: listed, canonicalName: name };
  const config = readResolverConfig(fs);
  for (const candidate of candidateNames(name, config)) {
    const found = yield* lookUp(process, candidate, config);
    if (found) return found;
  }
  return undefined;
}

function* lookUp(process: Process, name: string, config: ResolverConfig): Syscall<Resolved | undefined> {
  for (const server of config.servers) {
    const answers: Answer[] = [];
    let heard = false;
    for (const type of ['A', 'AAAA'] as const) {
      const packet = yield* query(process, server, name, type, config);
      if (!packet) break;
      heard = true;
      answers.push(...(packet.answers ?? []));
    }
    if (!heard) continue;
    const addresses = answers.flatMap((answer) => (answer.type === 'A' || answer.type === 'AAAA' ? [answer.data] : []));
    const owner = answers.find((answer) => answer.type === 'A' || answer.type === 'AAAA')?.name;
    return addresses.length > 0 ? { addresses, canonicalName: owner ?? name } : undefined;
  }
  return undefined;
}

/** getnameinfo: /etc/hosts, then a PTR query. Undefined if the address has no name. */
export function* reverseLookup(process: Process, address: string): Syscall<string | undefined> {
  const listed = hostsReverse(process.system.fs, address);
  if (listed) return listed;
  const config = readResolverConfig(process.system.fs);
  const packet = yield* query(process, config.servers[0] as string, reverseName(address), 'PTR', config);
  const record = packet?.answers?.find((answer) => answer.type === 'PTR');
  return record?.type === 'PTR' ? record.data.replace(/\.$/, '') : undefined;
}

export function isAddress(text: string): boolean {
  return isIPv4(text) || (text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text));
}

export function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** `4.3.2.1.in-addr.arpa` for 1.2.3.4; the ip6.arpa form for IPv6. */
export function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [head = '', tail] = address.split('::') as [string, string | undefined];
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  const digits = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
}
