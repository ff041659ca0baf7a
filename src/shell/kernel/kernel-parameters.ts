import type { Hardware } from './hardware.ts';

/** What Linux 6.1 starts with, of what a pod may set (`spec.securityContext.sysctls`) or people look at and change. */
const ofTheKernel: Readonly<Record<string, string>> = {
  'fs.file-max': '9223372036854775807',
  'fs.inotify.max_user_instances': '128',
  'fs.inotify.max_user_watches': '65536',
  'kernel.msgmax': '8192',
  'kernel.msgmnb': '16384',
  'kernel.msgmni': '32000',
  'kernel.pid_max': '4194304',
  'kernel.sem': '32000\t1024000000\t500\t32000',
  'kernel.shm_rmid_forced': '0',
  'kernel.shmall': '18446744073692774399',
  'kernel.shmmax': '18446744073692774399',
  'kernel.shmmni': '4096',
  'kernel.threads-max': '127000',
  'net.core.somaxconn': '4096',
  'net.ipv4.ip_forward': '1',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_local_reserved_ports': '',
  'net.ipv4.ip_unprivileged_port_start': '1024',
  'net.ipv4.ping_group_range': '1\t0',
  'net.ipv4.tcp_fin_timeout': '60',
  'net.ipv4.tcp_keepalive_intvl': '75',
  'net.ipv4.tcp_keepalive_probes': '9',
  'net.ipv4.tcp_keepalive_time': '7200',
  'net.ipv4.tcp_rmem': '4096\t131072\t6291456',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.tcp_wmem': '4096\t16384\t4194304',
  'vm.max_map_count': '65530',
  'vm.overcommit_memory': '1',
  'vm.swappiness': '60',
};

/** What containerd sets in the network of a pod (enable_unprivileged_ports and enable_unprivileged_icmp, on since version 2.0). */
export const podNetworkParameters: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0\t2147483647',
};

/** Kernel parameters as the containers of a pod see them: those of the network and of IPC are the pod's own, all others its node's. */
export class KernelParameters {
  readonly #own = new Map<string, string>();

  /** @param own in place of the kernel's, by dotted name */
  constructor(
    readonly hardware: Hardware,
    own: Readonly<Record<string, string>>,
  ) {
    for (const [name, value] of Object.entries(own)) this.#own.set(name, inColumns(value));
  }

  names(): string[] {
    return [...new Set([...Object.keys(ofTheKernel), ...this.hardware.parameters.keys(), ...this.#own.keys()])];
  }

  get(name: string): string | undefined {
    return this.#own.get(name) ?? this.hardware.parameters.get(name) ?? (Object.hasOwn(ofTheKernel, name) ? ofTheKernel[name] : undefined);
  }

  /** From now on, for this pod or for all of its node. */
  set(name: string, value: string): void {
    const held = isNamespaced(name) ? this.#own : this.hardware.parameters;
    held.set(name, inColumns(value));
  }

  /** Ports below need NET_BIND_SERVICE. */
  get unprivilegedPortStart(): number {
    return Number(this.get('net.ipv4.ip_unprivileged_port_start'));
  }

  /** Whether a group may send echo requests without NET_RAW. */
  mayPing(gid: number): boolean {
    const [first = 1, last = 0] = (this.get('net.ipv4.ping_group_range') ?? '').split('\t').map(Number);
    return gid >= first && gid <= last;
  }
}

const isNamespaced = (name: string): boolean => name.startsWith('net.') || /^kernel\.(?:shm|msg|sem)/.test(name);

/** Numbers in a row are parted by tabs. */
const inColumns = (value: string): string => value.trim().replace(/\s+/g, '\t');
