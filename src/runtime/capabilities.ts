import type { Privileges } from '../shell/kernel/index.ts';
import { capabilityMask, capabilityNames } from '../shell/kernel/index.ts';
import { usualPrivileges } from '../shell/kernel/privileges.ts';
import type { SecurityConfig } from './types.ts';

/** What containerd gives a container of which nothing is said. */
const usual = 'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'.split(' ');

/** What a container's processes may do, from its security context, as containerd works it out; runc passes over names that there are not. */
export function privilegesOf({ privileged, addCapabilities, dropCapabilities, noNewPrivileges, seccomp, appArmor }: SecurityConfig): Privileges {
  const given = new Set<string>(privileged || addCapabilities.includes('ALL') ? capabilityNames : usual);
  if (dropCapabilities.includes('ALL') && !privileged) given.clear();
  if (!privileged) {
    for (const name of addCapabilities) given.add(plain(name));
    for (const name of dropCapabilities) given.delete(plain(name));
  }
  const confined = appArmor !== 'unconfined' && !privileged;
  return {
    capabilities: capabilityMask(given),
    noNewPrivileges,
    seccomp: seccomp && !privileged,
    appArmor: confined ? usualPrivileges.appArmor : 'unconfined',
  };
}

const plain = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');
