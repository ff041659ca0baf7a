/** Pods as the cases write them, alone and in the templates of workloads. */

export const labels = { app: 'web' };
export const selector = { matchLabels: labels };
const container = { name: 'main', image: 'nginx:1.27' };
/** Never scheduled, so that no controller and no kubelet changes what is compared. */
const nowhere = { nodeSelector: { nowhere: 'true' } };
export const smallPod = { ...nowhere, containers: [container] };

const probe = {
  httpGet: { path: '/', port: 80, scheme: 'HTTP', httpHeaders: [{ name: 'X-A', value: 'b' }] },
  initialDelaySeconds: 1,
  timeoutSeconds: 2,
  periodSeconds: 3,
  successThreshold: 1,
  failureThreshold: 4,
};

export const richPod = {
  ...nowhere,
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 12,
  activeDeadlineSeconds: 600,
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['10.0.0.10'], searches: ['example.com'], options: [{ name: 'ndots', value: '2' }] },
  serviceAccountName: 'default',
  automountServiceAccountToken: false,
  securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4], sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] },
  imagePullSecrets: [{ name: 'pull' }],
  hostname: 'host',
  subdomain: 'sub',
  schedulerName: 'default-scheduler',
  tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 }],
  hostAliases: [{ ip: '10.1.1.1', hostnames: ['a.example'] }],
  readinessGates: [{ conditionType: 'example.com/ready' }],
  enableServiceLinks: false,
  preemptionPolicy: 'PreemptLowerPriority',
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }], matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
        ],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, preference: { matchExpressions: [{ key: 'gpu', operator: 'Exists' }] } }],
    },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selector, topologyKey: 'zone', namespaces: ['other'] }] },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: { labelSelector: selector, topologyKey: 'zone' } }],
    },
  },
  initContainers: [{ name: 'init', image: 'busybox', command: ['true'], resources: { limits: { cpu: '1' } } }],
  containers: [
    {
      ...container,
      command: ['/bin/sh'],
      args: ['-c', 'sleep 1'],
      workingDir: '/tmp',
      imagePullPolicy: 'IfNotPresent',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
      env: [
        { name: 'A', value: 'b' },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
        { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } },
        { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }, { secretRef: { name: 's' } }],
      resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
      volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'sub', readOnly: true }],
      livenessProbe: probe,
      readinessProbe: { tcpSocket: { port: 'http' } },
      startupProbe: { exec: { command: ['true'] } },
      lifecycle: { postStart: { exec: { command: ['true'] } }, preStop: { httpGet: { port: 80 } } },
      securityContext: {
        runAsUser: 5,
        runAsNonRoot: true,
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      },
    },
  ],
  volumes: [
    { name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
    { name: 'config', configMap: { name: 'c', defaultMode: 420, items: [{ key: 'k', path: 'p', mode: 256 }], optional: true } },
    { name: 'secret', secret: { secretName: 's', items: [{ key: 'k', path: 'p' }] } },
    { name: 'host', hostPath: { path: '/tmp', type: 'Directory' } },
    { name: 'claim', persistentVolumeClaim: { claimName: 'c', readOnly: true } },
    { name: 'down', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    {
      name: 'all',
      projected: {
        sources: [
          { secret: { name: 's' } },
          { configMap: { name: 'c', items: [{ key: 'k', path: 'q' }] } },
          { downwardAPI: { items: [{ path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } }] } },
          { serviceAccountToken: { path: 'token', expirationSeconds: 3600, audience: 'a' } },
        ],
      },
    },
    { name: 'nfs', nfs: { server: 's', path: '/p' } },
    { name: 'csi', csi: { driver: 'd.example', volumeAttributes: { a: 'b' } } },
    { name: 'iscsi', iscsi: { targetPortal: '1.2.3.4:3260', iqn: 'iqn.2001-04.com.example:storage', lun: 0 } },
  ],
};

export const smallTemplate = { metadata: { labels }, spec: smallPod };
const { activeDeadlineSeconds: _, ...longPod } = richPod;
export const richTemplate = { metadata: { labels: { ...labels, tier: 'front' }, annotations: { a: 'b' } }, spec: longPod };
export const jobTemplate = { spec: { ...smallPod, restartPolicy: 'Never' } };
