import type { Volume } from '../shell/fs/index.ts';
import { createVolume } from '../shell/fs/index.ts';
import type { ContainerSystem, ControlGroup, KernelParameters, NetworkStack, ProcessHandle } from '../shell/kernel/index.ts';
import type { UserNamespace } from '../shell/kernel/namespaces.ts';
import type { SandboxConfig, SandboxStatus } from './types.ts';

/** A pod's place on a node: its network, its files under /etc, and the pause process that holds them. */
export class Sandbox {
  state: SandboxStatus['state'] = 'ready';
  /** hosts, hostname and resolv.conf, mounted into each container. */
  readonly files: Volume;
  /** Processor time of containers that have been removed. */
  spentMs = 0;
  pause: { readonly system: ContainerSystem; readonly process: ProcessHandle } | undefined;

  constructor(
    readonly id: string,
    readonly config: SandboxConfig,
    readonly ips: readonly string[],
    readonly stack: NetworkStack,
    readonly createdAt: number,
    readonly group: ControlGroup,
    readonly parameters: KernelParameters,
    readonly users: UserNamespace | undefined,
  ) {
    this.files = createVolume({ type: 'ext4', source: '/dev/vda1' });
    for (const [path, data] of Object.entries({ hosts: hostsFile(config, ips), hostname: `${config.hostname}\n`, 'resolv.conf': resolvConf(config) })) {
      this.files.writeFile(path, data, { mode: 0o644, now: createdAt });
    }
  }

  status(): SandboxStatus {
    const { podName, podNamespace, podUid, attempt, hostNetwork } = this.config;
    return { id: this.id, podName, podNamespace, podUid, attempt, state: this.state, ips: hostNetwork ? [] : this.ips, createdAt: this.createdAt };
  }
}

/** As pkg/kubelet/kubelet_pods.go writes it: with the host's network it begins with what the host's own file holds. */
function hostsFile({ hostname, hostsNames = [hostname], hostNetwork, hosts = [] }: SandboxConfig, ips: readonly string[]): string {
  const [header, multicast] = hostNetwork
    ? ['# Kubernetes-managed hosts file (host network).', ['ff00::0\tip6-mcastprefix', 'ff02::1\tip6-allnodes', 'ff02::2\tip6-allrouters']]
    : ['# Kubernetes-managed hosts file.', ['fe00::0\tip6-mcastprefix', 'fe00::1\tip6-allnodes', 'fe00::2\tip6-allrouters']];
  const lines = [
    header,
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    ...multicast,
    ...ips.map((ip) => [ip, ...hostsNames].join('\t')),
  ];
  if (hosts.length > 0) lines.push('', '# Entries added by HostAliases.', ...hosts.map(({ ip, hostnames }) => [ip, ...hostnames].join('\t')));
  return `${lines.join('\n')}\n`;
}

function resolvConf({ dns }: SandboxConfig): string {
  return [
    ...(dns.searches.length > 0 ? [`search ${dns.searches.join(' ')}`] : []),
    ...dns.servers.map((server) => `nameserver ${server}`),
    ...(dns.options.length > 0 ? [`options ${dns.options.join(' ')}`] : []),
    '',
  ].join('\n');
}
