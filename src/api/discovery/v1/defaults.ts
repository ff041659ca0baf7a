import type { EndpointSlice } from '../../../../generated/types/index.ts';

/** pkg/apis/discovery/v1 SetDefaults_EndpointPort. */
export function setEndpointSliceDefaults(slice: EndpointSlice): void {
  for (const port of slice.ports ?? []) {
    port.name ??= '';
    port.protocol ||= 'TCP';
  }
  for (const endpoint of slice.endpoints ?? []) endpoint.conditions ??= {};
}
