import type { signalNumbers } from '../kernel/signals.ts';
import type { Syscall } from '../kernel/types.ts';
import { expandAliases } from './aliases.ts';
import { run } from './execute.ts';
import { parseScript } from './parser.ts';
import type { Shell } from './shell.ts';
import type { ListNode } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';

/** A script of more characters is read in parts. */
const blockLength = 8192;
/** Some 2^4 characters are read in the time of a step. */
const charactersPerStep = 4;

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
  if (text.length > blockLength) return yield* runInBlocks(shell, text, last);
  yield* runBlock(shell, text, last);
}

/** A long script is read in blocks of whole commands, as it runs: reading all of it would hold up others. */
function* runInBlocks(shell: Shell, text: string, last: boolean): Syscall<void> {
  for (let at = 0, lines = shell.firstLine; at < text.length; ) {
    const block = yield* nextBlock(shell, text, at);
    at += block.length;
    shell.firstLine = lines;
    yield* runBlock(shell, block, last && at === text.length);
    if (shell.flow) return;
    for (let line = block.indexOf('\n'); line >= 0; line = block.indexOf('\n', line + 1)) lines += 1;
  }
}

/** Whole lines from a place on that hold whole commands. */
function* nextBlock(shell: Shell, text: string, from: number): Syscall<string> {
  let end = lineEnd(text, from + blockLength);
  // Where it is cut in the midst of a command it needs few lines more, or many: now and then it gets many at once.
  for (let tries = 1; end < text.length; tries += 1) {
    const block = text.slice(from, end);
    shell.process.charge(block.length >> charactersPerStep);
    yield* shell.process.step();
    try {
      parseScript(block, { interactive: true });
      return block;
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      if (!error.incomplete) return block;
    }
    const more = tries % 16 === 0 ? 2 * tries : 1;
    for (let line = 0; line < more; line += 1) end = lineEnd(text, end);
  }
  return text.slice(from);
}

/** Behind the line that a place is in. */
function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
}

function* runBlock(shell: Shell, text: string, last: boolean): Syscall<void> {
  shell.process.charge(text.length >> charactersPerStep);
  yield* shell.process.step();
  let list: ListNode;
  try {
    list = parseScript(text);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const before = yield* completeLines(shell, text, error.line);
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

function* completeLines(shell: Shell, text: string, errorLine: number): Syscall<ListNode | undefined> {
  const lines = text.split('\n');
  for (let count = Math.min(errorLine, lines.length) - 1; count > 0; count -= 1) {
    shell.process.charge(text.length >> charactersPerStep);
    yield* shell.process.step();
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
