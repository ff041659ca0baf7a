import type { Taint } from '../../generated/types/index.ts';
import type { KubeletOptions } from '../kubelet/index.ts';
import { kubernetesVersion } from '../machinery/index.ts';
import { quantityMilli, quantityValue } from '../machinery/quantity.ts';
import { kernelRelease } from '../shell/kernel/release.ts';

/** A node as its cluster's configuration describes it. */
export interface NodeProfile {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  /** False: only its objects are there, and nobody speaks for it. */
  readonly kubelet?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Overrides of `defaultCapacity`, as quantities. */
  readonly capacity?: Readonly<Record<string, string>>;
}

/** A node of the size that a learner's example fits on, and a scheduling lesson can fill. */
const defaultCapacity = { cpu: '8', 'ephemeral-storage': '102350Mi', 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', memory: '16Gi', pods: '110' };

/** What kubeadm puts on control plane nodes once they are registered. */
export const controlPlaneLabels = { 'node-role.kubernetes.io/control-plane': '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' };

/** What the kubelet of such a node is told about its machine; versions are those of kind's node images for 1.33. */
export function kubeletNode(profile: NodeProfile, clusterName: string): KubeletOptions['node'] {
  return {
    capacity: { ...defaultCapacity, ...profile.capacity },
    labels: { ...profile.labels },
    taints: profile.taints ?? [],
    providerId: `paperkube://${clusterName}/${profile.name}`,
    architecture: 'amd64',
    osImage: 'Debian GNU/Linux 12 (bookworm)',
    kernelVersion: kernelRelease,
    kubeletVersion: kubernetesVersion,
  };
}

/** The machine behind a node's capacity: whole processors, at least one. */
export function nodeHardware({ cpu, memory }: Readonly<Record<string, string>>): { readonly processors: number; readonly memoryBytes: number } {
  return { processors: Math.max(1, Math.floor(quantityMilli(cpu) / 1000)), memoryBytes: quantityValue(memory) };
}

/** What a look into the node's own /etc shows, by path. */
export function nodeFiles(name: string, { osImage = '' }: KubeletOptions['node']): readonly (readonly [path: string, text: string])[] {
  const [, system = osImage, version = '', codename = ''] = /^(.+) (\S+) \((\S+)\)$/.exec(osImage) ?? [];
  const release = [`PRETTY_NAME="${osImage}"`, `NAME="${system}"`, `VERSION_ID="${version}"`, `VERSION="${version} (${codename})"`, 'ID=debian', ''];
  return [
    ['/etc/hostname', `${name}\n`],
    ['/etc/os-release', release.join('\n')],
  ];
}
