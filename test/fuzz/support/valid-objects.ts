type Json = Record<string, unknown>;

const container = {
  name: 'main',
  image: 'nginx:1.27',
  ports: [{ name: 'http', containerPort: 80 }],
  env: [{ name: 'A', value: 'b' }],
  resources: { requests: { cpu: '100m' } },
};
const podSpec: Json = {
  containers: [container],
  initContainers: [{ name: 'init', image: 'busybox', command: ['true'] }],
  volumes: [{ name: 'data', emptyDir: {} }],
  tolerations: [{ key: 'a', operator: 'Exists' }],
  nodeSelector: { disk: 'ssd' },
};
const labels = { app: 'web' };
const template = { metadata: { labels }, spec: podSpec };
const selector = { matchLabels: labels };
const jobSpec = { template: { spec: { ...podSpec, restartPolicy: 'Never' } }, backoffLimit: 2 };

/** What makes an object of a kind valid, beside its metadata. */
const bodies: Readonly<Record<string, Json>> = {
  Pod: { spec: podSpec },
  PodTemplate: { template },
  ReplicationController: { spec: { replicas: 1, selector: labels, template } },
  Deployment: { spec: { replicas: 2, selector, template, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } } } },
  ReplicaSet: { spec: { replicas: 2, selector, template } },
  StatefulSet: { spec: { replicas: 2, serviceName: 'web', selector, template } },
  DaemonSet: { spec: { selector, template } },
  ControllerRevision: { revision: 1, data: { a: 1 } },
  Job: { spec: jobSpec },
  CronJob: { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: jobSpec } } },
  Service: { spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }], type: 'NodePort' } },
  Endpoints: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  EndpointSlice: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ name: '', port: 80, protocol: 'TCP' }] },
  ConfigMap: { data: { a: 'b' }, binaryData: { c: 'AAAA' } },
  Secret: { type: 'Opaque', data: { a: 'AAAA' } },
  ServiceAccount: { secrets: [{ name: 's' }], automountServiceAccountToken: false },
  Namespace: {},
  Node: { spec: { podCIDR: '10.244.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule' }] }, status: { capacity: { cpu: '4' } } },
  Lease: { spec: { holderIdentity: 'me', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' } },
  Event: { involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' }, reason: 'Started', message: 'Started', type: 'Normal' },
  ResourceQuota: { spec: { hard: { pods: '100', 'requests.cpu': '10' } } },
  LimitRange: { spec: { limits: [{ type: 'Container', default: { cpu: '500m' } }] } },
  PersistentVolume: { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp' } } },
  PersistentVolumeClaim: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  StorageClass: { provisioner: 'example.com/nfs' },
  PriorityClass: { value: 1000 },
  IngressClass: { spec: { controller: 'example.com/ingress' } },
  Ingress: {
    spec: { rules: [{ host: 'a.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }] } }] },
  },
  NetworkPolicy: { spec: { podSelector: {}, ingress: [{ from: [{ podSelector: selector }], ports: [{ port: 80 }] }], policyTypes: ['Ingress'] } },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector } },
  HorizontalPodAutoscaler: { spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } },
  Role: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  ClusterRole: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  RoleBinding: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'x' },
    subjects: [{ kind: 'User', name: 'a', apiGroup: 'rbac.authorization.k8s.io' }],
  },
  ClusterRoleBinding: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'x' } },
  RuntimeClass: { handler: 'runsc' },
};

/** A valid object, or undefined for kinds that nobody has written one for. */
export function validObject(kind: string, apiVersion: string, name: string): Json | undefined {
  const body = bodies[kind];
  if (!body) return undefined;
  return { apiVersion, kind, metadata: { name, labels, annotations: { note: 'n' } }, ...structuredClone(body) };
}
