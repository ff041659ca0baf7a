import { errorTexts, SystemError } from '../shell/kernel/types.ts';
import { StartError } from './types.ts';

/** Words a failed start as containerd and runc do. Rethrows what is no SystemError. */
export function startFailure(error: unknown, command: string, during: 'create' | 'exec'): StartError {
  if (!(error instanceof SystemError)) throw error;
  const why = `exec: "${command}": ${causeOf(error, command)}: unknown`;
  if (during === 'exec') return new StartError(`OCI runtime exec failed: exec failed: unable to start container process: ${why}`, 126);
  return initFailure(why);
}

/** What hinders runc after it has made the container and before the command runs. */
const initFailure = (why: string) => createFailure(`error during container init: ${why}`);

const createFailure = (why: string) =>
  new StartError(
    `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why}`,
    128,
  );

/** The limit has no room for a single process. */
export function memoryTooLow(): StartError {
  return createFailure('container init was OOM-killed (memory limit too low?): unknown');
}

/** A working directory that is not there is made; words why it could not be. */
export function workingDirectoryFailure(path: string, error: SystemError): StartError {
  return initFailure(`mkdir ${path}: ${errorTexts[error.code].toLowerCase()}: unknown`);
}

function causeOf(error: SystemError, command: string): string {
  switch (error.code) {
    case 'ENOENT':
      return command.includes('/') ? `stat ${command}: no such file or directory` : 'executable file not found in $PATH';
    case 'EISDIR':
      return 'is a directory';
    case 'EACCES':
      return 'permission denied';
    case 'ENOEXEC':
      return 'exec format error';
    case 'ENOTDIR':
      return `stat ${command}: not a directory`;
    default:
      return error.message.toLowerCase();
  }
}
