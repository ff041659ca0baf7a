import type { ContainerImage, Node, NodeCondition, NodeStatus, NodeSystemInfo, Taint } from '../../generated/types/index.ts';
import { formatTime } from '../machinery/time.ts';
import type { ImageRecord } from '../runtime/types.ts';
import { networkNotReady } from './pod-worker.ts';

export interface NodeDescription {
  readonly name: string;
  readonly ip: string;
  readonly capacity: Readonly<Record<string, string>>;
  /** The same as `capacity` if absent. */
  readonly allocatable?: Readonly<Record<string, string>>;
  /** Besides hostname, operating system and architecture: `node-role.kubernetes.io/control-plane`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly providerId?: string;
  readonly architecture?: string;
  readonly osImage?: string;
  readonly kernelVersion?: string;
  /** `v1.33.0` */
  readonly kubeletVersion?: string;
  readonly machine: { readonly machineId: string; readonly systemUuid: string; readonly bootId: string };
}

/** What the node is short of. */
export interface NodePressure {
  readonly memory: boolean;
  readonly disk: boolean;
}

/** Images listed in a node's status: the largest so many. */
const maxImages = 50;

/** The Node as a kubelet registers it. */
export function nodeObject(description: NodeDescription, status: NodeStatus): Node {
  const { name, labels, annotations, taints, providerId } = description;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { ...nodeLabels(description), ...labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...annotations },
    },
    spec: { ...(providerId ? { providerID: providerId } : {}), ...(taints?.length ? { taints: taints.map((taint) => ({ ...taint })) } : {}) },
    status,
  };
}

export function nodeLabels({ name, architecture = 'amd64', labels }: NodeDescription): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    ...labels,
  };
}

/** The whole status as upstream's setters make it (pkg/kubelet/nodestatus). Pure. */
export function nodeStatus(
  description: NodeDescription,
  facts: {
    readonly images: readonly ImageRecord[];
    readonly runtimeVersion: string;
    readonly networkReady: boolean;
    readonly pressure: NodePressure;
    readonly previous: readonly NodeCondition[] | undefined;
    readonly now: number;
  },
): NodeStatus {
  return {
    addresses: [
      { type: 'InternalIP', address: description.ip },
      { type: 'Hostname', address: description.name },
    ],
    allocatable: { ...(description.allocatable ?? description.capacity) },
    capacity: { ...description.capacity },
    conditions: nodeConditions(facts),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    features: { supplementalGroupsPolicy: true },
    images: nodeImages(facts.images),
    nodeInfo: nodeInfo(description, facts.runtimeVersion),
    runtimeHandlers: ['', 'runc'].map((name) => ({ name, features: { recursiveReadOnlyMounts: true, userNamespaces: true } })),
  };
}

function nodeInfo(description: NodeDescription, runtimeVersion: string): NodeSystemInfo {
  const {
    machine,
    architecture = 'amd64',
    osImage = 'Debian GNU/Linux 12 (bookworm)',
    kernelVersion = '6.1.0-35-amd64',
    kubeletVersion = 'v1.33.0',
  } = description;
  return {
    architecture,
    bootID: machine.bootId,
    containerRuntimeVersion: runtimeVersion,
    kernelVersion,
    // Since 1.31 the kubelet no longer fills this deprecated field.
    kubeProxyVersion: '',
    kubeletVersion,
    machineID: machine.machineId,
    operatingSystem: 'linux',
    osImage,
    systemUUID: machine.systemUuid,
  };
}

function nodeConditions({ networkReady, pressure, previous, now }: Parameters<typeof nodeStatus>[1]): NodeCondition[] {
  const fine = (type: string, reason: string, message: string) => ({ type, status: 'False', reason, message });
  const bad = (type: string, reason: string, message: string) => ({ type, status: 'True', reason, message });
  const bare = [
    pressure.memory
      ? bad('MemoryPressure', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      : fine('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    pressure.disk
      ? bad('DiskPressure', 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : fine('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    fine('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    networkReady
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: networkNotReady },
  ];
  const time = formatTime(now);
  return bare.map((condition) => {
    const before = previous?.find((one) => one.type === condition.type);
    const since = before?.status === condition.status ? (before.lastTransitionTime ?? time) : time;
    return {
      type: condition.type,
      status: condition.status,
      lastHeartbeatTime: time,
      lastTransitionTime: since,
      reason: condition.reason,
      message: condition.message,
    };
  });
}

function nodeImages(images: readonly ImageRecord[]): ContainerImage[] {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
    .slice(0, maxImages)
    .map(({ repoDigests, repoTags, sizeBytes }) => ({ names: [...repoDigests, ...repoTags], sizeBytes }));
}
