/**
 * Fields that upstream's Go types hold as structs, not as pointers to them, lists and times that it writes as null where there are
 * none, and texts and numbers that are optional and written all the same: they are in every object, empty or not, so that nobody ever
 * comes to own them empty. Only those matter that are reached from the root through such fields alone.
 */
const structs: Readonly<Record<string, readonly string[]>> = {
  'apps.v1.DaemonSetSpec': ['template', 'updateStrategy'],
  'apps.v1.DeploymentSpec': ['strategy', 'template'],
  'apps.v1.ReplicaSetSpec': ['template'],
  'apps.v1.StatefulSetSpec': ['serviceName', 'template', 'updateStrategy'],
  'apps.v1.StatefulSetStatus': ['availableReplicas'],
  'autoscaling.v1.HorizontalPodAutoscalerSpec': ['scaleTargetRef'],
  'autoscaling.v2.HorizontalPodAutoscalerSpec': ['scaleTargetRef'],
  'batch.v1.CronJobSpec': ['jobTemplate'],
  'batch.v1.JobSpec': ['template'],
  'core.v1.Binding': ['target'],
  'core.v1.Event': ['involvedObject', 'source', 'firstTimestamp', 'lastTimestamp', 'eventTime', 'reportingComponent', 'reportingInstance'],
  'core.v1.NodeDaemonEndpoints': ['kubeletEndpoint'],
  'core.v1.NodeStatus': ['daemonEndpoints', 'nodeInfo'],
  'core.v1.PersistentVolumeClaimSpec': ['resources'],
  'core.v1.PodTemplate': ['template'],
  'core.v1.ServiceStatus': ['loadBalancer'],
  'discovery.v1.EndpointSlice': ['endpoints', 'ports'],
  'events.v1.Event': ['deprecatedSource', 'regarding'],
  'flowcontrol.v1.FlowSchemaSpec': ['matchingPrecedence', 'priorityLevelConfiguration'],
  'networking.v1.IngressStatus': ['loadBalancer'],
  'networking.v1.NetworkPolicySpec': ['podSelector'],
  'rbac.v1.ClusterRole': ['rules'],
  'rbac.v1.ClusterRoleBinding': ['roleRef'],
  'rbac.v1.Role': ['rules'],
  'rbac.v1.RoleBinding': ['roleRef'],
  'storage.v1.VolumeAttachmentSpec': ['source'],
  'pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec': ['names'],
  'pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus': ['acceptedNames'],
};

const common = new Set(['metadata', 'spec', 'status']);
const prefixes = ['io.k8s.api.', 'io.k8s.apiextensions-apiserver.', 'io.k8s.kube-aggregator.'] as const;

/** Whether every object of a definition has this field. */
export function alwaysPresent(definition: string, field: string): boolean {
  const prefix = prefixes.find((one) => definition.startsWith(one));
  if (!prefix) return field === 'metadata';
  return common.has(field) || structs[definition.slice(prefix.length)]?.includes(field) === true;
}
