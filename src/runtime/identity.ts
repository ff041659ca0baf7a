import type { ContainerFs } from '../shell/fs/index.ts';
import type { ContainerConfig, ContainerIdentity, ImageRecord } from './types.ts';

/**
 * Whom a container runs as, as containerd settles it: the pod's user, else the image's; its group from the pod, the image, or the image's
 * /etc/passwd. Besides the groups that the pod names, the user has those whose members /etc/group lists it among, unless the pod's
 * policy is Strict; its own group is always one of them.
 */
export function identityOf({ user }: Pick<ContainerConfig, 'user'>, image: ImageRecord, fs: ContainerFs): ContainerIdentity {
  const [name = '0', group] = (image.config.user ?? '0').split(':');
  const users = rows(fs, '/etc/passwd');
  const uid = user?.uid ?? Number(users.find((one) => one[0] === name || one[2] === name)?.[2] ?? name);
  const own = users.find((one) => one[2] === String(uid));
  const gid = user?.gid ?? groupNumber(fs, group) ?? Number(own?.[3] ?? 0);
  const listed = user?.groupsPolicy === 'Strict' || own === undefined ? [] : memberships(fs, own[0] as string);
  return { uid, gid, groups: [...new Set([gid, ...listed, ...(user?.groups ?? [])])].sort((a, b) => a - b) };
}

export function homeOf(fs: ContainerFs, uid: number): string {
  return rows(fs, '/etc/passwd').find((row) => row[2] === String(uid))?.[5] || '/';
}

function memberships(fs: ContainerFs, user: string): number[] {
  return rows(fs, '/etc/group')
    .filter((row) => row[3]?.split(',').includes(user))
    .map((row) => Number(row[2]));
}

function groupNumber(fs: ContainerFs, group: string | undefined): number | undefined {
  if (group === undefined || /^\d+$/.test(group)) return group === undefined ? undefined : Number(group);
  const row = rows(fs, '/etc/group').find((one) => one[0] === group);
  return row && Number(row[2]);
}

function rows(fs: ContainerFs, path: string): string[][] {
  if (!fs.host.exists(path)) return [];
  return fs.host
    .readText(path)
    .split('\n')
    .map((line) => line.split(':'));
}
