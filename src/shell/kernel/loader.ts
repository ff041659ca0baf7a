import type { Caller, ContainerFilesystem } from './open-file.ts';
import type { Program } from './types.ts';
import { SystemError } from './types.ts';

export interface LoadedProgram {
  readonly program: Program;
  readonly argv: readonly string[];
  /** The file that runs: of a script, its interpreter. */
  readonly file: string;
}

/** Linux follows this many interpreters of interpreters. */
const interpreterLimit = 4;

/**
 * Finds what `path` runs: an image's program, or the interpreter that a script's first line names.
 * Throws ENOENT, EACCES, and ENOEXEC for a text without that line (shells then read it themselves).
 */
export function loadProgram(fs: ContainerFilesystem, path: string, argv: readonly string[], caller: Caller): LoadedProgram {
  let file = path;
  let args = argv;
  for (let depth = 0; depth <= interpreterLimit; depth += 1) {
    if (file === '') throw new SystemError('ENOENT');
    const found = fs.executable(file, caller);
    if (found.program) return { program: found.program, argv: args, file };
    const line = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*?))?[ \t\r]*(?:\n|$)/.exec(found.text ?? '');
    if (!line) throw new SystemError('ENOEXEC');
    const interpreter = line[1] as string;
    args = [interpreter, ...(line[2] ? [line[2]] : []), file, ...args.slice(1)];
    file = interpreter;
  }
  throw new SystemError('ELOOP');
}

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Where a command name leads: the name itself if it has a slash, else the first executable on `path`.
 * Undefined if there is none; throws EACCES if files of that name exist but none may be run.
 */
export function searchPath(fs: ContainerFilesystem, name: string, path: string, caller: Caller): string | undefined {
  if (name.includes('/')) return name;
  let denied = false;
  for (const folder of path.split(':')) {
    const candidate = folder === '' ? `./${name}` : `${folder}/${name}`;
    try {
      fs.executable(candidate, caller);
      return candidate;
    } catch (error) {
      if (error instanceof SystemError && error.code === 'EACCES') denied = true;
    }
  }
  if (denied) throw new SystemError('EACCES');
  return undefined;
}
