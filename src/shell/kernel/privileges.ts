/** What a container's processes may do beyond what their user may. */
export interface Privileges {
  /** One bit for each (see `capabilityMask`): what root has, and others cannot get beyond. */
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  /**
   * Whether a filter of system calls is on.
   *
   * Differs from upstream: it shows in /proc/PID/status and changes nothing else.
   */
  readonly seccomp: boolean;
  /**
   * What /proc/PID/attr/current says: a profile of AppArmor and its mode, or `unconfined`.
   *
   * Differs from upstream: nothing else tells of it.
   */
  readonly appArmor: string;
}

/** What a process of a container holds: as after `execve`, root has all that the container has, and nobody else any. */
export function capabilitiesOf({ capabilities }: Privileges, uid: number): bigint {
  return uid === 0 ? capabilities : 0n;
}

/** The lines of /proc/PID/status that tell of a process's privileges. */
export function privilegeLines(privileges: Privileges, uid: number): string[] {
  const { capabilities, noNewPrivileges, seccomp } = privileges;
  const line = (name: string, mask: bigint) => `Cap${name}:\t${mask.toString(16).padStart(16, '0')}`;
  const own = capabilitiesOf(privileges, uid);
  return [
    line('Inh', 0n),
    line('Prm', own),
    line('Eff', own),
    line('Bnd', capabilities),
    line('Amb', 0n),
    `NoNewPrivs:\t${noNewPrivileges ? 1 : 0}`,
    `Seccomp:\t${seccomp ? 2 : 0}`,
    `Seccomp_filters:\t${seccomp ? 1 : 0}`,
  ];
}

/** Containers of which nothing is said: containerd's usual set. */
export const usualPrivileges: Privileges = {
  capabilities: 0xa80425fbn,
  noNewPrivileges: false,
  seccomp: false,
  appArmor: 'cri-containerd.apparmor.d (enforce)',
};
