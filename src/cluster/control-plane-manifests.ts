import type { Container, HTTPGetAction, Pod, Probe, Volume, VolumeMount } from '../../generated/types/index.ts';
import { toYaml } from '../machinery/codec/index.ts';
import { kubernetesVersion } from '../machinery/index.ts';
import { clusterNetwork } from './addresses.ts';
import type { ComponentName } from './components.ts';

/** The static pods of a control plane node, as kubeadm 1.33 describes them. */

const etcdImage = 'registry.k8s.io/etcd:3.5.21-0';
const coreImage = (name: string) => `registry.k8s.io/${name}:${kubernetesVersion}`;
const pki = '/etc/kubernetes/pki';

/** Images of these pods; a control plane node has them from the start. */
export const controlPlanePreloads: readonly string[] = [etcdImage, ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(coreImage)];

/** Paths on the node and what is in the files there. Only what runs has a pod. */
export function controlPlaneManifests(nodeName: string, nodeAddress: string, components: readonly ComponentName[]): [path: string, text: string][] {
  const pods = [
    etcd(nodeName, nodeAddress),
    apiServer(nodeAddress),
    ...(components.includes('controllers') ? [controllerManager()] : []),
    ...(components.includes('scheduler') ? [scheduler()] : []),
  ];
  return pods.map((pod) => [`/etc/kubernetes/manifests/${pod.metadata?.name}.yaml`, toYaml(pod)]);
}

interface Component {
  readonly name: string;
  readonly image: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly requests: Readonly<Record<string, string>>;
  readonly probes: Pick<Container, 'livenessProbe' | 'readinessProbe' | 'startupProbe'>;
  readonly mounts: readonly HostMount[];
  readonly annotations?: Readonly<Record<string, string>>;
}

interface HostMount {
  readonly name: string;
  readonly path: string;
  readonly type: 'DirectoryOrCreate' | 'FileOrCreate';
  readonly readOnly: boolean;
}

function componentPod({ name, image, flags, requests, probes, mounts, annotations }: Component): Pod {
  const command = [name, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)];
  const volumeMounts = mounts.map(({ name: mount, path, readOnly }): VolumeMount => ({ name: mount, mountPath: path, ...(readOnly ? { readOnly } : {}) }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'kube-system',
      labels: { component: name, tier: 'control-plane' },
      ...(annotations ? { annotations: { ...annotations } } : {}),
    },
    spec: {
      containers: [{ name, image, imagePullPolicy: 'IfNotPresent', command, resources: { requests: { ...requests } }, volumeMounts, ...probes }],
      hostNetwork: true,
      priority: 2_000_001_000,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [...mounts].sort(byName).map(({ name: volume, path, type }): Volume => ({ name: volume, hostPath: { path, type } })),
    },
  };
}

const byName = (a: HostMount, b: HostMount) => (a.name < b.name ? -1 : 1);

const get = (host: string, path: string, port: number, scheme: HTTPGetAction['scheme']): Pick<Probe, 'httpGet' | 'timeoutSeconds'> => ({
  httpGet: { host, path, port, ...(scheme ? { scheme } : {}) },
  timeoutSeconds: 15,
});
const liveness = (handler: Probe): Probe => ({ ...handler, initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 8 });
const readiness = (handler: Probe): Probe => ({ ...handler, periodSeconds: 1, failureThreshold: 3 });
const startup = (handler: Probe): Probe => ({ ...handler, initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 24 });

const folder = (name: string, path: string, readOnly = true): HostMount => ({ name, path, type: 'DirectoryOrCreate', readOnly });
const certificates: readonly HostMount[] = [
  folder('ca-certs', '/etc/ssl/certs'),
  folder('etc-ca-certificates', '/etc/ca-certificates'),
  folder('k8s-certs', pki),
  folder('usr-local-share-ca-certificates', '/usr/local/share/ca-certificates'),
  folder('usr-share-ca-certificates', '/usr/share/ca-certificates'),
];
const kubeconfig = (path: string): HostMount => ({ name: 'kubeconfig', path, type: 'FileOrCreate', readOnly: true });

function etcd(nodeName: string, address: string): Pod {
  const [client, peer] = [`https://${address}:2379`, `https://${address}:2380`];
  const probe = (path: string) => get('127.0.0.1', path, 2381, 'HTTP');
  return componentPod({
    name: 'etcd',
    image: etcdImage,
    annotations: { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': client },
    flags: {
      'advertise-client-urls': client,
      'cert-file': `${pki}/etcd/server.crt`,
      'client-cert-auth': 'true',
      'data-dir': '/var/lib/etcd',
      'experimental-initial-corrupt-check': 'true',
      'experimental-watch-progress-notify-interval': '5s',
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `${nodeName}=${peer}`,
      'key-file': `${pki}/etcd/server.key`,
      'listen-client-urls': `https://127.0.0.1:2379,${client}`,
      'listen-metrics-urls': 'http://127.0.0.1:2381',
      'listen-peer-urls': peer,
      name: nodeName,
      'peer-cert-file': `${pki}/etcd/peer.crt`,
      'peer-client-cert-auth': 'true',
      'peer-key-file': `${pki}/etcd/peer.key`,
      'peer-trusted-ca-file': `${pki}/etcd/ca.crt`,
      'snapshot-count': '10000',
      'trusted-ca-file': `${pki}/etcd/ca.crt`,
    },
    requests: { cpu: '100m', memory: '100Mi' },
    probes: { livenessProbe: liveness(probe('/livez')), readinessProbe: readiness(probe('/readyz')), startupProbe: startup(probe('/readyz')) },
    mounts: [folder('etcd-data', '/var/lib/etcd', false), folder('etcd-certs', `${pki}/etcd`, false)],
  });
}

function apiServer(address: string): Pod {
  const probe = (path: string) => get(address, path, 6443, 'HTTPS');
  return componentPod({
    name: 'kube-apiserver',
    image: coreImage('kube-apiserver'),
    annotations: { 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${address}:6443` },
    flags: {
      'advertise-address': address,
      'allow-privileged': 'true',
      'authorization-mode': 'Node,RBAC',
      'client-ca-file': `${pki}/ca.crt`,
      'enable-admission-plugins': 'NodeRestriction',
      'enable-bootstrap-token-auth': 'true',
      'etcd-cafile': `${pki}/etcd/ca.crt`,
      'etcd-certfile': `${pki}/apiserver-etcd-client.crt`,
      'etcd-keyfile': `${pki}/apiserver-etcd-client.key`,
      'etcd-servers': 'https://127.0.0.1:2379',
      'kubelet-client-certificate': `${pki}/apiserver-kubelet-client.crt`,
      'kubelet-client-key': `${pki}/apiserver-kubelet-client.key`,
      'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
      'proxy-client-cert-file': `${pki}/front-proxy-client.crt`,
      'proxy-client-key-file': `${pki}/front-proxy-client.key`,
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-username-headers': 'X-Remote-User',
      'secure-port': '6443',
      'service-account-issuer': `https://kubernetes.default.svc.${clusterNetwork.domain}`,
      'service-account-key-file': `${pki}/sa.pub`,
      'service-account-signing-key-file': `${pki}/sa.key`,
      'service-cluster-ip-range': clusterNetwork.serviceCidr,
      'tls-cert-file': `${pki}/apiserver.crt`,
      'tls-private-key-file': `${pki}/apiserver.key`,
    },
    requests: { cpu: '250m' },
    probes: { livenessProbe: liveness(probe('/livez')), readinessProbe: readiness(probe('/readyz')), startupProbe: startup(probe('/livez')) },
    mounts: certificates,
  });
}

function controllerManager(): Pod {
  const config = '/etc/kubernetes/controller-manager.conf';
  const probe = () => get('127.0.0.1', '/healthz', 10_257, 'HTTPS');
  return componentPod({
    name: 'kube-controller-manager',
    image: coreImage('kube-controller-manager'),
    flags: {
      'allocate-node-cidrs': 'true',
      'authentication-kubeconfig': config,
      'authorization-kubeconfig': config,
      'bind-address': '127.0.0.1',
      'client-ca-file': `${pki}/ca.crt`,
      'cluster-cidr': clusterNetwork.podCidr,
      'cluster-name': 'kubernetes',
      'cluster-signing-cert-file': `${pki}/ca.crt`,
      'cluster-signing-key-file': `${pki}/ca.key`,
      controllers: '*,bootstrapsigner,tokencleaner',
      kubeconfig: config,
      'leader-elect': 'true',
      'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
      'root-ca-file': `${pki}/ca.crt`,
      'service-account-private-key-file': `${pki}/sa.key`,
      'service-cluster-ip-range': clusterNetwork.serviceCidr,
      'use-service-account-credentials': 'true',
    },
    requests: { cpu: '200m' },
    probes: { livenessProbe: liveness(probe()), startupProbe: startup(probe()) },
    mounts: [...certificates, folder('flexvolume-dir', '/usr/libexec/kubernetes/kubelet-plugins/volume/exec', false), kubeconfig(config)].sort(byName),
  });
}

function scheduler(): Pod {
  const config = '/etc/kubernetes/scheduler.conf';
  const probe = (path: string) => get('127.0.0.1', path, 10_259, 'HTTPS');
  return componentPod({
    name: 'kube-scheduler',
    image: coreImage('kube-scheduler'),
    flags: {
      'authentication-kubeconfig': config,
      'authorization-kubeconfig': config,
      'bind-address': '127.0.0.1',
      kubeconfig: config,
      'leader-elect': 'true',
    },
    requests: { cpu: '100m' },
    probes: { livenessProbe: liveness(probe('/livez')), readinessProbe: readiness(probe('/readyz')), startupProbe: startup(probe('/livez')) },
    mounts: [kubeconfig(config)],
  });
}
