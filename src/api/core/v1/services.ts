import type { Service } from '../../../../generated/types/index.ts';

/** No address of its own: DNS answers with the endpoints. */
export function isHeadless(service: Readonly<Service>): boolean {
  const spec = service.spec;
  return spec?.clusterIP === 'None' || (spec?.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None');
}

/** Whether traffic from outside can reach it (pkg/api/v1/service ExternallyAccessible). */
export function isExternallyAccessible({ spec }: Readonly<Service>): boolean {
  return spec?.type === 'LoadBalancer' || spec?.type === 'NodePort' || (spec?.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
}

/** Whether load balancers ask a node port for health (pkg/api/v1/service NeedsHealthCheck). */
export function needsHealthCheck({ spec }: Readonly<Service>): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}
