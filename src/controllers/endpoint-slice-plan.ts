import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice, Pod, Service } from '../../generated/types/index.ts';
import { controllerReference, refs } from '../client/index.ts';
import { clone, semanticEqual } from '../machinery/deep.ts';
import { isReady } from './pods.ts';
import { addressesOf, canBeEndpoint, headlessLabel, hostnameOf, isHeadless, targetPortOf } from './service-pods.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const sliceManager = 'endpointslice-controller.k8s.io';

/** A slice that has so many endpoints is full (upstream: --max-endpoints-per-slice). */
const maxEndpoints = 100;

type Slice = Readonly<EndpointSlice>;

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly Slice[];
}

/** Endpoints that have the same ports, and so can share slices. */
interface Group {
  readonly ports: DiscoveryV1EndpointPort[];
  readonly endpoints: Endpoint[];
}

/**
 * The slices that a service needs in one address family, made from those there are: an endpoint stays in its slice, new
 * ones fill up what has room, and a slice that would go is used again before another is made.
 *
 * @param zoneOf the zone of a node by name
 */
export function planSlices(
  service: Readonly<Service>,
  family: string,
  pods: readonly Readonly<Pod>[],
  existing: readonly Slice[],
  zoneOf: (node: string) => string | undefined,
): SlicePlan {
  const groups = groupEndpoints(service, family, pods, zoneOf);
  const create: EndpointSlice[] = [];
  const kept: { before: Slice; after: EndpointSlice }[] = [];
  const spare: Slice[] = existing.filter((slice) => !groups.has(portsKey(slice.ports)));
  for (const [key, group] of groups) {
    const own = existing.filter((slice) => portsKey(slice.ports) === key);
    fill(service, family, group, own, create, kept, spare);
  }
  if (kept.length === 0 && create.length === 0) create.push(newSlice(service, family, { ports: [], endpoints: [] }));
  const remove: Slice[] = [];
  for (const slice of spare) {
    const next = create.shift();
    if (next) kept.push({ before: slice, after: rewritten(service, slice, next.endpoints, next.ports ?? []) });
    else remove.push(slice);
  }
  return { create, update: kept.filter(({ before, after }) => !sameSlice(before, after)).map(({ after }) => after), remove };
}

function groupEndpoints(
  service: Readonly<Service>,
  family: string,
  pods: readonly Readonly<Pod>[],
  zoneOf: (node: string) => string | undefined,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const addresses = canBeEndpoint(pod, true) ? addressesOf(pod, family) : [];
    if (addresses.length === 0) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod, addresses, zoneOf));
    groups.set(key, group);
  }
  return groups;
}

function portsOf(service: Readonly<Service>, pod: Readonly<Pod>): DiscoveryV1EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPortOf(pod, port);
    if (number === undefined) return [];
    return [{ name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: number, ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}) }];
  });
}

/** The same for the same ports in the same order. */
export function portsKey(ports: readonly DiscoveryV1EndpointPort[] | null | undefined): string {
  return JSON.stringify((ports ?? []).map(({ name, protocol, port, appProtocol }) => [name, protocol, port, appProtocol]));
}

function endpointOf(service: Readonly<Service>, pod: Readonly<Pod>, addresses: string[], zoneOf: (node: string) => string | undefined): Endpoint {
  const serving = isReady(pod);
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  const { nodeName } = pod.spec ?? {};
  const zone = nodeName ? zoneOf(nodeName) : undefined;
  const hostname = hostnameOf(pod, service);
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(zone && ready && prefersOwnZone(service) ? { hints: { forZones: [{ name: zone }] } } : {}),
  };
}

/** Whether endpoints are meant for clients of their own zone first (endpointslice/trafficdist). The older annotation, where it is on, wins. */
function prefersOwnZone({ metadata, spec }: Readonly<Service>): boolean {
  const annotations = metadata?.annotations ?? {};
  const mode = annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode'];
  return spec?.trafficDistribution === 'PreferClose' && mode !== 'Auto' && mode !== 'auto';
}

function fill(
  service: Readonly<Service>,
  family: string,
  group: Group,
  own: readonly Slice[],
  create: EndpointSlice[],
  kept: { before: Slice; after: EndpointSlice }[],
  spare: Slice[],
): void {
  const wanted = new Map(group.endpoints.map((endpoint) => [endpoint.targetRef?.uid ?? '', endpoint]));
  const filled = own.map((before) => ({ before, endpoints: take(wanted, before.endpoints ?? []) }));
  for (const one of filled) {
    if (one.endpoints.length === 0) continue;
    const room = maxEndpoints - one.endpoints.length;
    one.endpoints.push(...take(wanted, [...wanted.values()].slice(0, room)));
  }
  for (const { before, endpoints } of filled) {
    if (endpoints.length === 0) spare.push(before);
    else kept.push({ before, after: rewritten(service, before, endpoints, group.ports) });
  }
  const rest = [...wanted.values()];
  for (let i = 0; i < rest.length; i += maxEndpoints)
    create.push(newSlice(service, family, { ports: group.ports, endpoints: rest.slice(i, i + maxEndpoints) }));
}

/** Takes those of `endpoints` that are wanted out of `wanted`, as they are to be. */
function take(wanted: Map<string, Endpoint>, endpoints: readonly Readonly<Endpoint>[]): Endpoint[] {
  return endpoints.flatMap((endpoint) => {
    const uid = endpoint.targetRef?.uid ?? '';
    const next = wanted.get(uid);
    wanted.delete(uid);
    return next ? [next] : [];
  });
}

function newSlice(service: Readonly<Service>, family: string, group: Group): EndpointSlice {
  const { name = '', namespace = '' } = service.metadata ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(service, refs.services)],
    },
    addressType: family,
    endpoints: group.endpoints,
    ports: group.ports,
  };
}

function rewritten(service: Readonly<Service>, slice: Slice, endpoints: Endpoint[], ports: DiscoveryV1EndpointPort[]): EndpointSlice {
  const next = clone(slice) as EndpointSlice;
  return { ...next, metadata: { ...next.metadata, labels: labelsOf(service) }, endpoints, ports };
}

/** The service's own labels, and what marks the slice as its. */
function labelsOf(service: Readonly<Service>): Record<string, string> {
  const labels: Record<string, string> = { ...service.metadata?.labels };
  delete labels[headlessLabel];
  return {
    ...labels,
    [managedByLabel]: sliceManager,
    [serviceNameLabel]: service.metadata?.name ?? '',
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  };
}

function sameSlice(before: Slice, after: Slice): boolean {
  return (
    semanticEqual(before.endpoints, after.endpoints) &&
    semanticEqual(before.ports, after.ports) &&
    semanticEqual(before.metadata?.labels, after.metadata?.labels)
  );
}
