import type { Syscall } from '../kernel/types.ts';
import type { Builtin } from './builtins.ts';
import { applyMonitor } from './jobs.ts';
import { quoteForShell } from './quoting.ts';
import type { Shell } from './shell.ts';
import { isName, ShellFailure } from './shell.ts';

/** export and readonly. */
const declare = (attribute: 'exported' | 'readonly'): Builtin => ({
  special: true,
  *run(shell, words) {
    const args = words.slice(1);
    const remove = args[0] === '-n';
    const names = args.filter((word) => word !== '-p' && word !== '-n' && word !== '--');
    if (names.length === 0) {
      yield* list(shell, words[0] as string, attribute);
      return 0;
    }
    for (const word of names) {
      const [name, value] = split(word);
      if (!isName(name)) throw new ShellFailure(`${words[0]}: ${name}: bad variable name`, shell.flavour === 'bash' ? 1 : 2);
      if (value !== undefined) shell.set(name, value);
      const before = shell.variables.variable(name);
      const set = { value: before?.value, exported: before?.exported ?? false, readonly: before?.readonly ?? false };
      shell.variables.put(name, { ...set, [attribute]: !remove });
    }
    return 0;
  },
});

function* list(shell: Shell, word: string, attribute: 'exported' | 'readonly'): Syscall<void> {
  for (const name of shell.variables.names()) {
    const variable = shell.variables.variable(name);
    if (!variable?.[attribute]) continue;
    yield* shell.process.write(1, `${word} ${name}${variable.value === undefined ? '' : `=${quoteForShell(variable.value)}`}\n`);
  }
}

function split(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

const unset: Builtin = {
  special: true,
  run(shell, words) {
    const functions = words[1] === '-f';
    for (const name of words.slice(1)) {
      if (name === '-f' || name === '-v') continue;
      if (functions) shell.defineFunction(name, undefined);
      else if (!isName(name)) throw new ShellFailure(`unset: ${name}: bad variable name`);
      else shell.unset(name);
    }
    return 0;
  },
};

const local: Builtin = {
  special: true,
  run(shell, words) {
    for (const word of words.slice(1)) {
      const [name, value] = split(word);
      if (!shell.variables.makeLocal(name)) throw new ShellFailure('local: not in a function', 2);
      if (value !== undefined) shell.set(name, value);
      // Dash lets the outer value show through.
      else if (shell.flavour !== 'dash') shell.unset(name);
    }
    return 0;
  },
};

const shift: Builtin = {
  special: true,
  run(shell, words) {
    const count = Number(words[1] ?? 1);
    if (!Number.isInteger(count) || count < 0) throw new ShellFailure(`shift: Illegal number: ${words[1]}`);
    if (count > shell.parameters.length) {
      if (shell.flavour === 'dash') throw new ShellFailure("shift: can't shift that many");
      return 1;
    }
    shell.parameters = shell.parameters.slice(count);
    return 0;
  },
};

const longOptions: Readonly<Record<string, string>> = {
  errexit: 'e',
  nounset: 'u',
  noglob: 'f',
  xtrace: 'x',
  noexec: 'n',
  verbose: 'v',
  allexport: 'a',
  noclobber: 'C',
  monitor: 'm',
  notify: 'b',
  ignoreeof: 'I',
};

/** An option name that `set` does not know, where that does not end the shell. */
class OptionProblem extends ShellFailure {}

/** Applies `-eux`, `+e`, `-o name` to the shell's options; returns what is left. Throws ShellFailure. */
export function applyOptions(shell: Shell, words: readonly string[]): { readonly rest: readonly string[]; readonly setsParameters: boolean } {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if (word === '--') return { rest: words.slice(i + 1), setsParameters: true };
    if (word === '-') {
      shell.options.delete('x');
      shell.options.delete('v');
      return { rest: words.slice(i + 1), setsParameters: i + 1 < words.length };
    }
    if (!/^[-+]./.test(word)) return { rest: words.slice(i), setsParameters: true };
    for (const letter of word.slice(1)) {
      if (letter === 'o') {
        i += 1;
        setOption(shell, words[i] ?? '', word.startsWith('-'), true);
      } else setOption(shell, letter, word.startsWith('-'), false);
    }
  }
  return { rest: [], setsParameters: false };
}

function setOption(shell: Shell, name: string, on: boolean, long: boolean): void {
  const letter = !long ? name : name === 'pipefail' && shell.flavour !== 'dash' ? name : Object.hasOwn(longOptions, name) ? longOptions[name] : undefined;
  if (letter === undefined || (!long && !/^[abCefhimnuvxIVE]$/.test(letter))) {
    // Busybox lets the script go on after a name that it does not know.
    if (long && shell.flavour === 'ash') throw new OptionProblem(`illegal option -o ${name}`);
    throw new ShellFailure(`set: ${long ? `Illegal option -o ${name}` : `Illegal option -${name}`}`);
  }
  if (on) shell.options.add(letter);
  else shell.options.delete(letter);
}

const set: Builtin = {
  special: true,
  *run(shell, words) {
    if (words.length === 1) {
      const lines = shell.variables.names().map((name) => [name, shell.get(name)] as const);
      for (const [name, value] of lines) if (value !== undefined) yield* shell.process.write(1, `${name}=${quoteForShell(value)}\n`);
      return 0;
    }
    if (words.length === 2 && (words[1] === '-o' || words[1] === '+o')) {
      const lines = Object.entries(longOptions).map(([name, letter]) => `${name.padEnd(16)}${shell.options.has(letter) ? 'on' : 'off'}\n`);
      yield* shell.process.write(1, `Current option settings\n${lines.join('')}`);
      return 0;
    }
    let applied: ReturnType<typeof applyOptions>;
    try {
      applied = applyOptions(shell, words.slice(1));
    } catch (error) {
      if (!(error instanceof OptionProblem)) throw error;
      yield* shell.complain(error.message, 'set');
      return 1;
    }
    const { rest, setsParameters } = applied;
    if (setsParameters) shell.parameters = [...rest];
    yield* applyMonitor(shell);
    return 0;
  },
};

const getopts: Builtin = {
  *run(shell, words) {
    const [, specification = '', name = ''] = words;
    const args = words.length > 3 ? words.slice(3) : shell.parameters;
    const silent = specification.startsWith(':');
    const offset = shell.optionIndex;
    // Inside a word of several letters OPTIND is already that of the next word, except in bash.
    const ahead = shell.flavour === 'bash' ? 0 : 1;
    const index = Math.max(1, Number(shell.get('OPTIND') ?? 1) - (offset > 1 ? ahead : 0));
    const word = args[index - 1];
    const finish = (letter: string, status: number, nextIndex: number, nextOffset: number) => {
      shell.set(name, letter);
      shell.set('OPTIND', String(nextIndex + (nextOffset > 1 ? ahead : 0)));
      shell.optionIndex = nextOffset;
      return status;
    };
    if (word === undefined || !word.startsWith('-') || word === '-') return finish('?', 1, index, 1);
    if (word === '--') return finish('?', 1, index + 1, 1);
    const letter = word[offset] as string;
    const atEnd = offset + 1 >= word.length;
    const [afterIndex, afterOffset] = atEnd ? [index + 1, 1] : [index, offset + 1];
    const known = letter === ':' ? -1 : specification.indexOf(letter, silent ? 1 : 0);
    if (known < 0) {
      if (silent) shell.set('OPTARG', letter);
      else {
        shell.unset('OPTARG');
        yield* shell.writeError(shell.flavour === 'bash' ? `${shell.name}: illegal option -- ${letter}\n` : `Illegal option -${letter}\n`);
      }
      return finish('?', 0, afterIndex, afterOffset);
    }
    if (specification[known + 1] !== ':') {
      shell.unset('OPTARG');
      return finish(letter, 0, afterIndex, afterOffset);
    }
    const value = atEnd ? args[index] : word.slice(offset + 1);
    if (value === undefined) {
      if (silent) shell.set('OPTARG', letter);
      else {
        shell.unset('OPTARG');
        yield* shell.writeError(shell.flavour === 'bash' ? `${shell.name}: option requires an argument -- ${letter}\n` : `No arg for -${letter} option\n`);
      }
      return finish(silent ? ':' : '?', 0, index + 1, 1);
    }
    shell.set('OPTARG', value);
    return finish(letter, 0, atEnd ? index + 2 : index + 1, 1);
  },
};

const alias: Builtin = {
  *run(shell, words) {
    let status = 0;
    const shown = words.length === 1 ? [...shell.aliases.keys()].sort() : words.slice(1);
    for (const word of shown) {
      const [name, value] = split(word);
      if (value !== undefined) shell.aliases.set(name, value);
      else if (shell.aliases.has(name)) yield* shell.process.write(1, `${name}=${quoteForShell(shell.aliases.get(name) ?? '')}\n`);
      else {
        yield* shell.complain(`${name} not found`, 'alias');
        status = 1;
      }
    }
    return status;
  },
};

const unalias: Builtin = {
  run(shell, words) {
    if (words[1] === '-a') shell.aliases.clear();
    let status = 0;
    for (const name of words.slice(1)) if (name !== '-a' && !shell.aliases.delete(name)) status = 1;
    return status;
  },
};

export const variableBuiltins: readonly (readonly [string, Builtin])[] = [
  ['export', declare('exported')],
  ['readonly', declare('readonly')],
  ['unset', unset],
  ['local', local],
  ['shift', shift],
  ['set', set],
  ['getopts', getopts],
  ['alias', alias],
  ['unalias', unalias],
];
