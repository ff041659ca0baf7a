import type { Service, ServiceSpec } from '../../../generated/types/index.ts';
import {
  isExternallyAccessible,
  nameIs1035Label,
  needsHealthCheck,
  serviceWarnings,
  setServiceDefaults,
  validateService,
  validateServiceStatusUpdate,
  validateServiceUpdate,
} from '../../api/index.ts';
import type { Column, Strategy } from '../generic/strategy.ts';
import { ageColumn, column, formatLabels, nameColumn, wide } from './columns.ts';
import { freeService, reserveForService, type ServicePools } from './service-reservation.ts';

function externalIps({ spec, status }: Readonly<Service>): string {
  const own = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return own.join(',') || '<none>';
    case 'LoadBalancer': {
      const ingress = [...new Set((status?.loadBalancer?.ingress ?? []).map((one) => one.ip || one.hostname || ''))].filter(Boolean).sort();
      return [...ingress, ...own].join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function ports({ spec }: Readonly<Service>): string {
  const texts = (spec?.ports ?? []).map((port) => (port.nodePort ? `${port.port}:${port.nodePort}/${port.protocol}` : `${port.port}/${port.protocol}`));
  return texts.join(',') || '<none>';
}

const columns: readonly Column<Service>[] = [
  nameColumn,
  column('Type', 'How the service is reached.', (service) => service.spec?.type ?? ''),
  column('Cluster-IP', 'The address inside the cluster.', (service) => service.spec?.clusterIP || '<none>'),
  column('External-IP', 'Addresses outside the cluster.', externalIps),
  column('Port(s)', 'Ports of the service, with their node ports.', ports),
  ageColumn,
  wide('Selector', 'Labels of the pods behind the service.', (service) => formatLabels(service.spec?.selector)),
];

/** `clusterIP` is the first of `clusterIPs`: whichever the client set, the other follows (normalizeClusterIPs). */
function normalizeClusterIps(service: Service, previous: Readonly<Service> | undefined): void {
  const spec = service.spec as ServiceSpec;
  if (!previous) {
    if (spec.clusterIP && !(spec.clusterIPs ?? []).length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const old = previous.spec ?? {};
  if (spec.clusterIP !== old.clusterIP && String(spec.clusterIPs ?? '') === String(old.clusterIPs ?? '')) {
    // Only the one field was changed, by a client that may not know the other.
    if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
    else delete spec.clusterIPs;
  }
}

/** A PUT without addresses and ports keeps those that were given (patchAllocatedValues). */
function keepAllocated(service: Service, previous: Readonly<Service>): void {
  const [spec, old] = [service.spec as ServiceSpec, previous.spec ?? {}];
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (!spec.clusterIP && !(spec.clusterIPs ?? []).length && old.clusterIP) {
      spec.clusterIP = old.clusterIP;
      if (old.clusterIPs) spec.clusterIPs = [...old.clusterIPs];
    }
    if (!spec.ipFamilyPolicy && old.ipFamilyPolicy) spec.ipFamilyPolicy = old.ipFamilyPolicy;
    if (!(spec.ipFamilies ?? []).length && old.ipFamilies) spec.ipFamilies = [...old.ipFamilies];
  }
  const external = ['NodePort', 'LoadBalancer'];
  if (external.includes(spec.type ?? '') && external.includes(old.type ?? '')) {
    const given = new Map((old.ports ?? []).map((port) => [`${port.protocol}/${port.port}`, port.nodePort]));
    const used = new Set((spec.ports ?? []).map((port) => port.nodePort));
    for (const port of spec.ports ?? []) {
      const before = given.get(`${port.protocol}/${port.port}`);
      if (!port.nodePort && before && !used.has(before)) port.nodePort = before;
    }
  }
  if (needsHealthCheck(service) && needsHealthCheck(previous)) spec.healthCheckNodePort ||= old.healthCheckNodePort as number;
}

/** A change of type lets go of what only the old type had, unless the client set it anew (dropTypeDependentFields). */
function dropFormerType(service: Service, previous: Readonly<Service>): void {
  const [spec, old] = [service.spec as ServiceSpec, previous.spec ?? {}];
  if (spec.type === 'ExternalName' && old.type !== 'ExternalName') {
    if (String(spec.clusterIPs ?? '') === String(old.clusterIPs ?? '')) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (String(spec.ipFamilies ?? '') === String(old.ipFamilies ?? '')) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (spec.type === 'ClusterIP' || spec.type === 'ExternalName') {
    const before = new Map((old.ports ?? []).map((port) => [`${port.protocol}/${port.port}`, port.nodePort]));
    for (const port of spec.ports ?? []) if (port.nodePort && before.get(`${port.protocol}/${port.port}`) === port.nodePort) delete port.nodePort;
  }
  if (needsHealthCheck(previous) && !needsHealthCheck(service) && spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort;
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(previous) && !isExternallyAccessible(service) && spec.externalTrafficPolicy === old.externalTrafficPolicy)
    delete spec.externalTrafficPolicy;
}

/** pkg/registry/core/service, with the pools that addresses and node ports come from. */
export function createServiceStrategy(pools: ServicePools): Strategy<Service> {
  return {
    resource: {
      group: '',
      version: 'v1',
      kind: 'Service',
      plural: 'services',
      singular: 'service',
      shortNames: ['svc'],
      categories: ['all'],
      namespaced: true,
    },
    applyDefaults: setServiceDefaults,
    prepareForCreate(service) {
      service.status = { loadBalancer: {} };
      normalizeClusterIps(service, undefined);
    },
    validateName: nameIs1035Label,
    validate: validateService,
    warningsOnCreate: serviceWarnings,
    warningsOnUpdate: serviceWarnings,
    prepareForUpdate(next, previous) {
      next.status = previous.status!;
      keepAllocated(next, previous);
      normalizeClusterIps(next, previous);
      dropFormerType(next, previous);
    },
    validateUpdate: validateServiceUpdate,
    reserve: (service, previous) => reserveForService(pools, service, previous),
    released: (service) => freeService(pools, service),
    createOnUpdate: true,
    returnsDeletedObject: true,
    status: {
      prepareForUpdate(next, previous) {
        next.spec = previous.spec!;
      },
      validateUpdate: validateServiceStatusUpdate,
    },
    columns,
    selectableFields: (service) => ({ 'spec.clusterIP': service.spec?.clusterIP ?? '', 'spec.type': service.spec?.type ?? '' }),
  };
}
