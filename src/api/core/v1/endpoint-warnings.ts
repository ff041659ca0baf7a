import type { EndpointSlice, Endpoints } from '../../../../generated/types/index.ts';
import type { KubeObject } from '../../../machinery/types.ts';
import { ipWarnings } from '../../meta/ip-warnings.ts';

/** Who writes addresses as they should be, whatever it reads, by the label that it puts on its own. */
const careful: readonly (readonly [string, string])[] = [
  ['endpoints.kubernetes.io/managed-by', 'endpoint-controller'],
  ['endpointslice.kubernetes.io/managed-by', 'endpointslice-controller.k8s.io'],
  ['endpointslice.kubernetes.io/managed-by', 'endpointslicemirroring-controller.k8s.io'],
];

const isCareful = ({ metadata }: Readonly<KubeObject>): boolean => careful.some(([label, name]) => metadata?.labels?.[label] === name);

/** What endpoints are warned of (pkg/registry/core/endpoint endpointsWarnings). */
export function endpointsWarnings(endpoints: Readonly<Endpoints>): string[] {
  if (isCareful(endpoints)) return [];
  return (endpoints.subsets ?? []).flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, j) => ipWarnings(`subsets[${i}].${list}[${j}].ip`, ip)),
    ),
  );
}

/** What slices of endpoints are warned of (pkg/registry/discovery/endpointslice). */
export function endpointSliceWarnings(slice: Readonly<EndpointSlice>): string[] {
  if (isCareful(slice)) return [];
  return (slice.endpoints ?? []).flatMap(({ addresses = [] }, i) => addresses.flatMap((ip, j) => ipWarnings(`endpoints[${i}].addresses[${j}]`, ip)));
}
