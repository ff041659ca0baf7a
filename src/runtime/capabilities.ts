import type { Privileges } from '../shell/kernel/index.ts';
import type { SecurityConfig } from './types.ts';

/** Linux's capabilities by their numbers. */
const names = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW ' +
  'IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD ' +
  'LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** What containerd gives a container of which nothing is said. */
const usual = 'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'.split(' ');

/** What a container's processes may do, from its security context, as containerd works it out; runc passes over names that there are not. */
export function privilegesOf({ privileged, addCapabilities, dropCapabilities, noNewPrivileges, seccomp }: SecurityConfig): Privileges {
  const given = new Set(privileged || addCapabilities.includes('ALL') ? names : usual);
  if (dropCapabilities.includes('ALL') && !privileged) given.clear();
  if (!privileged) {
    for (const name of addCapabilities) given.add(plain(name));
    for (const name of dropCapabilities) given.delete(plain(name));
  }
  const capabilities = names.reduce((mask, name, bit) => (given.has(name) ? mask | (1n << BigInt(bit)) : mask), 0n);
  return { capabilities, noNewPrivileges, seccomp: seccomp && !privileged };
}

const plain = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');
