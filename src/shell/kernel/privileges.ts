/**
 * What a container's processes may do beyond what their user may.
 *
 * Differs from upstream: it shows in /proc/PID/status and changes nothing else: root may change owners without CAP_CHOWN, and may not
 * set the clock with CAP_SYS_TIME.
 */
export interface Privileges {
  /** One bit for each, by Linux's numbers: what root has, and others cannot get beyond. */
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  /** Whether a filter of system calls is on. */
  readonly seccomp: boolean;
}

/** The lines of /proc/PID/status that tell of a process's privileges. */
export function privilegeLines({ capabilities, noNewPrivileges, seccomp }: Privileges, uid: number): string[] {
  const line = (name: string, mask: bigint) => `Cap${name}:\t${mask.toString(16).padStart(16, '0')}`;
  const own = uid === 0 ? capabilities : 0n;
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
export const usualPrivileges: Privileges = { capabilities: 0xa80425fbn, noNewPrivileges: false, seccomp: false };
