import type { Service } from '../../../../generated/types/index.ts';
import { ipWarnings } from '../../meta/ip-warnings.ts';

/** What a service is warned of (pkg/api/service GetWarningsForService). */
export function serviceWarnings(service: Readonly<Service>): string[] {
  const { spec = {}, metadata } = service;
  const { clusterIP, clusterIPs = [], externalIPs = [], externalName, loadBalancerIP, type } = spec;
  const warnings: string[] = [];
  if (metadata?.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined) {
    warnings.push('annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead');
  }
  if (clusterIP && clusterIP !== 'None') warnings.push(...clusterIPs.flatMap((ip, index) => ipWarnings(`spec.clusterIPs[${index}]`, ip)));
  warnings.push(...externalIPs.flatMap((ip, index) => ipWarnings(`spec.externalIPs[${index}]`, ip)));
  if (loadBalancerIP) warnings.push(...ipWarnings('spec.loadBalancerIP', loadBalancerIP));
  if (type === 'ExternalName' && externalIPs.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== 'ExternalName' && externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  return warnings;
}
