import type { ConfigMap, Endpoints, Namespace, Node, PodTemplate, Secret, Service } from '../../../../generated/types/index.ts';
import { canonicalQuantity } from '../../../machinery/quantity.ts';
import { setPodTemplateDefaults } from './pod-defaults.ts';

export { setPodDefaults, setPodTemplateDefaults } from './pod-defaults.ts';

/** Three hours: how long a client sticks to one endpoint. */
const affinitySeconds = 10_800;

/** pkg/apis/core/v1 SetDefaults_Service. Families and addresses come from the allocator. */
export function setServiceDefaults(service: Service): void {
  const spec = (service.spec ??= {});
  service.status ??= {};
  service.status.loadBalancer ??= {};
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySeconds } };
  }
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs ?? []).length > 0;
  if (external && spec.type !== 'ExternalName') spec.externalTrafficPolicy ||= 'Cluster';
  if (['NodePort', 'LoadBalancer', 'ClusterIP'].includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

/** SetDefaults_Secret, and what conversion does with `stringData`: it becomes base64 in `data` and is not stored. */
export function setSecretDefaults(secret: Secret): void {
  secret.type ||= 'Opaque';
  canonicalBytes(secret.data);
  const plain = Object.entries(secret.stringData ?? {});
  if (plain.length > 0) secret.data = { ...secret.data, ...Object.fromEntries(plain.map(([key, text]) => [key, Buffer.from(text).toString('base64')])) };
  delete secret.stringData;
}

export function setConfigMapDefaults(map: ConfigMap): void {
  canonicalBytes(map.binaryData);
}

/** Bytes as Go writes them: without the ends of lines that it takes among them, and without bits behind the last byte. */
function canonicalBytes(data: Record<string, string> | undefined): void {
  for (const [key, text] of Object.entries(data ?? {})) {
    const end = text.slice(-4);
    const isCanonical = !/[\r\n]/.test(text) && (!end.endsWith('=') || Buffer.from(end, 'base64').toString('base64') === end);
    if (!isCanonical) data![key] = Buffer.from(text, 'base64').toString('base64');
  }
}

/** SetDefaults_Namespace and the label that names every namespace. */
export function setNamespaceDefaults(namespace: Namespace): void {
  namespace.spec ??= {};
  namespace.status ??= {};
  namespace.status.phase ||= 'Active';
  const metadata = (namespace.metadata ??= {});
  // A name that is still to be generated gets its label when it is known.
  if (metadata.name) (metadata.labels ??= {})['kubernetes.io/metadata.name'] = metadata.name;
}

/** SetDefaults_NodeStatus: what is allocatable is the capacity unless the node says less. */
export function setNodeDefaults(node: Node): void {
  node.spec ??= {};
  const status = (node.status ??= {});
  for (const amounts of [status.capacity, status.allocatable]) {
    for (const [name, amount] of Object.entries(amounts ?? {})) amounts![name] = canonicalQuantity(amount);
  }
  if (status.allocatable === undefined && status.capacity) status.allocatable = { ...status.capacity };
  status.daemonEndpoints ??= {};
  status.daemonEndpoints.kubeletEndpoint ??= { Port: 0 };
  status.nodeInfo = { ...emptyNodeInfo, ...status.nodeInfo };
  syncPodCidr(node);
}

/** Fields that Go always writes. */
const emptyNodeInfo: NonNullable<NonNullable<Node['status']>['nodeInfo']> = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
};

/** The field of one range and the list mirror each other; where they differ, the field is right, since old clients know no other (conversion of core/v1 Node). */
function syncPodCidr(node: Node): void {
  const spec = node.spec!;
  if (spec.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR];
  else if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
}

/** SetDefaults_Endpoints. */
export function setEndpointsDefaults(endpoints: Endpoints): void {
  for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
}

export function setPodTemplateObjectDefaults(template: PodTemplate): void {
  setPodTemplateDefaults((template.template ??= {}));
}
