import type { DiscoveryV1EndpointPort, Endpoint, EndpointAddress, EndpointSlice, Endpoints } from '../../generated/types/index.ts';
import { controllerReference, refs } from '../client/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import type { SlicePlan } from './endpoint-slice-plan.ts';
import { managedByLabel, portsKey, serviceNameLabel } from './endpoint-slice-plan.ts';
import { triggerTimeAnnotation } from './service-pods.ts';

export const mirrorManager = 'endpointslicemirroring-controller.k8s.io';
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** Of one set of ports, no more endpoints are mirrored (upstream: --mirroring-max-endpoints-per-subset). */
export const mirroredMax = 1000;

/** Endpoints of one family that have the same ports. */
interface Group {
  readonly addressType: string;
  readonly ports: DiscoveryV1EndpointPort[];
  readonly endpoints: Endpoint[];
}

export interface MirrorPlan extends SlicePlan {
  /** Addresses for which there was no room. */
  readonly skipped: number;
}

/**
 * The slices that say what an Endpoints object says: one for each set of ports and family. A slice is written anew in its place, as
 * long as somebody wants its ports.
 */
export function planMirror(endpoints: Readonly<Endpoints>, existing: readonly Readonly<EndpointSlice>[]): MirrorPlan {
  const { groups, skipped } = groupsOf(endpoints);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const remove: Readonly<EndpointSlice>[] = existing.filter((slice) => !groups.has(keyOf(slice.addressType, slice.ports)));
  for (const [key, group] of groups) {
    const [first, ...others] = existing.filter((slice) => keyOf(slice.addressType, slice.ports) === key);
    remove.push(...others);
    const slice = sliceOf(endpoints, group);
    if (!first) create.push(slice);
    else if (!isSame(first, slice))
      update.push({ ...slice, metadata: { ...first.metadata, labels: slice.metadata?.labels, annotations: slice.metadata?.annotations } as never });
  }
  return { create, update, remove, skipped };
}

const keyOf = (addressType: string, ports: EndpointSlice['ports']): string => `${addressType} ${portsKey(ports)}`;

/** A port, and the addresses that have it; what is not ready in one subset is not ready. */
interface Served {
  readonly port: DiscoveryV1EndpointPort | undefined;
  readonly ready: Map<string, boolean>;
}

/** Ports that the same addresses have belong together, however the subsets were cut (pkg/api/v1/endpoints RepackSubsets). */
function groupsOf({ subsets }: Readonly<Endpoints>): { groups: Map<string, Group>; skipped: number } {
  const addresses = new Map<string, Readonly<EndpointAddress>>();
  const byPort = new Map<string, Served>();
  for (const { ports, addresses: ready = [], notReadyAddresses = [] } of subsets ?? []) {
    const served = (ports?.length ? ports.map(mirroredPort) : [undefined]).map((port) => {
      const key = JSON.stringify(port ?? null);
      const one = byPort.get(key) ?? { port, ready: new Map<string, boolean>() };
      byPort.set(key, one);
      return one;
    });
    for (const [list, isReady] of [[ready, true] as const, [notReadyAddresses, false] as const]) {
      for (const address of list) {
        const key = `${address.ip} ${address.targetRef?.uid ?? ''}`;
        if (!addresses.has(key)) addresses.set(key, address);
        for (const one of served) one.ready.set(key, isReady && (one.ready.get(key) ?? true));
      }
    }
  }
  const together = new Map<string, Served[]>();
  for (const one of byPort.values()) {
    const key = JSON.stringify([...one.ready].sort());
    together.set(key, [...(together.get(key) ?? []), one]);
  }
  const groups = new Map<string, Group>();
  let skipped = 0;
  for (const served of together.values()) {
    const ports = served.flatMap(({ port }) => (port ? [port] : [])).sort(byName);
    let room = mirroredMax;
    for (const [key, isReady] of inOrder(served[0]?.ready)) {
      if (room === 0) {
        skipped += 1;
        continue;
      }
      room -= 1;
      const address = addresses.get(key) as Readonly<EndpointAddress>;
      const addressType = address.ip.includes(':') ? 'IPv6' : 'IPv4';
      const group = groups.get(keyOf(addressType, ports)) ?? { addressType, ports, endpoints: [] };
      groups.set(keyOf(addressType, ports), group);
      group.endpoints.push(endpointOf(address, isReady));
    }
  }
  return { groups, skipped };
}

/** Those that are ready go first, where there is not room for all. */
function inOrder(ready: ReadonlyMap<string, boolean> = new Map()): readonly (readonly [string, boolean])[] {
  return [...ready].sort(([, a], [, b]) => Number(b) - Number(a));
}

const byName = (a: DiscoveryV1EndpointPort, b: DiscoveryV1EndpointPort): number => ((a.name ?? '') < (b.name ?? '') ? -1 : 1);

function mirroredPort({ name, port, protocol, appProtocol }: NonNullable<NonNullable<Endpoints['subsets']>[number]['ports']>[number]): DiscoveryV1EndpointPort {
  return { name: name ?? '', protocol: protocol ?? 'TCP', port, ...(appProtocol === undefined ? {} : { appProtocol }) };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: Readonly<EndpointAddress>, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(targetRef ? { targetRef } : {}),
    ...(nodeName ? { nodeName } : {}),
  };
}

function sliceOf(endpoints: Readonly<Endpoints>, { addressType, ports, endpoints: mirrored }: Group): EndpointSlice {
  const { name = '', namespace = '', labels } = endpoints.metadata ?? {};
  const { [triggerTimeAnnotation]: _time, [lastAppliedAnnotation]: _applied, ...annotations } = endpoints.metadata?.annotations ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirrorManager },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [controllerReference(endpoints, refs.endpoints)],
    },
    addressType,
    endpoints: mirrored,
    ports,
  };
}

function isSame(before: Readonly<EndpointSlice>, after: EndpointSlice): boolean {
  const sorted = ({ endpoints }: Readonly<EndpointSlice>) =>
    (endpoints ?? []).map((one) => [one.addresses.join(), one] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    semanticEqual(sorted(before), sorted(after)) &&
    semanticEqual(before.metadata?.labels, after.metadata?.labels) &&
    semanticEqual(before.metadata?.annotations ?? {}, after.metadata?.annotations ?? {})
  );
}
