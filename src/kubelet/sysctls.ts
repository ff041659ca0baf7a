import type { Pod } from '../../generated/types/index.ts';
import type { Rejection } from './admission.ts';

/** What a pod may set of the kernel without its node's leave: namespaced, and of no consequence to other pods. */
const safeSysctls: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

/** Refuses a pod that sets what its node does not allow (pkg/kubelet/sysctl); undefined if it does not. */
export function sysctlRejection(pod: Readonly<Pod>): Rejection | undefined {
  for (const { name } of pod.spec?.securityContext?.sysctls ?? []) {
    const why = forbidden(normalName(name), pod);
    if (why) return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${why}` };
  }
  return undefined;
}

/** The pod's kernel parameters by their dotted names. */
export function podSysctls(pod: Readonly<Pod>): Record<string, string> {
  return Object.fromEntries((pod.spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [normalName(name), value]));
}

function forbidden(name: string, { spec }: Readonly<Pod>): string | undefined {
  const quoted = JSON.stringify(name);
  if (!safeSysctls.includes(name)) return `${quoted} not allowlisted`;
  if (name.startsWith('net.')) return spec?.hostNetwork ? `${quoted} not allowed with host Net enabled` : undefined;
  return spec?.hostIPC ? `${quoted} not allowed with host IPC enabled` : undefined;
}

/** A name whose first separator is a slash has slashes for dots and dots for slashes. */
function normalName(name: string): string {
  if (name.search(/[./]/) !== name.indexOf('/')) return name;
  return name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}
