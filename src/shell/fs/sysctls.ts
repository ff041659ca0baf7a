import type { ProcessTable } from '../kernel/open-file.ts';
import { SyntheticDirectory, textNode } from './synthetic.ts';

/** What Linux 6.1 starts with in a container of containerd's, of what a pod may set (`spec.securityContext.sysctls`) or people look at. */
const defaults: Readonly<Record<string, string>> = {
  'kernel.pid_max': '4194304',
  'kernel.shm_rmid_forced': '0',
  'net.core.somaxconn': '4096',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_local_reserved_ports': '',
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0\t2147483647',
  'net.ipv4.tcp_fin_timeout': '60',
  'net.ipv4.tcp_keepalive_intvl': '75',
  'net.ipv4.tcp_keepalive_probes': '9',
  'net.ipv4.tcp_keepalive_time': '7200',
  'net.ipv4.tcp_rmem': '4096\t131072\t6291456',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.tcp_wmem': '4096\t16384\t4194304',
  'vm.overcommit_memory': '1',
};

/** /proc/sys: the kernel's parameters, with those of the container in place of the kernel's own. Numbers in a row are parted by tabs. */
export function sysctlTree({ hostname, uname }: Pick<ProcessTable, 'hostname' | 'uname'>, own: Readonly<Record<string, string>>): SyntheticDirectory {
  const given = Object.entries(own).map(([name, value]) => [name, value.trim().replace(/\s+/g, '\t')] as const);
  const values = new Map([
    ...Object.entries(defaults),
    ['kernel.hostname', hostname],
    ['kernel.ostype', uname.system],
    ['kernel.osrelease', uname.release],
    ['kernel.version', uname.version],
    ...given,
  ]);
  return directory(values, '');
}

/** The directory of all names that begin with `prefix`. */
function directory(values: ReadonlyMap<string, string>, prefix: string): SyntheticDirectory {
  const inode = 1000 + prefix.length;
  const names = new Set([...values.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split('.')[0] as string));
  return new SyntheticDirectory(
    inode,
    () => [...names].sort(),
    (name) => {
      const value = values.get(prefix + name);
      if (value !== undefined) return textNode(`${value}\n`, inode + 1, 0o644);
      return names.has(name) ? directory(values, `${prefix}${name}.`) : undefined;
    },
  );
}
