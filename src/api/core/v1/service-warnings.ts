import type { Service } from '../../../../generated/types/index.ts';
import { formatIpv4, isIpv6, parseIpv4 } from '../../meta/ip.ts';

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

/**
 * An address that is not written as it should be (utilvalidation GetWarningsForIP).
 * Differs from upstream: of IPv6 addresses only those that are not in lower case are told.
 */
function ipWarnings(field: string, text: string): string[] {
  const number = parseIpv4(text);
  if (number !== undefined && formatIpv4(number) !== text) {
    return [`${field}: non-standard IP address "${text}" will be considered invalid in a future Kubernetes release: use "${formatIpv4(number)}"`];
  }
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  if (mapped) return [`${field}: non-standard IP address "${text}" will be considered invalid in a future Kubernetes release: use "${mapped[1]}"`];
  if (isIpv6(text) && text !== text.toLowerCase()) return [`${field}: IPv6 address "${text}" should be in RFC 5952 canonical format ("${text.toLowerCase()}")`];
  return [];
}
