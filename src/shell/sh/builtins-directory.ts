import { changedMode } from '../applets/lib/mode.ts';
import { errorTexts, SystemError } from '../kernel/types.ts';
import type { Builtin } from './builtins.ts';
import type { Shell } from './shell.ts';

const cd: Builtin = {
  *run(shell, words) {
    const args = words.slice(1).filter((word, index) => !(index === 0 && /^-[LP]$/.test(word)) && word !== '--');
    const asked = args[0] ?? shell.get('HOME');
    if (asked === undefined) {
      if (shell.flavour !== 'bash') return 0;
      yield* shell.complain('HOME not set', 'cd');
      return 1;
    }
    const target = asked === '-' ? (shell.get('OLDPWD') ?? '') : asked;
    const { process } = shell;
    const base = searchPath(shell, target);
    try {
      const path = target === '' ? process.cwd : logical(target, base ?? process.cwd);
      const stat = process.system.fs.stat(path);
      if (stat.type !== 'directory') throw new SystemError('ENOTDIR');
      process.system.fs.stat(`${path}/.`);
      setExported(shell, 'OLDPWD', process.cwd);
      process.cwd = words[1] === '-P' ? process.system.fs.realpath(path) : path;
      setExported(shell, 'PWD', process.cwd);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* shell.complain(shell.flavour === 'dash' ? `can't cd to ${target}` : `can't cd to ${target}: ${errorTexts[error.code]}`, 'cd');
      return shell.flavour === 'bash' ? 1 : 2;
    }
    if (asked === '-' || base !== undefined) yield* process.write(1, `${process.cwd}\n`);
    return 0;
  },
};

/** The folder of CDPATH that has the target; undefined where CDPATH is not looked at. */
function searchPath(shell: Shell, target: string): string | undefined {
  const places = shell.get('CDPATH');
  if (!places || target === '' || /^\.{0,2}\/|^\.{1,2}$/.test(target)) return undefined;
  const { fs } = shell.process.system;
  for (const place of places.split(':')) {
    const path = logical(target, logical(place || '.', shell.process.cwd));
    if (place === '' || place === '.' || !fs.exists(path) || fs.stat(path).type !== 'directory') continue;
    return logical(place, shell.process.cwd);
  }
  return undefined;
}

/** Children are told where the shell is, and where it was. Throws ShellFailure for a variable that is read-only. */
function setExported(shell: Shell, name: string, value: string): void {
  shell.set(name, value);
  shell.variables.put(name, { value, exported: true, readonly: false });
}

/** A path as `cd` and PWD have it: `..` undoes the last name, links are not looked through. */
function logical(path: string, cwd: string): string {
  const names: string[] = [];
  for (const name of `${path.startsWith('/') ? '' : cwd}/${path}`.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

const pwd: Builtin = {
  *run(shell, words) {
    const { process } = shell;
    yield* process.write(1, `${words[1] === '-P' ? process.system.fs.realpath(process.cwd) : process.cwd}\n`);
    return 0;
  },
};

const umask: Builtin = {
  *run(shell, words) {
    const [, argument] = words;
    if (argument === undefined || argument === '-S') {
      const mask = shell.process.umask;
      const letters = (bits: number) => ['r', 'w', 'x'].filter((_, index) => (bits & (4 >> index)) === 0).join('');
      const text = argument ? `u=${letters(mask >> 6)},g=${letters((mask >> 3) & 7)},o=${letters(mask & 7)}` : mask.toString(8).padStart(4, '0');
      yield* shell.process.write(1, `${text}\n`);
      return 0;
    }
    const isNumber = /^[0-7]{1,4}$/.test(argument);
    // A symbolic mask says what stays allowed.
    const allowed =
      isNumber || /^\d/.test(argument)
        ? undefined
        : changedMode(argument, ~shell.process.umask & 0o777, true, shell.flavour === 'ash' ? shell.process.umask : 0);
    if (!isNumber && allowed === undefined) {
      yield* shell.complain(`Illegal mode: ${argument}`, 'umask');
      return shell.flavour === 'bash' ? 1 : 2;
    }
    shell.process.umask = (allowed === undefined ? Number.parseInt(argument, 8) : ~allowed) & 0o777;
    return 0;
  },
};

export const directoryBuiltins: readonly (readonly [string, Builtin])[] = [
  ['cd', cd],
  ['pwd', pwd],
  ['umask', umask],
];
