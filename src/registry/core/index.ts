import type { KubeObject } from '../../machinery/types.ts';
import { eventStrategy } from '../events/events.ts';
import type { Strategy } from '../generic/strategy.ts';
import { componentStatusStrategy } from './component-statuses.ts';
import { configMapStrategy, podTemplateStrategy, secretStrategy, serviceAccountStrategy } from './configuration.ts';
import { endpointsStrategy } from './endpoints.ts';
import { limitRangeStrategy, resourceQuotaStrategy } from './limits.ts';
import { namespaceStrategy } from './namespaces.ts';
import { nodeStrategy } from './nodes.ts';
import { podStrategy } from './pods.ts';
import { replicationControllerStrategy } from './replication-controllers.ts';
import type { ServicePools } from './service-reservation.ts';
import { createServiceStrategy } from './services.ts';
import { persistentVolumeClaimStrategy, persistentVolumeStrategy } from './volumes.ts';

export { componentStatuses } from './component-statuses.ts';
export { IpAllocator } from './ip-allocator.ts';
export { podColumns, podRowConditions, summarizePod } from './pod-columns.ts';
export { PortAllocator } from './port-allocator.ts';
export type { ServicePools } from './service-reservation.ts';
export { adoptService } from './service-reservation.ts';

/** The resources of core/v1, in the order in which discovery lists them (by name). */
export function coreStrategies(pools: ServicePools): readonly Strategy[] {
  const list = [
    componentStatusStrategy,
    configMapStrategy,
    endpointsStrategy,
    eventStrategy,
    limitRangeStrategy,
    namespaceStrategy,
    nodeStrategy,
    persistentVolumeClaimStrategy,
    persistentVolumeStrategy,
    podStrategy,
    podTemplateStrategy,
    replicationControllerStrategy,
    resourceQuotaStrategy,
    secretStrategy,
    serviceAccountStrategy,
    createServiceStrategy(pools),
  ];
  return list as unknown as readonly Strategy<KubeObject>[];
}
