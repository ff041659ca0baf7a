import { controlKinds } from './control-kinds.ts';
import { jobTemplate, labels, richPod, richTemplate, selector, smallPod, smallTemplate } from './sample-pods.ts';

type Json = Record<string, unknown>;

/** One kind as the cases write it: where it lives, and an object that fills most of what a user fills. */
export interface SampleKind {
  readonly kind: string;
  /** The collection, with `$ns`. */
  readonly path: string;
  readonly apiVersion: string;
  /** Without type and metadata. */
  readonly minimal: Json;
  readonly rich: Json;
  /** For kinds whose names follow rules of their own. */
  readonly name?: string;
}

const core = '/api/v1/namespaces/$ns';
const namespaced = (groupVersion: string): string => `/apis/${groupVersion}/namespaces/$ns`;

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

/** Every kind that the cases write. */
export const sampleKinds: readonly SampleKind[] = [
  { kind: 'Pod', apiVersion: 'v1', path: `${core}/pods`, minimal: { spec: smallPod }, rich: { spec: richPod } },
  { kind: 'PodTemplate', apiVersion: 'v1', path: `${core}/podtemplates`, minimal: { template: smallTemplate }, rich: { template: richTemplate } },
  {
    kind: 'ReplicationController',
    apiVersion: 'v1',
    path: `${core}/replicationcontrollers`,
    minimal: { spec: { replicas: 0, selector: labels, template: smallTemplate } },
    rich: { spec: { replicas: 1, minReadySeconds: 3, selector: labels, template: smallTemplate } },
  },
  {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    path: `${namespaced('apps/v1')}/deployments`,
    minimal: { spec: { selector, template: smallTemplate } },
    rich: {
      spec: {
        replicas: 3,
        selector,
        template: richTemplate,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
        minReadySeconds: 1,
        revisionHistoryLimit: 2,
        paused: true,
        progressDeadlineSeconds: 60,
      },
    },
  },
  {
    kind: 'ReplicaSet',
    apiVersion: 'apps/v1',
    path: `${namespaced('apps/v1')}/replicasets`,
    minimal: { spec: { selector, template: smallTemplate } },
    rich: { spec: { replicas: 3, minReadySeconds: 2, selector, template: smallTemplate } },
  },
  {
    kind: 'StatefulSet',
    apiVersion: 'apps/v1',
    path: `${namespaced('apps/v1')}/statefulsets`,
    minimal: { spec: { serviceName: 'web', selector, template: smallTemplate } },
    rich: {
      spec: {
        replicas: 2,
        serviceName: 'web',
        selector,
        template: smallTemplate,
        podManagementPolicy: 'Parallel',
        revisionHistoryLimit: 3,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec }],
      },
    },
  },
  {
    kind: 'DaemonSet',
    apiVersion: 'apps/v1',
    path: `${namespaced('apps/v1')}/daemonsets`,
    minimal: { spec: { selector, template: smallTemplate } },
    rich: {
      spec: {
        selector,
        template: smallTemplate,
        minReadySeconds: 1,
        revisionHistoryLimit: 4,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '20%' } },
      },
    },
  },
  {
    kind: 'ControllerRevision',
    apiVersion: 'apps/v1',
    path: `${namespaced('apps/v1')}/controllerrevisions`,
    minimal: { revision: 1 },
    rich: { revision: 2, data: { spec: { a: [1, 'b'] } } },
  },
  {
    kind: 'Job',
    apiVersion: 'batch/v1',
    path: `${namespaced('batch/v1')}/jobs`,
    minimal: { spec: { template: jobTemplate } },
    rich: {
      spec: { template: jobTemplate, parallelism: 2, completions: 3, backoffLimit: 4, activeDeadlineSeconds: 5, completionMode: 'Indexed', suspend: true },
    },
  },
  {
    kind: 'CronJob',
    apiVersion: 'batch/v1',
    path: `${namespaced('batch/v1')}/cronjobs`,
    minimal: { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
    rich: {
      spec: {
        schedule: '*/5 1-3 * * 1',
        concurrencyPolicy: 'Forbid',
        suspend: true,
        startingDeadlineSeconds: 10,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 2,
        jobTemplate: { metadata: { labels }, spec: { template: jobTemplate, backoffLimit: 1 } },
      },
    },
  },
  {
    kind: 'Service',
    apiVersion: 'v1',
    path: `${core}/services`,
    minimal: { spec: { ports: [{ port: 80 }] } },
    rich: {
      spec: {
        type: 'LoadBalancer',
        selector: labels,
        ports: [
          { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP', appProtocol: 'example.com/x' },
          { name: 'dns', port: 53, protocol: 'TCP' },
        ],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
        externalTrafficPolicy: 'Local',
        externalIPs: ['192.0.2.1'],
        loadBalancerIP: '192.0.2.2',
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        publishNotReadyAddresses: true,
      },
    },
  },
  {
    kind: 'Endpoints',
    apiVersion: 'v1',
    path: `${core}/endpoints`,
    minimal: {},
    rich: {
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1', hostname: 'a', nodeName: 'n', targetRef: { kind: 'Pod', name: 'p' } }],
          notReadyAddresses: [{ ip: '10.0.0.2' }],
          ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
        },
      ],
    },
  },
  {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    path: `${namespaced('discovery.k8s.io/v1')}/endpointslices`,
    minimal: { addressType: 'IPv4', endpoints: [] },
    rich: {
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.0.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          hostname: 'a',
          nodeName: 'n',
          zone: 'z',
          targetRef: { kind: 'Pod', name: 'p' },
        },
      ],
      ports: [{ name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }],
    },
  },
  {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    path: `${core}/configmaps`,
    minimal: {},
    rich: { data: { 'a.b_c-d': 'v', empty: '' }, binaryData: { bin: 'AAECAw==' }, immutable: false },
  },
  {
    kind: 'Secret',
    apiVersion: 'v1',
    path: `${core}/secrets`,
    minimal: {},
    rich: { type: 'example.com/x', data: { a: 'AAECAw==' }, stringData: { b: 'c' }, immutable: false },
  },
  {
    kind: 'ServiceAccount',
    apiVersion: 'v1',
    path: `${core}/serviceaccounts`,
    minimal: {},
    rich: { secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'p' }], automountServiceAccountToken: false },
  },
  { kind: 'Namespace', apiVersion: 'v1', path: '/api/v1/namespaces', minimal: {}, rich: { spec: { finalizers: ['kubernetes'] } } },
  {
    kind: 'Node',
    apiVersion: 'v1',
    path: '/api/v1/nodes',
    minimal: {},
    rich: {
      spec: {
        podCIDR: '10.244.0.0/24',
        podCIDRs: ['10.244.0.0/24'],
        providerID: 'x://y',
        unschedulable: true,
        taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
      },
      status: {
        capacity: { cpu: '4', memory: '8Gi', pods: '110' },
        allocatable: { cpu: '3900m' },
        addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
        conditions: [{ type: 'Ready', status: 'True', reason: 'R', message: 'M' }],
      },
    },
  },
  {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    path: `${namespaced('coordination.k8s.io/v1')}/leases`,
    minimal: {},
    rich: {
      spec: {
        holderIdentity: 'me',
        leaseDurationSeconds: 40,
        acquireTime: '2026-01-01T00:00:00.000000Z',
        renewTime: '2026-01-01T00:00:00.500000Z',
        leaseTransitions: 1,
      },
    },
  },
  {
    kind: 'Event',
    apiVersion: 'v1',
    path: `${core}/events`,
    minimal: { involvedObject: { namespace: '$ns' } },
    rich: {
      involvedObject: { kind: 'Pod', namespace: '$ns', name: 'web', apiVersion: 'v1', fieldPath: 'spec' },
      reason: 'Started',
      message: 'It has started',
      type: 'Normal',
      count: 2,
      source: { component: 'me', host: 'here' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:01Z',
    },
  },
  {
    kind: 'Event',
    name: 'new-event',
    apiVersion: 'events.k8s.io/v1',
    path: `${namespaced('events.k8s.io/v1')}/events`,
    minimal: {
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/me',
      reportingInstance: 'i',
      action: 'Do',
      reason: 'R',
      type: 'Normal',
      regarding: { namespace: '$ns' },
    },
    rich: {
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/me',
      reportingInstance: 'i',
      action: 'Do',
      reason: 'R',
      note: 'N',
      type: 'Warning',
      regarding: { kind: 'Pod', namespace: '$ns', name: 'web' },
      related: { kind: 'Node', name: 'n' },
      series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' },
    },
  },
  {
    kind: 'ResourceQuota',
    apiVersion: 'v1',
    path: `${core}/resourcequotas`,
    minimal: {},
    rich: {
      spec: {
        hard: { pods: '1000', 'requests.cpu': '1000' },
        scopes: ['NotTerminating'],
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['none'] }] },
      },
    },
  },
  {
    kind: 'LimitRange',
    apiVersion: 'v1',
    path: `${core}/limitranges`,
    minimal: { spec: { limits: [] } },
    rich: {
      spec: {
        limits: [
          { type: 'PersistentVolumeClaim', min: { storage: '1Mi' }, max: { storage: '1Ti' } },
          { type: 'Pod', max: { cpu: '100' }, min: { cpu: '1m' } },
        ],
      },
    },
  },
  {
    kind: 'PersistentVolume',
    apiVersion: 'v1',
    path: '/api/v1/persistentvolumes',
    minimal: { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp' } } },
    rich: {
      spec: {
        capacity: { storage: '2Gi' },
        accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        nfs: { server: 's', path: '/p' },
        storageClassName: 'slow',
        persistentVolumeReclaimPolicy: 'Delete',
        mountOptions: ['hard'],
        volumeMode: 'Filesystem',
        claimRef: { namespace: '$ns', name: 'c' },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }] } },
      },
    },
  },
  {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    path: `${core}/persistentvolumeclaims`,
    minimal: { spec: claimSpec },
    rich: {
      spec: {
        ...claimSpec,
        storageClassName: 'slow',
        volumeMode: 'Block',
        volumeName: 'v',
        selector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
        dataSource: { kind: 'PersistentVolumeClaim', name: 'other' },
      },
    },
  },
  {
    kind: 'StorageClass',
    apiVersion: 'storage.k8s.io/v1',
    path: '/apis/storage.k8s.io/v1/storageclasses',
    minimal: { provisioner: 'example.com/p' },
    rich: {
      provisioner: 'example.com/p',
      parameters: { a: 'b' },
      reclaimPolicy: 'Retain',
      mountOptions: ['x'],
      allowVolumeExpansion: true,
      volumeBindingMode: 'WaitForFirstConsumer',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a'] }] }],
    },
  },
  {
    kind: 'PriorityClass',
    apiVersion: 'scheduling.k8s.io/v1',
    path: '/apis/scheduling.k8s.io/v1/priorityclasses',
    minimal: { value: 1 },
    rich: { value: 5, description: 'd', preemptionPolicy: 'Never', globalDefault: false },
  },
  {
    kind: 'IngressClass',
    apiVersion: 'networking.k8s.io/v1',
    path: '/apis/networking.k8s.io/v1/ingressclasses',
    minimal: { spec: { controller: 'example.com/i' } },
    rich: { spec: { controller: 'example.com/i', parameters: { apiGroup: 'k.example', kind: 'P', name: 'n', scope: 'Namespace', namespace: 'x' } } },
  },
  {
    kind: 'Ingress',
    apiVersion: 'networking.k8s.io/v1',
    path: `${namespaced('networking.k8s.io/v1')}/ingresses`,
    minimal: { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
    rich: {
      spec: {
        ingressClassName: 'nginx',
        defaultBackend: { resource: { apiGroup: 'k.example', kind: 'B', name: 'b' } },
        tls: [{ hosts: ['a.example', '*.b.example'], secretName: 's' }],
        rules: [
          { host: 'a.example', http: { paths: [{ path: '/a', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }] } },
          { http: { paths: [{ pathType: 'ImplementationSpecific', backend: { service: { name: 'web', port: { number: 80 } } } }] } },
        ],
      },
    },
  },
  {
    kind: 'NetworkPolicy',
    apiVersion: 'networking.k8s.io/v1',
    path: `${namespaced('networking.k8s.io/v1')}/networkpolicies`,
    minimal: { spec: { podSelector: {} } },
    rich: {
      spec: {
        podSelector: selector,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [{ podSelector: selector, namespaceSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
            ports: [{ protocol: 'TCP', port: 80, endPort: 90 }],
          },
        ],
        egress: [{ to: [{ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }], ports: [{ port: 'http' }] }],
      },
    },
  },
  {
    kind: 'PodDisruptionBudget',
    apiVersion: 'policy/v1',
    path: `${namespaced('policy/v1')}/poddisruptionbudgets`,
    minimal: { spec: { minAvailable: 1, selector } },
    rich: { spec: { maxUnavailable: '50%', selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] } } },
  },
  {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v1',
    path: `${namespaced('autoscaling/v1')}/horizontalpodautoscalers`,
    minimal: { spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' } } },
    rich: {
      spec: { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 70, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
    },
  },
  {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v2',
    path: `${namespaced('autoscaling/v2')}/horizontalpodautoscalers`,
    minimal: { spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' } } },
    rich: {
      spec: {
        minReplicas: 2,
        maxReplicas: 5,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
          { type: 'ContainerResource', containerResource: { name: 'memory', container: 'main', target: { type: 'AverageValue', averageValue: '100Mi' } } },
          { type: 'Pods', pods: { metric: { name: 'packets', selector }, target: { type: 'AverageValue', averageValue: '1k' } } },
          {
            type: 'Object',
            object: { describedObject: { apiVersion: 'v1', kind: 'Service', name: 's' }, metric: { name: 'hits' }, target: { type: 'Value', value: '10' } },
          },
          { type: 'External', external: { metric: { name: 'queue', selector }, target: { type: 'Value', value: '30' } } },
        ],
        behavior: {
          scaleUp: { stabilizationWindowSeconds: 5, selectPolicy: 'Min', policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] },
          scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] },
        },
      },
    },
  },
  {
    kind: 'Role',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    path: `${namespaced('rbac.authorization.k8s.io/v1')}/roles`,
    minimal: { rules: [] },
    rich: { rules: [{ apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get'], resourceNames: ['a'] }] },
  },
  {
    kind: 'ClusterRole',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    minimal: { rules: null },
    rich: {
      rules: [
        { nonResourceURLs: ['/healthz'], verbs: ['get'] },
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      ],
      aggregationRule: { clusterRoleSelectors: [selector] },
    },
  },
  {
    kind: 'RoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    path: `${namespaced('rbac.authorization.k8s.io/v1')}/rolebindings`,
    minimal: { roleRef: { kind: 'Role', name: 'x', apiGroup: 'rbac.authorization.k8s.io' } },
    rich: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'User', name: 'a', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'ServiceAccount', name: 'b', namespace: 'c' },
        { kind: 'Group', name: 'g' },
      ],
    },
  },
  {
    kind: 'ClusterRoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    minimal: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' } },
    rich: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'Group', name: 'g', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  },
  {
    kind: 'RuntimeClass',
    apiVersion: 'node.k8s.io/v1',
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    minimal: { handler: 'runsc' },
    rich: {
      handler: 'runsc',
      overhead: { podFixed: { cpu: '10m' } },
      scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'k', operator: 'Exists' }] },
    },
  },
  {
    kind: 'CSIDriver',
    apiVersion: 'storage.k8s.io/v1',
    path: '/apis/storage.k8s.io/v1/csidrivers',
    minimal: {},
    rich: {
      spec: {
        attachRequired: false,
        podInfoOnMount: true,
        volumeLifecycleModes: ['Ephemeral'],
        fsGroupPolicy: 'File',
        storageCapacity: true,
        requiresRepublish: true,
        tokenRequests: [{ audience: 'a', expirationSeconds: 600 }],
      },
    },
  },
  {
    kind: 'CSINode',
    apiVersion: 'storage.k8s.io/v1',
    path: '/apis/storage.k8s.io/v1/csinodes',
    minimal: { spec: { drivers: [] } },
    rich: { spec: { drivers: [{ name: 'd.example', nodeID: 'n', topologyKeys: ['zone'], allocatable: { count: 3 } }] } },
  },
  {
    kind: 'VolumeAttachment',
    apiVersion: 'storage.k8s.io/v1',
    path: '/apis/storage.k8s.io/v1/volumeattachments',
    minimal: { spec: { attacher: 'd.example', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
    rich: { spec: { attacher: 'd.example', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
  },
  {
    kind: 'CSIStorageCapacity',
    apiVersion: 'storage.k8s.io/v1',
    path: `${namespaced('storage.k8s.io/v1')}/csistoragecapacities`,
    minimal: { storageClassName: 'slow' },
    rich: { storageClassName: 'slow', capacity: '10Gi', maximumVolumeSize: '1Gi', nodeTopology: selector },
  },
  ...controlKinds,
];

/** An object of a kind, whole. `$ns` keeps names of the cluster's scope from meeting those of others. */
export function sample(
  { apiVersion, kind, name, path, minimal, rich }: SampleKind,
  how: 'minimal' | 'rich',
  as = 'sample',
): Json & { metadata: Json & { name: string } } {
  const own = path.includes('$ns') ? as : `${as}-$ns`;
  const metadata =
    how === 'minimal' ? { name: name ?? own } : { name: name ?? own, labels: { ...labels, kind: kind.toLowerCase() }, annotations: { note: 'rich' } };
  return { apiVersion, kind, metadata, ...structuredClone(how === 'minimal' ? minimal : rich) };
}
