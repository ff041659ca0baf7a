import type { Filesystem } from '../../kernel/types.ts';

function rows(fs: Filesystem, path: string): string[][] {
  if (!fs.exists(path)) return [];
  return fs
    .readText(path)
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'));
}

/** The name of a user id in /etc/passwd. */
export function userName(fs: Filesystem, uid: number): string | undefined {
  return rows(fs, '/etc/passwd').find((row) => row[2] === String(uid))?.[0];
}

export function groupName(fs: Filesystem, gid: number): string | undefined {
  return rows(fs, '/etc/group').find((row) => row[2] === String(gid))?.[0];
}

/** A user by name or number: its ids, from /etc/passwd where it is listed. */
export function findUser(
  fs: Filesystem,
  text: string,
): { readonly name?: string | undefined; readonly uid: number; readonly gid: number; readonly home: string } | undefined {
  const row = rows(fs, '/etc/passwd').find((one) => one[0] === text || one[2] === text);
  if (row) return { name: row[0], uid: Number(row[2]), gid: Number(row[3]), home: row[5] ?? '/' };
  return /^\d+$/.test(text) ? { uid: Number(text), gid: 0, home: '/' } : undefined;
}

/** The groups that /etc/group lists a user among. */
export function groupsOf(fs: Filesystem, user: string): number[] {
  return rows(fs, '/etc/group')
    .filter((row) => row[3]?.split(',').includes(user))
    .map((row) => Number(row[2]));
}

/** A user's login shell in /etc/passwd. */
export function shellOf(fs: Filesystem, user: string): string | undefined {
  return rows(fs, '/etc/passwd').find((row) => row[0] === user)?.[6] || undefined;
}

export function findGroup(fs: Filesystem, text: string): number | undefined {
  const row = rows(fs, '/etc/group').find((one) => one[0] === text);
  if (row) return Number(row[2]);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
