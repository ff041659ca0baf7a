import type { Strategy } from '../generic/strategy.ts';
import { endpointSliceStrategy } from './endpoint-slices.ts';

export { endpointSliceStrategy };

/** The resources of discovery.k8s.io/v1. */
export const discoveryStrategies = [endpointSliceStrategy] as unknown as readonly Strategy[];
