import type { Pod } from '../../generated/types/index.ts';
import type { SandboxConfig } from '../runtime/types.ts';

export interface DnsSettings {
  /** Addresses of the cluster's DNS Service. */
  readonly clusterDns: readonly string[];
  /** `cluster.local` */
  readonly clusterDomain: string;
  /** The node's own resolv.conf. */
  readonly host: SandboxConfig['dns'];
}

const maxServers = 3;
const maxSearches = 32;

/** What a pod's resolv.conf says, by its dnsPolicy and dnsConfig (pkg/kubelet/network/dns GetPodDNS). */
export function podDns(pod: Readonly<Pod>, settings: DnsSettings): SandboxConfig['dns'] {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec ?? {};
  const cluster = settings.clusterDns.length > 0 && (dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork));
  const base = dnsPolicy === 'None' ? { servers: [], searches: [], options: [] } : cluster ? clusterFirst(pod, settings) : settings.host;
  if (!dnsConfig) return base;
  return {
    servers: unique([...base.servers, ...(dnsConfig.nameservers ?? [])]).slice(0, maxServers),
    searches: unique([...base.searches, ...(dnsConfig.searches ?? [])]).slice(0, maxSearches),
    options: mergeOptions(
      base.options,
      (dnsConfig.options ?? []).map(({ name, value }) => (value === undefined ? `${name}` : `${name}:${value}`)),
    ),
  };
}

function clusterFirst(pod: Readonly<Pod>, { clusterDns, clusterDomain, host }: DnsSettings): SandboxConfig['dns'] {
  const own = [`${pod.metadata?.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: clusterDns.slice(0, maxServers), searches: unique([...own, ...host.searches]).slice(0, maxSearches), options: ['ndots:5'] };
}

/** The pod's options win over those of the same name. */
function mergeOptions(base: readonly string[], own: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const option of [...base, ...own]) merged.set(option.split(':')[0] as string, option);
  return [...merged.values()];
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

/** What a pod is called on the network. */
export interface PodNames {
  /** What its processes see as the name of their host. */
  readonly hostname: string;
  /** Its own names in /etc/hosts: in full if it has a subdomain, then in short. */
  readonly hostsNames: readonly string[];
}

/** Longest name of a host that the kernel takes. */
const maxFqdn = 64;

/**
 * A pod's names by its hostname, subdomain and setHostnameAsFQDN (pkg/kubelet GeneratePodHostNameAndDomain, GetNodenameForKernel).
 * Throws Error if the full name is asked for and is too long for the kernel.
 */
export function podNames(pod: Readonly<Pod>, nodeName: string, clusterDomain: string): PodNames {
  const { hostNetwork, hostname, subdomain, setHostnameAsFQDN } = pod.spec ?? {};
  if (hostNetwork) return { hostname: nodeName, hostsNames: [nodeName] };
  const short = (hostname || pod.metadata?.name || '').slice(0, 63).replace(/[-.]+$/, '');
  if (!subdomain) return { hostname: short, hostsNames: [short] };
  const full = `${short}.${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}`;
  if (setHostnameAsFQDN && full.length > maxFqdn) {
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (${maxFqdn} characters is the max, ${full.length} characters requested)`,
    );
  }
  return { hostname: setHostnameAsFQDN ? full : short, hostsNames: [full, short] };
}
