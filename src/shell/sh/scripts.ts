import type { signalNumbers } from '../kernel/signals.ts';
import type { Syscall } from '../kernel/types.ts';
import { expandAliases } from './aliases.ts';
import { run } from './execute.ts';
import { parseScript } from './parser.ts';
import type { Shell } from './shell.ts';
import type { ListNode } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';

/** A text file without `#!` is a script for this shell. */
export function* runFile(shell: Shell, path: string, words: readonly string[]): Syscall<void> {
  shell.name = words[0] ?? path;
  shell.parameters = words.slice(1);
  for (const name of [...shell.functions.keys()]) shell.defineFunction(name, undefined);
  yield* runText(shell, shell.process.system.fs.readText(path, shell.process.cwd), true);
}

/** Runs a script given as text: whole lines before a syntax error still run. */
export function* runText(shell: Shell, text: string, last = false): Syscall<void> {
  const { firstLine } = shell;
  shell.firstLine = 0;
  try {
    yield* runLines(shell, text, last);
  } finally {
    shell.firstLine = firstLine;
  }
}

function* runLines(shell: Shell, text: string, last: boolean): Syscall<void> {
  if (/(?:^|[\s;&|(])alias\s/.test(text) && shell.flavour !== 'bash') return yield* runLineByLine(shell, text);
  let list: ListNode;
  try {
    list = parseScript(text);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const before = completeLines(text, error.line);
    if (before) yield* run(shell, before);
    if (shell.flow) return;
    shell.line = error.line;
    throw error;
  }
  yield* run(shell, list, last);
}

/** An alias counts from the line after its definition: the script is read as it runs. */
function* runLineByLine(shell: Shell, text: string): Syscall<void> {
  let pending = '';
  const { firstLine } = shell;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1;
    if (pending === '') shell.firstLine = firstLine + index;
    pending += `${line}${isLast ? '' : '\n'}`;
    let list: ListNode;
    try {
      list = parseScript(expandAliases(shell, pending), { interactive: !isLast });
    } catch (error) {
      if (error instanceof SyntaxProblem && error.incomplete && !isLast) continue;
      throw error;
    }
    pending = '';
    yield* run(shell, list);
    if (shell.flow) return;
  }
}

function completeLines(text: string, errorLine: number): ListNode | undefined {
  const lines = text.split('\n');
  for (let count = Math.min(errorLine, lines.length) - 1; count > 0; count -= 1) {
    try {
      return parseScript(lines.slice(0, count).join('\n'), { interactive: true });
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
    }
  }
  return undefined;
}

/** Runs the commands of signals that have come. */
export function* runTraps(shell: Shell): Syscall<void> {
  while (shell.pendingTraps.length > 0) {
    const signal = shell.pendingTraps.shift() as keyof typeof signalNumbers;
    const command = shell.traps.get(signal);
    if (!command) continue;
    const { status, flow } = shell;
    shell.flow = undefined;
    yield* runText(shell, command);
    if (!shell.flow) {
      shell.status = status;
      shell.flow = flow;
    }
  }
}
