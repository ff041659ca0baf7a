/** Whom nginx' workers run as, where root has started it. */
import { findUser } from '../../../shell/applets/lib/users.ts';
import type { Process } from '../../../shell/kernel/types.ts';
import { SystemError } from '../../../shell/kernel/types.ts';
import type { Config } from './config.ts';

/** What a worker ends with that must not be started again. */
export const fatalCode = 2;

export type WorkerUser = NonNullable<ReturnType<typeof findUser>>;

/** Undefined where nginx is not root, so that nobody changes. */
export function workerUser({ uid, system }: Process, { user }: Config): WorkerUser | undefined {
  return uid === 0 ? findUser(system.fs, user?.args[0] ?? 'nobody') : undefined;
}

/** Takes the user on. Returns the call that failed and its error, undefined if none did. */
export function becomeWorker(process: Process, user: WorkerUser | undefined): { readonly call: string; readonly error: SystemError } | undefined {
  if (!user) return undefined;
  const groups = [user.gid];
  let call = `setgid(${user.gid})`;
  try {
    process.become({ uid: process.uid, gid: user.gid, groups });
    call = `setuid(${user.uid})`;
    process.become({ uid: user.uid, gid: user.gid, groups });
    return undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { call, error };
  }
}
