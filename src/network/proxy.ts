import type { EndpointSlice, Service, ServicePort } from '../../generated/types/index.ts';
import type { Informer } from '../client/types.ts';
import type { Env } from '../env/index.ts';
import type { Flow, FlowTable, Protocol, Translator, Verdict } from './flow.ts';

export interface ProxyOptions {
  readonly env: Pick<Env, 'clock' | 'log'>;
  readonly services: Informer<Service>;
  readonly endpointSlices: Informer<EndpointSlice>;
  /** A node's own address, which the receiver sees where the flow is masqueraded. */
  readonly nodeAddress: (node: string) => string | undefined;
  /** Flows to endpoints that have gone are forgotten here. */
  readonly flows?: FlowTable;
}

/** Where an endpoint listens, for one service port. */
export interface ProxyEndpoint {
  readonly address: string;
  readonly port: number;
  readonly node: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

interface Rule {
  readonly service: Readonly<Service>;
  readonly key: string;
  readonly port: ServicePort;
  readonly external: boolean;
}

/** core/v1 default of sessionAffinityConfig.clientIP.timeoutSeconds. */
const affinitySecondsDefault = 10_800;
/** Clients that affinity remembers; beyond, the oldest is forgotten. */
const affinityMax = 8192;

/**
 * kube-proxy: maps ClusterIP, external, load balancer and node port addresses to ready endpoints.
 *
 * One instance serves all nodes, since all would write the same rules. Differs from upstream: endpoints are taken in turn
 * instead of at random, so that order does not hang on chance; topology hints and load balancer source ranges are not looked at.
 */
export class ServiceProxy implements Translator {
  /** `TCP/10.96.0.1:443` to what it leads to. */
  #rules = new Map<string, Rule>();
  readonly #ruleKeys = new Map<string, string[]>();
  /** Slices by `namespace/service`. */
  readonly #slices = new Map<string, Map<string, Readonly<EndpointSlice>>>();
  readonly #turns = new Map<string, number>();
  readonly #affinity = new Map<string, { endpoint: string; until: number }>();

  constructor(readonly options: ProxyOptions) {
    options.services.handle({
      added: (service) => this.#setService(service),
      updated: (service) => this.#setService(service),
      deleted: (service) => this.#removeService(service),
    });
    options.endpointSlices.handle({
      added: (slice) => this.#setSlice(slice),
      updated: (slice) => this.#setSlice(slice),
      deleted: (slice) => this.#removeSlice(slice),
    });
  }

  translate(flow: Flow): Verdict {
    const rule = this.#rules.get(`${flow.protocol}/${flow.address}:${flow.port}`) ?? this.#nodePortRule(flow);
    if (!rule) return undefined;
    const spec = rule.service.spec ?? {};
    const all = this.endpointsOf(rule.service, rule.port, flow.address.includes(':') ? 'IPv6' : 'IPv4');
    if (all.length === 0) return 'reject';
    const local = rule.external ? spec.externalTrafficPolicy === 'Local' && flow.fromOutside : spec.internalTrafficPolicy === 'Local';
    const onNode = rule.external ? flow.destinationNode : flow.sourceNode;
    const usable = local ? all.filter((one) => one.node === onNode) : all;
    if (usable.length === 0) return 'drop';
    const chosen = this.#choose(rule, flow.source, usable);
    return { address: chosen.address, port: chosen.port, ...this.#masquerade(rule, flow, chosen, local) };
  }

  /** Ready endpoints of a service port; if there are none, those that still serve while they end (upstream's CategorizeEndpoints). */
  endpointsOf(service: Readonly<Service>, port: ServicePort, family: 'IPv4' | 'IPv6'): readonly ProxyEndpoint[] {
    const slices = this.#slices.get(serviceKey(service));
    if (!slices) return [];
    const all: ProxyEndpoint[] = [];
    const seen = new Set<string>();
    for (const name of [...slices.keys()].sort()) {
      for (const endpoint of endpointsOfSlice(slices.get(name) as EndpointSlice, port, family)) {
        const key = `${endpoint.address}:${endpoint.port}`;
        if (seen.has(key)) continue;
        seen.add(key);
        all.push(endpoint);
      }
    }
    const ready = all.filter((one) => one.ready);
    return ready.length > 0 ? ready : all.filter((one) => one.serving && one.terminating);
  }

  /** Node ports lead from any address of any node. */
  #nodePortRule(flow: Flow): Rule | undefined {
    return flow.destinationNode === undefined ? undefined : this.#rules.get(`${flow.protocol}/node:${flow.port}`);
  }

  #choose(rule: Rule, client: string, usable: readonly ProxyEndpoint[]): ProxyEndpoint {
    const spec = rule.service.spec ?? {};
    if (spec.sessionAffinity !== 'ClientIP') return this.#inTurn(rule, usable);
    const key = `${rule.key}/${rule.port.name ?? ''}/${rule.port.port}/${client}`;
    const now = this.options.env.clock.now();
    const held = this.#affinity.get(key);
    const kept = held && held.until > now ? usable.find((one) => `${one.address}:${one.port}` === held.endpoint) : undefined;
    const chosen = kept ?? this.#inTurn(rule, usable);
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinitySecondsDefault;
    const oldest = this.#affinity.size >= affinityMax ? this.#affinity.keys().next().value : undefined;
    if (oldest !== undefined) this.#affinity.delete(oldest);
    this.#affinity.set(key, { endpoint: `${chosen.address}:${chosen.port}`, until: now + seconds * 1000 });
    return chosen;
  }

  #inTurn(rule: Rule, usable: readonly ProxyEndpoint[]): ProxyEndpoint {
    const key = `${rule.key}/${rule.port.name ?? ''}/${rule.port.protocol ?? 'TCP'}/${rule.port.port}`;
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    return usable[turn % usable.length] as ProxyEndpoint;
  }

  /** A pod that reaches itself by way of its service, and traffic from outside, get the node's address, so that answers come back. */
  #masquerade(rule: Rule, flow: Flow, chosen: ProxyEndpoint, local: boolean): { source?: string } {
    if (chosen.address === flow.source) return { source: this.options.nodeAddress(flow.sourceNode) ?? flow.source };
    if (!rule.external || local || flow.destinationNode === undefined) return {};
    return { source: this.options.nodeAddress(flow.destinationNode) ?? flow.source };
  }

  #setService(service: Readonly<Service>): void {
    this.#removeRules(serviceKey(service));
    const rules = rulesOf(service);
    for (const [address, rule] of rules) this.#rules.set(address, rule);
    this.#ruleKeys.set(
      serviceKey(service),
      rules.map(([address]) => address),
    );
  }

  #removeService(service: Readonly<Service>): void {
    const key = serviceKey(service);
    this.#removeRules(key);
    for (const table of [this.#turns, this.#affinity]) for (const one of table.keys()) if (one.startsWith(`${key}/`)) table.delete(one);
  }

  #removeRules(key: string): void {
    for (const address of this.#ruleKeys.get(key) ?? []) if (this.#rules.get(address)?.key === key) this.#rules.delete(address);
    this.#ruleKeys.delete(key);
  }

  #setSlice(slice: Readonly<EndpointSlice>): void {
    const key = sliceServiceKey(slice);
    if (!key) return;
    let slices = this.#slices.get(key);
    if (!slices) this.#slices.set(key, (slices = new Map()));
    const previous = slices.get(slice.metadata?.name ?? '');
    slices.set(slice.metadata?.name ?? '', slice);
    if (previous) this.#forgetGone(previous, slice);
  }

  #removeSlice(slice: Readonly<EndpointSlice>): void {
    const key = sliceServiceKey(slice);
    if (!key) return;
    const slices = this.#slices.get(key);
    slices?.delete(slice.metadata?.name ?? '');
    if (slices?.size === 0) this.#slices.delete(key);
    this.#forgetGone(slice, undefined);
  }

  /** Upstream deletes conntrack entries of stale UDP endpoints; TCP connections break with their pod. */
  #forgetGone(previous: Readonly<EndpointSlice>, next: Readonly<EndpointSlice> | undefined): void {
    const kept = new Set(next?.endpoints?.filter((one) => one.conditions?.ready !== false).map((one) => one.addresses[0]));
    for (const endpoint of previous.endpoints ?? []) {
      const address = endpoint.addresses[0];
      if (!address || kept.has(address)) continue;
      for (const port of previous.ports ?? []) if (port.port !== undefined) this.options.flows?.forget({ address, port: port.port });
    }
  }
}

function serviceKey(object: Readonly<Service>): string {
  return `${object.metadata?.namespace}/${object.metadata?.name}`;
}

function sliceServiceKey(slice: Readonly<EndpointSlice>): string | undefined {
  const name = slice.metadata?.labels?.['kubernetes.io/service-name'];
  return name ? `${slice.metadata?.namespace}/${name}` : undefined;
}

/** Every address under which a service is reached; none for headless and ExternalName ones, nor for those of another proxy. */
function rulesOf(service: Readonly<Service>): [string, Rule][] {
  const spec = service.spec;
  if (!spec || spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return [];
  if (service.metadata?.labels?.['service.kubernetes.io/service-proxy-name']) return [];
  const balancers = (service.status?.loadBalancer?.ingress ?? []).filter((one) => one.ipMode !== 'Proxy').flatMap((one) => (one.ip ? [one.ip] : []));
  const rules: [string, Rule][] = [];
  for (const port of spec.ports ?? []) {
    const at = (address: string, number: number, external: boolean) =>
      rules.push([`${(port.protocol ?? 'TCP') as Protocol}/${address}:${number}`, { service, key: serviceKey(service), port, external }]);
    for (const address of spec.clusterIPs ?? [spec.clusterIP]) at(address, port.port, false);
    for (const address of [...(spec.externalIPs ?? []), ...balancers]) at(address, port.port, true);
    if (port.nodePort) at('node', port.nodePort, true);
  }
  return rules;
}

/** A slice's endpoints for one service port, matched by the port's name. An absent `ready` means ready (discovery/v1). */
function endpointsOfSlice(slice: Readonly<EndpointSlice>, servicePort: ServicePort, family: 'IPv4' | 'IPv6'): ProxyEndpoint[] {
  if (slice.addressType !== family) return [];
  const port = slice.ports?.find((one) => (one.name ?? '') === (servicePort.name ?? '') && (one.protocol ?? 'TCP') === (servicePort.protocol ?? 'TCP'));
  if (port?.port === undefined) return [];
  const number = port.port;
  return (slice.endpoints ?? []).flatMap((one) => {
    const address = one.addresses[0]; // Consumers use the first address only (discovery/v1).
    if (!address) return [];
    const ready = one.conditions?.ready ?? true;
    return [{ address, port: number, node: one.nodeName, ready, serving: one.conditions?.serving ?? ready, terminating: one.conditions?.terminating ?? false }];
  });
}

export function createServiceProxy(options: ProxyOptions): ServiceProxy {
  return new ServiceProxy(options);
}
