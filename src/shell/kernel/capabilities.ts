/** Linux's capabilities by their numbers. */
export const capabilityNames = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

export type Capability = (typeof capabilityNames)[number];

const bits = new Map<Capability, bigint>(capabilityNames.map((name, bit) => [name, 1n << BigInt(bit)]));

/** One bit for each name, by Linux's numbers; names that there are not are passed over. */
export function capabilityMask(names: Iterable<string>): bigint {
  let mask = 0n;
  for (const name of names) mask |= bits.get(name as Capability) ?? 0n;
  return mask;
}

/** What the kernel's own work is done with. */
export const allCapabilities: bigint = capabilityMask(capabilityNames);

/** Whether somebody may what takes a capability. Ask once ownership and modes have said no, as Linux does: it costs more than they do. */
export function holds({ capabilities }: { readonly capabilities: bigint }, name: Capability): boolean {
  return (capabilities & (bits.get(name) as bigint)) !== 0n;
}
