import type { Service, ServicePort, ServiceSpec } from '../../../../generated/types/index.ts';
import type { FieldError, FieldPath } from '../../../machinery/field-error.ts';
import { GoText, path } from '../../../machinery/field-error.ts';
import { goStringList, goStruct } from '../../../machinery/go-syntax.ts';
import { ipFamilyOf, isIp, validateCidr, validateIp } from '../../meta/ip.ts';
import { validateLabels } from '../../meta/labels.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain, isPortNumber, isQualifiedName, nameIs1035Label } from '../../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../meta/object-meta.ts';
import { validateNonSpecialIp } from '../../meta/special-ip.ts';
import { supportedProtocols, validatePort } from './containers-validation.ts';
import { isExternallyAccessible, isHeadless, needsHealthCheck } from './services.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const at = path('spec');
/** A day, in seconds. */
const maxAffinitySeconds = 86_400;

/** pkg/apis/core/validation ValidateService. */
export function validateService(service: Service): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, service.metadata, true, nameIs1035Label);
  const spec = service.spec ?? {};
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(service) && spec.type !== 'ExternalName') mistakes.required(at.child('ports'));
  validateType(mistakes, service, spec);
  const names = new Set<string>();
  ports.forEach((port, i) => {
    validateServicePort(mistakes, port, ports.length > 1, names, at.child('ports').index(i));
  });
  validateLabels(mistakes, spec.selector, at.child('selector'));
  validateAffinity(mistakes, spec);
  mistakes.add(validateClusterIps(service));
  (spec.externalIPs ?? []).forEach((ip, i) => {
    const one = at.child('externalIPs').index(i);
    if (validateIp(mistakes, ip, one)) validateNonSpecialIp(mistakes, ip, one);
  });
  mistakes.oneOf(at.child('type'), spec.type, types);
  validatePortSet(mistakes, spec, ports);
  validateLoadBalancer(mistakes, spec);
  validateTrafficPolicies(mistakes, service, spec);
  return mistakes.list;
}

function validateType(mistakes: Mistakes, service: Service, spec: ServiceSpec): void {
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(service)) {
    mistakes.invalid(at.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`);
  }
  if (spec.type !== 'ExternalName') return;
  const why = 'may not be set for ExternalName services';
  if ((spec.clusterIPs ?? []).length > 0) mistakes.forbidden(at.child('clusterIPs'), why);
  if ((spec.ipFamilies ?? []).length > 0) mistakes.forbidden(at.child('ipFamilies'), why);
  if (spec.ipFamilyPolicy !== undefined) mistakes.forbidden(at.child('ipFamilyPolicy'), why);
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name) mistakes.invalid(at.child('externalName'), name, isDns1123Subdomain(name));
  else mistakes.required(at.child('externalName'));
}

function validateServicePort(mistakes: Mistakes, port: ServicePort, needsName: boolean, names: Set<string>, one: FieldPath): void {
  if (needsName && !port.name) mistakes.required(one.child('name'));
  else if (port.name) {
    mistakes.invalid(one.child('name'), port.name, isDns1123Label(port.name));
    if (names.has(port.name)) mistakes.duplicate(one.child('name'), port.name);
    names.add(port.name);
  }
  mistakes.invalid(one.child('port'), port.port ?? 0, isPortNumber(port.port ?? 0));
  mistakes.oneOf(one.child('protocol'), port.protocol, supportedProtocols);
  validatePort(mistakes, port.targetPort, one.child('targetPort'));
  if (port.appProtocol !== undefined) mistakes.invalid(one.child('appProtocol'), port.appProtocol, isQualifiedName(port.appProtocol));
}

function validateAffinity(mistakes: Mistakes, spec: ServiceSpec): void {
  mistakes.oneOf(at.child('sessionAffinity'), spec.sessionAffinity, ['ClientIP', 'None']);
  const config = at.child('sessionAffinityConfig');
  if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig) mistakes.forbidden(config, 'must not be set when session affinity is None');
  if (spec.sessionAffinity !== 'ClientIP') return;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  const field = config.child('clientIP', 'timeoutSeconds');
  if (seconds === undefined) mistakes.required(field, 'when session affinity type is ClientIP');
  else if (seconds <= 0 || seconds > maxAffinitySeconds) mistakes.invalid(field, seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`);
}

/** ValidateServiceClusterIPsRelatedFields: also asked by the allocator before it hands out addresses. */
export function validateClusterIps(service: Service): FieldError[] {
  const mistakes = new Mistakes();
  const spec = service.spec ?? {};
  if (spec.type === 'ExternalName') return [];
  const [ips, families] = [spec.clusterIPs ?? [], spec.ipFamilies ?? []];
  const field = at.child('clusterIPs');
  if (spec.clusterIP) {
    if (ips.length === 0) mistakes.required(field);
    else if (ips[0] !== spec.clusterIP) mistakes.invalid(field, goStringList(spec.clusterIPs), 'first value must match `clusterIP`');
  } else if (ips.length > 0) mistakes.invalid(field, goStringList(spec.clusterIPs), 'must be empty when `clusterIP` is not specified');
  const seenFamilies = new Set<string>();
  families.forEach((family, i) => {
    const one = at.child('ipFamilies').index(i);
    if (family !== 'IPv4' && family !== 'IPv6') mistakes.notSupported(one, family, ['IPv4', 'IPv6']);
    if (seenFamilies.has(family)) mistakes.duplicate(one, family);
    seenFamilies.add(family);
  });
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(spec.ipFamilyPolicy))
    mistakes.notSupported(at.child('ipFamilyPolicy'), spec.ipFamilyPolicy, policies);
  if (ips[0] === 'None' && ips.length > 1) mistakes.invalid(field, goStringList(spec.clusterIPs), "'None' must be the first and only value");
  let broken = ips[0] === 'None' && ips.length > 1;
  ips.forEach((ip, i) => {
    if (i === 0 && ip === 'None') return;
    if (!validateIp(mistakes, ip, field.index(i))) broken = true;
  });
  if (ips.length > 2) mistakes.invalid(field, goStringList(spec.clusterIPs), 'may only hold up to 2 values');
  if (broken) return mistakes.list;
  if (ips.length > 1 && new Set(ips.map(ipFamilyOf)).size !== 2)
    mistakes.invalid(field, goStringList(spec.clusterIPs), 'may specify no more than one IP for each IP family');
  ips.forEach((ip, i) => {
    const family = families[i];
    if ((family === 'IPv4' || family === 'IPv6') && isIp(ip) && ipFamilyOf(ip) !== family)
      mistakes.invalid(field.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``);
  });
  return mistakes.list;
}

/** Upstream looks at nothing but the protocol and the number, and says as much. */
const goPort = ({ protocol = '', port = 0 }: ServicePort): GoText =>
  goStruct('core.ServicePort', {
    Name: '',
    Protocol: protocol,
    AppProtocol: new GoText('(*string)(nil)'),
    Port: port,
    TargetPort: goStruct('intstr.IntOrString', { Type: 0, IntVal: 0, StrVal: '' }),
    NodePort: 0,
  });

function validatePortSet(mistakes: Mistakes, spec: ServiceSpec, ports: readonly ServicePort[]): void {
  const field = at.child('ports');
  ports.forEach((port, i) => {
    if (spec.type === 'ClusterIP' && port.nodePort) mistakes.forbidden(field.index(i).child('nodePort'), "may not be used when `type` is 'ClusterIP'");
  });
  const nodePorts = new Set<string>();
  ports.forEach((port, i) => {
    const key = `${port.protocol}/${port.nodePort}`;
    if (port.nodePort && nodePorts.has(key)) mistakes.duplicate(field.index(i).child('nodePort'), port.nodePort);
    nodePorts.add(key);
  });
  const seen = new Set<string>();
  ports.forEach((port, i) => {
    const key = `${port.protocol}/${port.port}`;
    if (seen.has(key)) mistakes.duplicate(field.index(i), goPort(port));
    seen.add(key);
  });
}

function validateLoadBalancer(mistakes: Mistakes, spec: ServiceSpec): void {
  const only = "may only be used when `type` is 'LoadBalancer'";
  const isBalancer = spec.type === 'LoadBalancer';
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0 && !isBalancer) mistakes.forbidden(at.child('LoadBalancerSourceRanges'), only);
  ranges.forEach((range, i) => {
    validateCidr(mistakes, range.trim(), at.child('LoadBalancerSourceRanges').index(i));
  });
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer) mistakes.forbidden(at.child('allocateLoadBalancerNodePorts'), only);
  if (isBalancer && spec.allocateLoadBalancerNodePorts === undefined) mistakes.required(path('allocateLoadBalancerNodePorts'));
  const field = at.child('loadBalancerClass');
  if (spec.loadBalancerClass !== undefined && !isBalancer) mistakes.forbidden(field, "may only be used when `type` is 'LoadBalancer'");
  else if (spec.loadBalancerClass !== undefined) mistakes.invalid(field, spec.loadBalancerClass, isQualifiedName(spec.loadBalancerClass));
}

function validateTrafficPolicies(mistakes: Mistakes, service: Service, spec: ServiceSpec): void {
  const external = at.child('externalTrafficPolicy');
  if (isExternallyAccessible(service)) mistakes.oneOf(external, spec.externalTrafficPolicy, ['Cluster', 'Local']);
  else if (spec.externalTrafficPolicy) mistakes.invalid(external, spec.externalTrafficPolicy, 'may only be set for externally-accessible services');
  const check = at.child('healthCheckNodePort');
  if (needsHealthCheck(service)) {
    if (!spec.healthCheckNodePort) mistakes.required(check);
    else mistakes.invalid(check, spec.healthCheckNodePort, isPortNumber(spec.healthCheckNodePort));
  } else if (spec.healthCheckNodePort) {
    mistakes.invalid(check, spec.healthCheckNodePort, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
  }
  const internal = spec.internalTrafficPolicy;
  if (internal === undefined && ['NodePort', 'LoadBalancer', 'ClusterIP'].includes(spec.type ?? '')) mistakes.required(at.child('internalTrafficPolicy'));
  if (internal !== undefined && internal !== 'Cluster' && internal !== 'Local')
    mistakes.notSupported(at.child('internalTrafficPolicy'), internal, ['Cluster', 'Local']);
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && distribution !== 'PreferClose') mistakes.notSupported(at.child('trafficDistribution'), distribution, ['PreferClose']);
}

/** pkg/apis/core/validation ValidateServiceUpdate. */
export function validateServiceUpdate(next: Service, previous: Readonly<Service>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  const [spec, old] = [next.spec ?? {}, previous.spec ?? {}];
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') validateAddressChange(mistakes, next, previous, spec, old);
  if (needsHealthCheck(previous) && needsHealthCheck(next) && spec.healthCheckNodePort !== old.healthCheckNodePort) {
    mistakes.forbidden(at.child('healthCheckNodePort'), 'field is immutable');
  }
  if (old.type === 'LoadBalancer' && spec.type === 'LoadBalancer' && old.loadBalancerClass !== spec.loadBalancerClass) {
    mistakes.invalid(at.child('loadBalancerClass'), spec.loadBalancerClass ?? null, 'may not change once set');
  }
  mistakes.add(validateService(next));
  return mistakes.list;
}

function validateAddressChange(mistakes: Mistakes, next: Service, previous: Readonly<Service>, spec: ServiceSpec, old: ServiceSpec): void {
  const field = at.child('clusterIPs');
  const [now, then] = [spec.clusterIPs ?? [], old.clusterIPs ?? []];
  if (isHeadless(next) && isHeadless(previous)) return;
  if (now.length === then.length) {
    then.forEach((ip, i) => {
      if (ip !== now[i]) mistakes.invalid(field.index(i), goStringList(spec.clusterIPs), 'may not change once set');
    });
  } else if (then.length > 0 && now.length === 0) mistakes.invalid(field.index(0), goStringList(spec.clusterIPs), 'primary clusterIP can not be unset');
  else if (then.length > 0 && now[0] !== then[0]) mistakes.invalid(field.index(0), goStringList(spec.clusterIPs), 'may not change once set');
  if (now.length === 1 && then.length > 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    mistakes.invalid(at.child('ipFamilyPolicy'), spec.ipFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary clusterIP");
  }
  if (isHeadless(next) !== isHeadless(previous)) return;
  const [families, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []];
  if (before[0] && families[0] && before[0] !== families[0])
    mistakes.invalid(at.child('ipFamilies').index(0), goStringList(families, '[]core.IPFamily'), 'may not change once set');
}

export function validateServiceStatusUpdate(next: Service, previous: Readonly<Service>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  const field = path('status', 'loadBalancer', 'ingress');
  const ingress = next.status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && next.spec?.type !== 'LoadBalancer') mistakes.forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'");
  else {
    ingress.forEach(({ ip, hostname }, i) => {
      if (ip) validateIp(mistakes, ip, field.index(i).child('ip'));
      if (hostname) mistakes.invalid(field.index(i).child('hostname'), hostname, isDns1123Subdomain(hostname));
      if (hostname && isIp(hostname)) mistakes.invalid(field.index(i).child('hostname'), hostname, 'must be a DNS name, not an IP address');
    });
  }
  return mistakes.list;
}
