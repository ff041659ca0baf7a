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

const sameAddresses = (one: Readonly<ServiceSpec>, other: Readonly<ServiceSpec>): boolean =>
  (one.clusterIP ?? '') === (other.clusterIP ?? '') && String(one.clusterIPs ?? '') === String(other.clusterIPs ?? '');

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

const needsNodePort = (spec: Readonly<ServiceSpec>): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

const nodePortsOf = (spec: Readonly<ServiceSpec>): Set<number> => new Set((spec.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])));

/** A PUT without addresses and ports keeps those that were given (patchAllocatedValues). */
function keepAllocated(service: Service, previous: Readonly<Service>): void {
  const [spec, old] = [service.spec as ServiceSpec, previous.spec ?? {}];
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!(spec.clusterIPs ?? []).length && old.clusterIPs) spec.clusterIPs = [...old.clusterIPs];
    if (!spec.ipFamilyPolicy && old.ipFamilyPolicy) spec.ipFamilyPolicy = old.ipFamilyPolicy;
  }
  if (needsNodePort(spec) && needsNodePort(old)) keepNodePorts(spec, old);
  if (needsHealthCheck(service) && needsHealthCheck(previous)) spec.healthCheckNodePort ||= old.healthCheckNodePort as number;
}

/** A port is known by its name, so it keeps its node port when its number or protocol changes; unless another port asks for that one. */
function keepNodePorts(spec: ServiceSpec, old: Readonly<ServiceSpec>): void {
  const given = new Map((old.ports ?? []).map((port) => [port.name ?? '', port.nodePort]));
  const [before, asked] = [nodePortsOf(old), nodePortsOf(spec)];
  for (const port of spec.ports ?? []) {
    const number = given.get(port.name ?? '');
    if (!port.nodePort && number && !(before.has(number) && asked.has(number))) port.nodePort = number;
  }
}

/** A change of type lets go of what only the old type had, unless the client set it anew (dropTypeDependentFields). */
function dropFormerType(service: Service, previous: Readonly<Service>): void {
  const [spec, old] = [service.spec as ServiceSpec, previous.spec ?? {}];
  if (spec.type === 'ExternalName' && old.type !== 'ExternalName') {
    if (sameAddresses(spec, old)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (String(spec.ipFamilies ?? '') === String(old.ipFamilies ?? '')) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (needsNodePort(old) && !needsNodePort(spec)) {
    const before = nodePortsOf(old);
    if ([...nodePortsOf(spec)].every((port) => before.has(port))) for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheck(previous) && !needsHealthCheck(service) && spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort;
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(previous) && !isExternallyAccessible(service) && spec.externalTrafficPolicy === old.externalTrafficPolicy)
    delete spec.externalTrafficPolicy;
  // What a load balancer had said goes with it, though it may be taken down later.
  if (spec.type !== 'LoadBalancer' && service.status) service.status = { ...service.status, loadBalancer: {} };
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
    reserve: (service, previous, { dryRun }) => reserveForService(pools, service, previous, dryRun),
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
