import type { Builtin } from './builtins.ts';
import type { Shell } from './shell.ts';

/** What `ulimit` knows: letter, name as `-a` shows it, unit. */
const kinds: readonly (readonly [letter: string, name: string, unit: string])[] = [
  ['t', 'time', 'seconds'],
  ['f', 'file', 'blocks'],
  ['d', 'data', 'kbytes'],
  ['s', 'stack', 'kbytes'],
  ['c', 'coredump', 'blocks'],
  ['m', 'memory', 'kbytes'],
  ['l', 'locked memory', 'kbytes'],
  ['p', 'process', ''],
  ['n', 'nofiles', ''],
  ['v', 'vmemory', 'kbytes'],
  ['w', 'locks', ''],
  ['r', 'rtprio', ''],
];

const initial: Readonly<Record<string, string>> = { s: '8192', l: '8192', n: '1024', r: '0' };

/** `ulimit`. Differs from upstream: limits are remembered and shown, but only those of the container count. */
export const ulimit: Builtin = {
  *run(shell, words) {
    let letter = 'f';
    let showsAll = false;
    let value: string | undefined;
    for (const word of words.slice(1)) {
      if (!word.startsWith('-') || word === '-') {
        value = word;
        continue;
      }
      for (const option of word.slice(1)) {
        if (option === 'a') showsAll = true;
        else if (kinds.some(([known]) => known === option)) letter = option;
        else if (option !== 'H' && option !== 'S') {
          yield* shell.complain(shell.flavour === 'ash' ? `invalid option -- '${option}'` : `Illegal option -${option}`, 'ulimit');
          return shell.flavour === 'dash' ? 2 : 1;
        }
      }
    }
    if (showsAll) {
      const lines = kinds.map(([known, name, unit]) => `${`${name}${unit === '' ? '' : `(${unit})`}`.padEnd(20)} ${limitOf(shell, known)}\n`);
      yield* shell.process.write(1, lines.join(''));
      return 0;
    }
    if (value === undefined) {
      yield* shell.process.write(1, `${limitOf(shell, letter)}\n`);
      return 0;
    }
    if (!/^\d+$|^unlimited$/.test(value)) {
      yield* shell.complain(shell.flavour === 'ash' ? `invalid number '${value}'` : 'bad number', 'ulimit');
      return shell.flavour === 'dash' ? 2 : 1;
    }
    shell.limits = new Map([...shell.limits, [letter, value]]);
    return 0;
  },
};

function limitOf(shell: Shell, letter: string): string {
  return shell.limits.get(letter) ?? initial[letter] ?? 'unlimited';
}
