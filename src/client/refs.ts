import type { ResourceRef } from './types.ts';

const ref =
  (group: string, version: string) =>
  (kind: string, resource: string, namespaced = true): ResourceRef => ({ group, version, kind, resource, namespaced });

const core = ref('', 'v1');
const apps = ref('apps', 'v1');
const batch = ref('batch', 'v1');
const rbac = ref('rbac.authorization.k8s.io', 'v1');
const storage = ref('storage.k8s.io', 'v1');

/** The built-in resources that components talk about, by the name of the client's property. */
export const refs = {
  bindings: core('Binding', 'bindings'),
  configMaps: core('ConfigMap', 'configmaps'),
  endpoints: core('Endpoints', 'endpoints'),
  events: core('Event', 'events'),
  limitRanges: core('LimitRange', 'limitranges'),
  namespaces: core('Namespace', 'namespaces', false),
  nodes: core('Node', 'nodes', false),
  persistentVolumeClaims: core('PersistentVolumeClaim', 'persistentvolumeclaims'),
  persistentVolumes: core('PersistentVolume', 'persistentvolumes', false),
  pods: core('Pod', 'pods'),
  podTemplates: core('PodTemplate', 'podtemplates'),
  replicationControllers: core('ReplicationController', 'replicationcontrollers'),
  resourceQuotas: core('ResourceQuota', 'resourcequotas'),
  secrets: core('Secret', 'secrets'),
  serviceAccounts: core('ServiceAccount', 'serviceaccounts'),
  services: core('Service', 'services'),
  controllerRevisions: apps('ControllerRevision', 'controllerrevisions'),
  daemonSets: apps('DaemonSet', 'daemonsets'),
  deployments: apps('Deployment', 'deployments'),
  replicaSets: apps('ReplicaSet', 'replicasets'),
  statefulSets: apps('StatefulSet', 'statefulsets'),
  cronJobs: batch('CronJob', 'cronjobs'),
  jobs: batch('Job', 'jobs'),
  certificateSigningRequests: ref('certificates.k8s.io', 'v1')('CertificateSigningRequest', 'certificatesigningrequests', false),
  leases: ref('coordination.k8s.io', 'v1')('Lease', 'leases'),
  endpointSlices: ref('discovery.k8s.io', 'v1')('EndpointSlice', 'endpointslices'),
  eventsV1: ref('events.k8s.io', 'v1')('Event', 'events'),
  horizontalPodAutoscalers: ref('autoscaling', 'v2')('HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  ingressClasses: ref('networking.k8s.io', 'v1')('IngressClass', 'ingressclasses', false),
  ingresses: ref('networking.k8s.io', 'v1')('Ingress', 'ingresses'),
  ipAddresses: ref('networking.k8s.io', 'v1')('IPAddress', 'ipaddresses', false),
  networkPolicies: ref('networking.k8s.io', 'v1')('NetworkPolicy', 'networkpolicies'),
  podDisruptionBudgets: ref('policy', 'v1')('PodDisruptionBudget', 'poddisruptionbudgets'),
  priorityClasses: ref('scheduling.k8s.io', 'v1')('PriorityClass', 'priorityclasses', false),
  clusterRoleBindings: rbac('ClusterRoleBinding', 'clusterrolebindings', false),
  clusterRoles: rbac('ClusterRole', 'clusterroles', false),
  roleBindings: rbac('RoleBinding', 'rolebindings'),
  roles: rbac('Role', 'roles'),
  serviceCidrs: ref('networking.k8s.io', 'v1')('ServiceCIDR', 'servicecidrs', false),
  runtimeClasses: ref('node.k8s.io', 'v1')('RuntimeClass', 'runtimeclasses', false),
  storageClasses: storage('StorageClass', 'storageclasses', false),
} as const satisfies Readonly<Record<string, ResourceRef>>;

/** `apps/v1/deployments`: what tells one resource from another. */
export function refId(resource: ResourceRef): string {
  return `${resource.group}/${resource.version}/${resource.resource}`;
}

/** The path of a collection, or of one object, or of its subresource. Names are percent-encoded. */
export function resourcePath(resource: ResourceRef, namespace: string | undefined, name?: string, subresource?: string): string {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const rest = [name, subresource].filter((part) => part).map((part) => `/${encodeURIComponent(part as string)}`);
  return `${root}${scope}/${resource.resource}${rest.join('')}`;
}
