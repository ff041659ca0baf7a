import type { Volume } from '../shell/fs/index.ts';
import { createVolume } from '../shell/fs/index.ts';
import type { ContainerSystem, NetworkStack, ProcessHandle } from '../shell/kernel/index.ts';
import type { SandboxConfig, SandboxStatus } from './types.ts';

/** A pod's place on a node: its network, its files under /etc, and the pause process that holds them. */
export class Sandbox {
  state: SandboxStatus['state'] = 'ready';
  /** hosts, hostname and resolv.conf, mounted into each container. */
  readonly files: Volume;
  pause: { readonly system: ContainerSystem; readonly process: ProcessHandle } | undefined;

  constructor(
    readonly id: string,
    readonly config: SandboxConfig,
    readonly ips: readonly string[],
    readonly stack: NetworkStack,
    readonly createdAt: number,
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

/** As pkg/kubelet/kubelet_pods.go writes it. */
function hostsFile(config: SandboxConfig, ips: readonly string[]): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...ips.map((ip) => `${ip}\t${config.hostname}`),
  ];
  if (config.hosts && config.hosts.length > 0)
    lines.push('', '# Entries added by HostAliases.', ...config.hosts.map(({ ip, hostnames }) => `${ip}\t${hostnames.join('\t')}`));
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
