import type { SecurityConfig } from './types.ts';
import { StartError } from './types.ts';

/**
 * Refuses a container whose profiles the node does not have, in containerd's words. Nobody can load a profile of AppArmor into the
 * simulated kernel, so one that is named is never there.
 *
 * Differs from upstream: a filter of system calls is read, and filters nothing.
 *
 * @param hostFile the contents of a file of the node
 * @throws StartError
 */
export function requireProfiles({ privileged, seccompFile, appArmor }: SecurityConfig, hostFile: (path: string) => Uint8Array | undefined): void {
  if (typeof appArmor === 'object') {
    const why = `apparmor profile not found ${appArmor.profile}`;
    throw new StartError(`failed to get container spec opts: failed to generate apparmor spec opts: ${why}`, 128);
  }
  if (seccompFile === undefined || privileged) return;
  const data = hostFile(seccompFile);
  const name = JSON.stringify(seccompFile);
  const failed = (why: string) => new StartError(`failed to create containerd container: ${why}`, 128);
  if (!data) throw failed(`cannot load seccomp profile ${name}: open ${seccompFile}: no such file or directory`);
  try {
    JSON.parse(Buffer.from(data).toString());
  } catch (error) {
    throw failed(`decoding seccomp profile failed ${name}: ${(error as Error).message}`);
  }
}
