import type { Endpoints } from '../../../generated/types/index.ts';
import { endpointsWarnings, nameIsSubdomain, setEndpointsDefaults, validateEndpoints, validateEndpointsUpdate } from '../../api/index.ts';
import type { Strategy } from '../generic/strategy.ts';
import { ageColumn, column, nameColumn } from './columns.ts';

/** So many addresses are shown before the rest is counted. */
const shown = 3;

function formatEndpoints(endpoints: Readonly<Endpoints>): string {
  if (!endpoints.subsets?.length) return '<none>';
  const list: string[] = [];
  let count = 0;
  for (const { addresses = [], ports } of endpoints.subsets ?? []) {
    if (!ports?.length) {
      // Headless services without ports.
      for (const { ip } of addresses) if (list.length < shown) list.push(ip);
      count += addresses.length;
      continue;
    }
    for (const port of ports) {
      for (const { ip } of addresses) if (list.length < shown) list.push(ip.includes(':') ? `[${ip}]:${port.port}` : `${ip}:${port.port}`);
      count += addresses.length;
    }
  }
  return count > shown ? `${list.join(',')} + ${count - shown} more...` : list.join(',');
}

/** pkg/registry/core/endpoint. */
export const endpointsStrategy: Strategy<Endpoints> = {
  resource: {
    group: '',
    version: 'v1',
    kind: 'Endpoints',
    plural: 'endpoints',
    singular: 'endpoints',
    shortNames: ['ep'],
    namespaced: true,
    deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  },
  applyDefaults: setEndpointsDefaults,
  validateName: nameIsSubdomain,
  warningsOnCreate: endpointsWarnings,
  warningsOnUpdate: endpointsWarnings,
  validate: validateEndpoints,
  validateUpdate: validateEndpointsUpdate,
  createOnUpdate: true,
  columns: [nameColumn, column('Endpoints', 'Addresses and ports that are ready.', formatEndpoints), ageColumn],
};
