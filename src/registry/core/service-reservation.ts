import type { Service, ServicePort, ServiceSpec } from '../../../generated/types/index.ts';
import { isHeadless, needsHealthCheck, validateClusterIps } from '../../api/index.ts';
import { invalidValue } from '../../machinery/field-error.ts';
import { goStringList } from '../../machinery/go-syntax.ts';
import { internalError, invalid } from '../../machinery/status-error.ts';
import { formatKeyOf } from '../../machinery/types.ts';
import type { Reservation } from '../generic/strategy.ts';
import type { AddressPool, IpAllocator } from './ip-allocator.ts';
import type { PortAllocator, PortPool } from './port-allocator.ts';

export interface ServicePools {
  readonly ips: IpAllocator;
  readonly ports: PortAllocator;
}

interface Pools {
  readonly ips: AddressPool;
  readonly ports: PortPool;
}

/** Addresses and ports taken for one write: given back if the write fails, and what it replaced given back if it succeeds. */
class Taken implements Reservation {
  readonly #undo: (() => void)[] = [];
  readonly #done: (() => void)[] = [];

  onRelease(action: () => void): void {
    this.#undo.push(action);
  }

  onCommit(action: () => void): void {
    this.#done.push(action);
  }

  commit(): void {
    for (const action of this.#done) action();
  }

  release(): void {
    for (const action of this.#undo) action();
  }
}

/**
 * Fills in families, addresses and node ports of a Service that is created or changed (pkg/registry/core/service/storage alloc.go).
 * Fails with 422 for what is taken or out of range.
 */
export function reserveForService(real: ServicePools, service: Service, previous: Readonly<Service> | undefined, dryRun: boolean): Reservation {
  const taken = new Taken();
  const pools: Pools = dryRun ? { ips: real.ips.dryRun(), ports: real.ports.dryRun() } : real;
  try {
    const wrong = validateClusterIps(service);
    if (wrong.length > 0) throw invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', wrong);
    setFamilies(service);
    reserveAddress(pools, service, previous, taken);
    reserveNodePorts(pools, service, previous, taken);
    reserveHealthPort(pools, service, previous, taken);
  } catch (error) {
    taken.release();
    throw error;
  }
  return taken;
}

/** One family only: a cluster of IPv4. Headless Services without selector say that they may be anything. */
function setFamilies(service: Service): void {
  const spec = service.spec as ServiceSpec;
  if (spec.type === 'ExternalName') return;
  const loose = isHeadless(service) && Object.keys(spec.selector ?? {}).length === 0;
  if (loose) {
    spec.ipFamilyPolicy ??= 'RequireDualStack';
    spec.ipFamilies ??= spec.ipFamilyPolicy === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6'];
    return;
  }
  spec.ipFamilyPolicy ??= 'SingleStack';
  const mistakes = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack')
    mistakes.push(invalidValue('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  (spec.ipFamilies ?? []).forEach((family, i) => {
    if (family === 'IPv6') mistakes.push(invalidValue(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'));
  });
  if (mistakes.length > 0) throw invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', mistakes);
  spec.ipFamilies = ['IPv4'];
}

/** The address that a stored Service holds, if any. */
function heldAddress(service: Readonly<Service> | undefined): string | undefined {
  const ip = service?.spec?.type === 'ExternalName' ? undefined : service?.spec?.clusterIP;
  return ip && ip !== 'None' ? ip : undefined;
}

function reserveAddress({ ips }: Pools, service: Service, previous: Readonly<Service> | undefined, taken: Taken): void {
  const spec = service.spec as ServiceSpec;
  const held = heldAddress(previous);
  if (spec.type === 'ExternalName') {
    if (held) taken.onCommit(() => ips.free(held));
    return;
  }
  // A Service that could have had an address keeps what it has, or had none: validation refuses a change, and nothing is taken for it.
  if (isHeadless(service) || (previous && previous.spec?.type !== 'ExternalName')) return;
  if (spec.clusterIP) {
    const why = ips.take(spec.clusterIP);
    const ip = spec.clusterIP;
    if (why) throw refused(service, 'spec.clusterIPs', goStringList(spec.clusterIPs), `failed to allocate IP ${ip}: ${why}`);
    taken.onRelease(() => ips.free(ip));
    return;
  }
  const chosen = ips.takeAny(formatKeyOf(service));
  if ('refusal' in chosen) throw internalError(`failed to allocate a serviceIP: ${chosen.refusal}`);
  const ip = chosen.address;
  taken.onRelease(() => ips.free(ip));
  spec.clusterIP = ip;
  spec.clusterIPs = [ip];
}

function refused(service: Service, field: string, value: unknown, why: string): Error {
  return invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', [invalidValue(field, value, why)]);
}

const usesNodePorts = (spec: Readonly<ServiceSpec> | undefined): boolean =>
  spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

/** Node ports of a stored Service. */
function heldPorts(service: Readonly<Service> | undefined): Set<number> {
  return new Set((service?.spec?.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : [])));
}

function reserveNodePorts({ ports }: Pools, service: Service, previous: Readonly<Service> | undefined, taken: Taken): void {
  const spec = service.spec as ServiceSpec;
  const held = heldPorts(previous);
  const kept = new Set<number>();
  const mine = new Map<number, Set<string>>();
  const isUser = usesNodePorts(spec) || spec.type === 'LoadBalancer';
  (spec.ports ?? []).forEach((port, i) => {
    if (!isUser || !port.nodePort) return;
    if (held.has(port.nodePort)) kept.add(port.nodePort);
    else if (!mine.has(port.nodePort) || mine.get(port.nodePort)!.has(port.protocol ?? '')) {
      const number = port.nodePort;
      const why = ports.take(number);
      if (why) throw refused(service, `spec.ports[${i}].nodePort`, number, why);
      taken.onRelease(() => ports.free(number));
    }
    mine.set(port.nodePort, (mine.get(port.nodePort) ?? new Set()).add(port.protocol ?? ''));
  });
  // Ports asked for come first, so that a chosen one is never in the way of them.
  (spec.ports ?? []).forEach((port, i) => {
    if (port.nodePort || !usesNodePorts(spec)) return;
    choosePort(ports, service, port, i, mine, taken);
    mine.set(port.nodePort!, (mine.get(port.nodePort!) ?? new Set()).add(port.protocol ?? ''));
  });
  for (const port of held) if (!kept.has(port)) taken.onCommit(() => ports.free(port));
}

/** TCP and UDP of one port number share a node port, as DNS needs. */
function choosePort(ports: PortPool, service: Service, port: ServicePort, i: number, mine: ReadonlyMap<number, Set<string>>, taken: Taken): void {
  const twin = (service.spec?.ports ?? []).slice(0, i).find((one) => one.port === port.port && one.protocol !== port.protocol && one.nodePort);
  if (twin && !mine.get(twin.nodePort!)?.has(port.protocol ?? '')) {
    port.nodePort = twin.nodePort!;
    return;
  }
  const number = ports.takeAny(`${formatKeyOf(service)}/${port.name ?? ''}/${port.port}/${port.protocol}`);
  if (number === undefined) throw internalError('failed to allocate a nodePort: range is full');
  taken.onRelease(() => ports.free(number));
  port.nodePort = number;
}

function reserveHealthPort({ ports }: Pools, service: Service, previous: Readonly<Service> | undefined, taken: Taken): void {
  const spec = service.spec as ServiceSpec;
  const held = previous && needsHealthCheck(previous) ? previous.spec?.healthCheckNodePort : undefined;
  if (!needsHealthCheck(service)) {
    if (held) {
      taken.onCommit(() => ports.free(held));
      delete spec.healthCheckNodePort;
    }
    return;
  }
  if (held) {
    spec.healthCheckNodePort ||= held;
    return;
  }
  if (spec.healthCheckNodePort) {
    const number = spec.healthCheckNodePort;
    const why = ports.take(number);
    if (why) throw internalError(`failed to allocate requested HealthCheck NodePort ${number}: ${why}`);
    taken.onRelease(() => ports.free(number));
    return;
  }
  const number = ports.takeAny(`${formatKeyOf(service)}/health`);
  if (number === undefined) throw internalError('failed to allocate a HealthCheck NodePort: range is full');
  taken.onRelease(() => ports.free(number));
  spec.healthCheckNodePort = number;
}

/** Marks what a stored Service holds as taken: for a server that starts over an existing store. */
export function adoptService({ ips, ports }: ServicePools, service: Readonly<Service>): void {
  const ip = heldAddress(service);
  if (ip) ips.take(ip);
  for (const port of heldPorts(service)) ports.take(port);
  if (service.spec?.healthCheckNodePort) ports.take(service.spec.healthCheckNodePort);
}

/** Gives back what a deleted Service held. */
export function freeService({ ips, ports }: ServicePools, service: Readonly<Service>): void {
  const ip = heldAddress(service);
  if (ip) ips.free(ip);
  for (const port of heldPorts(service)) ports.free(port);
  if (service.spec?.healthCheckNodePort) ports.free(service.spec.healthCheckNodePort);
}
