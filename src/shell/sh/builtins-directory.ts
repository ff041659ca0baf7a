import { errorTexts, SystemError } from '../kernel/types.ts';
import type { Builtin } from './builtins.ts';

const cd: Builtin = {
  *run(shell, words) {
    const args = words.slice(1).filter((word, index) => !(index === 0 && /^-[LP]$/.test(word)) && word !== '--');
    const asked = args[0] ?? shell.get('HOME');
    if (asked === undefined) {
      yield* shell.complain('HOME not set', 'cd');
      return 1;
    }
    const target = asked === '-' ? (shell.get('OLDPWD') ?? '') : asked;
    const { process } = shell;
    try {
      const path = target === '' ? process.cwd : logical(target, process.cwd);
      const stat = process.system.fs.stat(path);
      if (stat.type !== 'directory') throw new SystemError('ENOTDIR');
      process.system.fs.stat(`${path}/.`);
      shell.set('OLDPWD', process.cwd);
      process.cwd = words[1] === '-P' ? process.system.fs.realpath(path) : path;
      shell.set('PWD', process.cwd);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* shell.complain(shell.flavour === 'dash' ? `can't cd to ${target}` : `can't cd to ${target}: ${errorTexts[error.code]}`, 'cd');
      return shell.flavour === 'bash' ? 1 : 2;
    }
    if (asked === '-') yield* process.write(1, `${process.cwd}\n`);
    return 0;
  },
};

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
    if (!/^[0-7]{1,4}$/.test(argument)) {
      yield* shell.complain(`Illegal mode: ${argument}`, 'umask');
      return 2;
    }
    shell.process.umask = Number.parseInt(argument, 8) & 0o777;
    return 0;
  },
};

export const directoryBuiltins: readonly (readonly [string, Builtin])[] = [
  ['cd', cd],
  ['pwd', pwd],
  ['umask', umask],
];
