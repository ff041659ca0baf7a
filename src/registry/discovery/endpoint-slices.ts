import type { EndpointSlice } from '../../../generated/types/index.ts';
import { endpointSliceWarnings, nameIsSubdomain, setEndpointSliceDefaults, validateEndpointSlice, validateEndpointSliceUpdate } from '../../api/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import type { Strategy } from '../generic/strategy.ts';

const shown = 3;

/** The first three, and how many more there are. */
function clipped(list: readonly string[]): string {
  return list.length > shown ? `${list.slice(0, shown).join(',')} + ${list.length - shown} more...` : list.join(',') || '<unset>';
}

const content = ({ metadata, ...rest }: Readonly<EndpointSlice>): object => ({ ...rest, labels: metadata?.labels });

/** They are what the feature PreferSameTrafficDistribution is about, which is off in 1.33. */
function dropHintsForNodes({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) if (endpoint.hints?.forNodes) delete endpoint.hints.forNodes;
}

/** The labels of nodes that v1beta1 had: v1 shows them and does not take them. */
function dropTopology({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) if (endpoint.deprecatedTopology) delete endpoint.deprecatedTopology;
}

/** pkg/registry/discovery/endpointslice. */
export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  resource: { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', plural: 'endpointslices', singular: 'endpointslice', namespaced: true },
  applyDefaults: setEndpointSliceDefaults,
  prepareForCreate(slice) {
    slice.metadata!.generation = 1;
    dropHintsForNodes(slice);
    dropTopology(slice);
  },
  validateName: nameIsSubdomain,
  warningsOnCreate: (slice) => [...(slice.addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []), ...endpointSliceWarnings(slice)],
  warningsOnUpdate: endpointSliceWarnings,
  validate: validateEndpointSlice,
  canonicalize(slice) {
    for (const list of ['endpoints', 'ports'] as const) if (!slice[list]?.length) slice[list] = null as never;
  },
  prepareForUpdate(next, previous) {
    const before = previous.metadata?.generation ?? 1;
    next.metadata!.generation = semanticEqual(content(next), content(previous)) ? before : before + 1;
    // What is dropped counts as a change all the same.
    dropHintsForNodes(next);
    if (!semanticEqual(next.endpoints, previous.endpoints)) dropTopology(next);
  },
  validateUpdate: validateEndpointSliceUpdate,
  columns: [
    nameColumn,
    column('AddressType', 'IPv4, IPv6 or FQDN.', (slice) => slice.addressType ?? ''),
    column('Ports', 'Ports of all endpoints.', (slice) => clipped((slice.ports ?? []).map((port) => String(port.port ?? port.name ?? '*')))),
    column('Endpoints', 'The first addresses.', (slice) => clipped((slice.endpoints ?? []).flatMap((one) => one.addresses ?? []))),
    ageColumn,
  ],
};
