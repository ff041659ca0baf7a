import { exitCodeOf } from '../../kernel/signals.ts';
import type { Process, Syscall } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where PATH has this command; a name with a slash stands for itself. Undefined if nowhere. */
export function findCommand(process: Process, name: string, searched = process.env.get('PATH')): string | undefined {
  const executable = (path: string) => {
    const { fs } = process.system;
    if (!fs.exists(path, process.cwd)) return false;
    const stat = fs.stat(path, process.cwd);
    return stat.type === 'file' && (stat.mode & 0o111) !== 0;
  };
  if (name.includes('/')) return executable(name) ? name : undefined;
  for (const folder of (searched ?? defaultPath).split(':')) {
    const path = `${folder || '.'}/${name}`;
    if (executable(path)) return path;
  }
  return undefined;
}

/** Starts a command found on PATH. Throws SystemError ENOENT or EACCES. */
export function spawnCommand(process: Process, argv: readonly string[], env?: ReadonlyMap<string, string>): number {
  const name = argv[0] ?? '';
  const path = findCommand(process, name);
  if (path === undefined) {
    const found = name.includes('/') && process.system.fs.exists(name, process.cwd);
    throw new SystemError(found ? 'EACCES' : 'ENOENT');
  }
  return process.spawn({ argv: [path, ...argv.slice(1)], ...(env ? { env } : {}) });
}

/** Runs a command to its end; the exit code as a shell would show it. Throws SystemError if it cannot be started. */
export function* runCommand(process: Process, argv: readonly string[], env?: ReadonlyMap<string, string>): Syscall<number> {
  const pid = spawnCommand(process, argv, env);
  const ended = yield* process.wait(pid);
  return ended ? exitCodeOf(ended.status) : 127;
}

/** Runs a command and returns its exit code, or 126 or 127 with a message of `name` if it cannot be started. */
export function* runOrExplain(process: Process, name: string, argv: readonly string[], env?: ReadonlyMap<string, string>): Syscall<number> {
  try {
    return yield* runCommand(process, argv, env);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    yield* process.write(2, `${name}: can't execute '${argv[0]}': ${error.code === 'ENOENT' ? 'No such file or directory' : error.message}\n`);
    return error.code === 'ENOENT' ? 127 : 126;
  }
}
