import type { Service } from '../../../generated/types/index.ts';
import type { DnsPlugin, Lookup } from '../chain.ts';
import type { Question, Reply, ResourceRecord } from '../record.ts';
import { inZone, isIpv6 } from '../record.ts';
import type { EndpointRecord, ServiceIndex } from '../service-index.ts';
import { clusterAddresses, isHeadless } from '../service-index.ts';

export interface KubernetesPluginOptions {
  readonly index: ServiceIndex;
  /** The cluster's domain: `cluster.local`. */
  readonly zone: string;
  readonly ttlSeconds: number;
  /** The Service of the DNS pods themselves, for NS records. */
  readonly dnsService: { readonly namespace: string; readonly name: string };
}

/** Something a name stands for: an address or another name, with a port for SRV. `port` -1: no port is declared. */
interface Target {
  readonly host: string;
  readonly port: number;
  /** The record that SRV answers point at. */
  readonly name: string;
}

type Found = readonly Target[] | 'no such name';

const dnsSchemaVersion = '1.1.0';
const dnsVersionTtlSeconds = 28_800;
const cnameChainMax = 7;

/**
 * The cluster's zone after the Kubernetes DNS specification, as CoreDNS's kubernetes plugin answers with kubeadm's Corefile
 * (`pods insecure`, `fallthrough in-addr.arpa ip6.arpa`, `ttl 30`).
 */
export function kubernetesPlugin(options: KubernetesPluginOptions): DnsPlugin {
  const zone = new ClusterZone(options);
  return {
    name: 'kubernetes',
    answer(question, next, lookup) {
      const name = question.name.toLowerCase();
      if (inZone(name, 'in-addr.arpa') || inZone(name, 'ip6.arpa')) {
        const pointers = question.type === 'PTR' ? zone.pointers(question) : [];
        return pointers.length > 0 ? Promise.resolve({ rcode: 'NOERROR', authoritative: true, answers: pointers }) : next();
      }
      return inZone(name, options.zone) ? zone.answer(question, lookup) : next();
    },
  };
}

class ClusterZone {
  constructor(readonly options: KubernetesPluginOptions) {}

  async answer(question: Question, lookup: Lookup): Promise<Reply> {
    switch (question.type) {
      case 'A':
      case 'AAAA':
        return this.#reply(await this.#addresses(question, question.type, lookup, []));
      case 'SRV':
        return this.#services(question);
      case 'CNAME':
        return this.#reply(this.#alias(question));
      case 'TXT':
        return this.#reply(this.#text(question));
      case 'SOA':
        return this.#reply([this.#soa()]);
      case 'NS':
        if (question.name.toLowerCase() === this.options.zone) return this.#nameServers(question);
    }
    // Other types exist for no name: it only remains to tell NODATA from NXDOMAIN.
    return this.#reply(this.#find(question.name) === 'no such name' ? 'no such name' : []);
  }

  /** PTR records: the service with that cluster address, else every service that has it as an endpoint. */
  pointers({ name }: Question): ResourceRecord[] {
    const { index, zone, ttlSeconds: ttl } = this.options;
    const address = addressOfReverse(name.toLowerCase());
    if (!address) return [];
    const service = index.serviceWithAddress(address);
    if (service) return [{ name, type: 'PTR', ttl, data: `${service.metadata?.name}.${service.metadata?.namespace}.svc.${zone}` }];
    const names = index.endpointsWithAddress(address).map((one) => this.#endpointName(one));
    return [...new Set(names)].map((data) => ({ name, type: 'PTR', ttl, data }));
  }

  /** NXDOMAIN and NODATA carry the zone's SOA; while the caches are not filled, a missing name is no proof. */
  #reply(found: readonly ResourceRecord[] | 'no such name', additionals: readonly ResourceRecord[] = []): Reply {
    if (found === 'no such name' && !this.options.index.synced) return { rcode: 'SERVFAIL', authoritative: true, answers: [], authorities: [this.#soa()] };
    if (found === 'no such name') return { rcode: 'NXDOMAIN', authoritative: true, answers: [], authorities: [this.#soa()] };
    if (found.length === 0) return { rcode: 'NOERROR', authoritative: true, answers: [], authorities: [this.#soa()] };
    return { rcode: 'NOERROR', authoritative: true, answers: found, additionals };
  }

  async #addresses(
    question: Question,
    type: 'A' | 'AAAA',
    lookup: Lookup,
    previous: readonly ResourceRecord[],
  ): Promise<readonly ResourceRecord[] | 'no such name'> {
    const found = this.#find(question.name);
    if (found === 'no such name') return found;
    const ttl = this.options.ttlSeconds;
    const records: ResourceRecord[] = [];
    const seen = new Set<string>();
    for (const target of found) {
      if (!isAddress(target.host)) {
        records.push(...(await this.#chase(question, type, target.host, lookup, previous)));
      } else if (isIpv6(target.host) === (type === 'AAAA') && !seen.has(target.host)) {
        seen.add(target.host);
        records.push({ name: question.name, type, ttl, data: target.host });
      }
    }
    return records;
  }

  /** ExternalName: the CNAME and what it leads to, inside the zone or outside. */
  async #chase(
    question: Question,
    type: 'A' | 'AAAA',
    target: string,
    lookup: Lookup,
    previous: readonly ResourceRecord[],
  ): Promise<readonly ResourceRecord[]> {
    const wanted = target.replace(/\.$/, '');
    const loops = wanted.toLowerCase() === question.name.toLowerCase() || previous.some((one) => one.name.toLowerCase() === question.name.toLowerCase());
    if (loops || previous.length > cnameChainMax) return [];
    const alias: ResourceRecord = { name: question.name, type: 'CNAME', ttl: this.options.ttlSeconds, data: wanted };
    if (!inZone(wanted.toLowerCase(), this.options.zone)) return [alias, ...(await lookup({ name: wanted, type })).answers];
    const inner = await this.#addresses({ name: wanted, type }, type, lookup, [...previous, alias]);
    return inner === 'no such name' || inner.length === 0 ? [] : [alias, ...inner];
  }

  /** All targets weigh the same; together they weigh 100. */
  #services(question: Question): Reply {
    const found = this.#find(question.name);
    if (found === 'no such name') return this.#reply(found);
    const ttl = this.options.ttlSeconds;
    const targets = found.filter((one) => isAddress(one.host));
    const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)));
    const answers = new Map<string, ResourceRecord>();
    const additionals = new Map<string, ResourceRecord>();
    for (const { host, port, name } of targets.filter((one) => one.port !== -1)) {
      answers.set(`${name}:${port}`, { name: question.name, type: 'SRV', ttl, data: { priority: 0, weight, port, target: name } });
      additionals.set(`${name}/${host}`, { name, type: isIpv6(host) ? 'AAAA' : 'A', ttl, data: host });
    }
    return this.#reply([...answers.values()], [...additionals.values()]);
  }

  #alias(question: Question): readonly ResourceRecord[] | 'no such name' {
    const found = this.#find(question.name);
    if (found === 'no such name') return found;
    const first = found[0];
    return first && !isAddress(first.host) ? [{ name: question.name, type: 'CNAME', ttl: this.options.ttlSeconds, data: first.host.replace(/\.$/, '') }] : [];
  }

  /** The only text of the zone; CoreDNS answers NODATA for every other name, whether it exists or not. */
  #text({ name }: Question): readonly ResourceRecord[] {
    const wanted = name.toLowerCase() === `dns-version.${this.options.zone}`;
    return wanted ? [{ name, type: 'TXT', ttl: dnsVersionTtlSeconds, data: dnsSchemaVersion }] : [];
  }

  #nameServers(question: Question): Reply {
    const { dnsService, zone, ttlSeconds: ttl } = this.options;
    const target = `${dnsService.name}.${dnsService.namespace}.svc.${zone}`;
    const addresses = this.#dnsAddresses();
    if (addresses.length === 0) return this.#reply([]);
    return this.#reply(
      [{ name: question.name, type: 'NS', ttl, data: target }],
      addresses.map((data) => ({ name: target, type: isIpv6(data) ? 'AAAA' : 'A', ttl, data })),
    );
  }

  #dnsAddresses(): readonly string[] {
    const { dnsService, index } = this.options;
    const service = index.service(dnsService.namespace, dnsService.name);
    return service ? clusterAddresses(service) : [];
  }

  #soa(): ResourceRecord {
    const { zone, ttlSeconds: ttl, index } = this.options;
    const data = { mname: `ns.dns.${zone}`, rname: `hostmaster.${zone}`, serial: index.serial, refresh: 7200, retry: 1800, expire: 86_400, minimum: ttl };
    return { name: zone, type: 'SOA', ttl, data };
  }

  /**
   * What a name of the zone stands for. Labels from the right: svc|pod, namespace, service, then either one (an endpoint)
   * or two (port and protocol, whose underscores are optional as in CoreDNS).
   */
  #find(name: string): Found {
    const { zone, index } = this.options;
    const base = name.toLowerCase().slice(0, -(zone.length + 1));
    if (base === 'ns.dns') return this.#dnsAddresses().map((host) => ({ host, port: -1, name: `${base}.${zone}` }));
    if (base === '' || base === 'svc' || base === 'pod') return [];
    const [kind, namespace, service, ...rest] = base.split('.').reverse() as [string, string?, string?, ...string[]];
    if ((kind !== 'svc' && kind !== 'pod') || rest.length > 2) return 'no such name';
    if (!namespace || !index.namespaceExists(namespace)) return 'no such name';
    if (!service) return [];
    if (kind === 'pod') return podByAddress(service, name);
    const object = index.service(namespace, service);
    return object ? this.#ofService(object, rest) : 'no such name';
  }

  #ofService(service: Readonly<Service>, rest: readonly string[]): Found {
    const wanted = {
      endpoint: rest.length === 1 ? rest[0] : undefined,
      protocol: rest.length === 2 ? bare(rest[0]) : '',
      port: rest.length === 2 ? bare(rest[1]) : '',
    };
    if (service.spec?.type === 'ExternalName') return this.#external(service, wanted.endpoint);
    if (isHeadless(service) || wanted.endpoint !== undefined) return this.#ofEndpoints(service, wanted);
    const name = this.#serviceName(service);
    const ports = (service.spec?.ports ?? []).filter((one) => matches(wanted, one.name ?? '', one.protocol ?? 'TCP'));
    if (ports.length === 0) return 'no such name';
    return ports.flatMap((one) => clusterAddresses(service).map((host) => ({ host, port: one.port, name })));
  }

  /** An ExternalName that is an address is not answered: a CNAME cannot hold one. */
  #external(service: Readonly<Service>, endpoint: string | undefined): Found {
    const host = service.spec?.externalName ?? '';
    if (endpoint !== undefined || host === '' || isAddress(host)) return 'no such name';
    return [{ host, port: -1, name: this.#serviceName(service) }];
  }

  #ofEndpoints(service: Readonly<Service>, wanted: { readonly endpoint: string | undefined; readonly port: string; readonly protocol: string }): Found {
    const targets: Target[] = [];
    for (const endpoint of this.options.index.endpoints(service.metadata?.namespace ?? '', service.metadata?.name ?? '')) {
      if (wanted.endpoint !== undefined && endpoint.hostname.toLowerCase() !== wanted.endpoint) continue;
      const ports = endpoint.ports.length > 0 ? endpoint.ports : [{ name: '', protocol: '', port: -1 }];
      for (const one of ports.filter((each) => matches(wanted, each.name, each.protocol))) {
        targets.push({ host: endpoint.address, port: one.port, name: this.#endpointName(endpoint) });
      }
    }
    return targets.length > 0 ? targets : 'no such name';
  }

  #serviceName(service: Readonly<Service>): string {
    return `${service.metadata?.name}.${service.metadata?.namespace}.svc.${this.options.zone}`;
  }

  #endpointName(endpoint: EndpointRecord): string {
    return `${endpoint.hostname}.${endpoint.service}.${endpoint.namespace}.svc.${this.options.zone}`;
  }
}

/** `pods insecure`: the address is read from the name, whether such a pod exists or not. */
function podByAddress(label: string, name: string): Found {
  const dashes = label.split('-').length - 1;
  const host = dashes === 3 && !label.includes('--') ? label.replaceAll('-', '.') : label.replaceAll('-', ':');
  return isAddress(host) ? [{ host, port: -1, name }] : 'no such name';
}

function matches(wanted: { readonly port: string; readonly protocol: string }, port: string, protocol: string): boolean {
  return (wanted.port === '' || wanted.port === port.toLowerCase()) && (wanted.protocol === '' || wanted.protocol === protocol.toLowerCase());
}

function bare(label: string | undefined): string {
  return (label ?? '').replace(/^_/, '');
}

function isAddress(text: string): boolean {
  if (text.includes(':')) return isIpv6Address(text);
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Groups of up to four hexadecimal digits, eight of them or fewer around one `::`. */
function isIpv6Address(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : groups.length === 8;
}

/** `4.3.2.1.in-addr.arpa` means 1.2.3.4; undefined if the name is no whole address. */
function addressOfReverse(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const address = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.');
    return isAddress(address) ? address : undefined;
  }
  const digits = name.slice(0, -'.ip6.arpa'.length).split('.').reverse().join('');
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined;
  return shortIpv6((digits.match(/.{4}/g) ?? []).map((group) => group.replace(/^0+(?=.)/, '')));
}

/** The text form of RFC 5952, in which addresses are stored: the longest run of zeros becomes `::`. */
function shortIpv6(groups: readonly string[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < groups.length; at += 1) {
    let length = 0;
    while (groups[at + length] === '0') length += 1;
    if (length > best.length) best = { at, length };
  }
  if (best.at < 0) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}
