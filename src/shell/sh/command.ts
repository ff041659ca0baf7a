import type { Syscall } from '../kernel/types.ts';
import type { Builtin } from './builtins.ts';
import { builtins } from './builtins.ts';
import { spawnAndWait } from './execute.ts';
import type { Shell } from './shell.ts';

/** Runs words as a command that is no function: what `command` does. */
export function* runCommandWords(shell: Shell, words: readonly string[]): Syscall<number> {
  const builtin = builtins.get(words[0] ?? '');
  if (builtin && (!builtin.only || builtin.only.includes(shell.flavour))) return yield* runBuiltin(shell, builtin, words);
  yield* spawnAndWait(shell, words, shell.variables.environment());
  return shell.status;
}

/** Runs a built-in, whether or not it may block. */
export function* runBuiltin(shell: Shell, builtin: Builtin, words: readonly string[]): Syscall<number> {
  const result = builtin.run(shell, words);
  return typeof result === 'number' ? result : yield* result;
}
