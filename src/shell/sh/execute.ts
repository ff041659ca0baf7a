import { outOfMemory } from '../kernel/held-memory.ts';
import type { Syscall } from '../kernel/types.ts';
import { errorTexts, SystemError } from '../kernel/types.ts';
import { builtins } from './builtins.ts';
import { runAndOr, runCase, runFor, runIf, runWhile } from './control-flow.ts';
import { calculate, expandText, expandWords } from './expand.ts';
import { groupOptions } from './jobs.ts';
import { parseScript } from './parser.ts';
import { fork, inherited, runStages, startBackground, waitForCommand } from './processes.ts';
import { tracePrefix } from './prompt.ts';
import type { SavedDescriptors } from './redirect.ts';
import { RedirectionFailure, redirect, restore } from './redirect.ts';
import { runFile, runText, runTraps } from './scripts.ts';
import type { Flow, Shell } from './shell.ts';
import { functionDepthLimit, Interrupted, ShellFailure } from './shell.ts';
import type { ListNode, SimpleNode, SyntaxNode } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';

/** Syntax and calls may nest this deep before the script is ended. */
const nestingLimit = 1500;

/** Runs a node; the result is in `shell.status`. `last` tells that this process does nothing afterwards, so it may become the command. */
export function* run(shell: Shell, node: SyntaxNode, last = false): Syscall<void> {
  shell.nesting += 1;
  if (shell.nesting > nestingLimit) {
    shell.nesting = 0;
    throw new ShellFailure('maximum nesting level exceeded', 2, true);
  }
  try {
    yield* begin(shell, node, last);
  } finally {
    shell.nesting -= 1;
  }
  if (shell.interrupted) throw new Interrupted();
  if (shell.pendingTraps.length > 0) yield* runTraps(shell);
}

/** The generator for a node. Not one itself: each level of a script that sleeps would hold one more. */
function begin(shell: Shell, node: SyntaxNode, last: boolean): Syscall<void> {
  switch (node.kind) {
    case 'simple':
      return runSimple(shell, node, last);
    case 'list':
      return runList(shell, node, last);
    case 'pipeline':
      return runPipeline(shell, node, last);
    case 'and-or':
      return runAndOr(shell, node, last);
    case 'if':
      return runIf(shell, node, last);
    case 'while':
      return runWhile(shell, node);
    case 'for':
      return runFor(shell, node);
    case 'case':
      return runCase(shell, node, last);
    case 'subshell':
      return runSubshell(shell, node);
    case 'arithmetic':
      return runArithmetic(shell, node);
    case 'function':
      return defineFunction(shell, node);
    case 'redirected':
      return runRedirected(shell, node);
  }
}

// biome-ignore lint/correctness/useYield: ends at once.
function* defineFunction(shell: Shell, node: Extract<SyntaxNode, { kind: 'function' }>): Syscall<void> {
  shell.defineFunction(node.name, node.body);
  shell.status = 0;
}

function* runList(shell: Shell, node: ListNode, last: boolean): Syscall<void> {
  const { items } = node;
  if (items.length === 0) shell.status = 0;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i] as ListNode['items'][number];
    if (item.background) yield* startBackground(shell, item.node, item.text);
    else yield* run(shell, item.node, last && i === items.length - 1);
    if (shell.flow) return;
  }
}

/** `((...))`: an arithmetic command in bash, a subshell within a subshell in the others. */
function* runArithmetic(shell: Shell, node: Extract<SyntaxNode, { kind: 'arithmetic' }>): Syscall<void> {
  if (shell.flavour !== 'bash') return yield* run(shell, parseScript(node.text.replace(/^\(\(/, '( (')));
  shell.status = calculate(shell, yield* expandText(shell, { parts: node.parts })) === '0' ? 1 : 0;
  errExit(shell);
}

function* runRedirected(shell: Shell, node: Extract<SyntaxNode, { kind: 'redirected' }>): Syscall<void> {
  const saved: SavedDescriptors = [];
  try {
    try {
      yield* redirect(shell, node.redirections, saved);
    } catch (error) {
      if (!(error instanceof RedirectionFailure)) throw error;
      yield* shell.complain(error.message);
      shell.status = shell.flavour === 'dash' ? 2 : 1;
      return errExit(shell);
    }
    yield* run(shell, node.node);
  } finally {
    restore(shell, saved);
  }
}

/** Runs a shell to its end: errors, EXIT trap, status. */
export function* runToEnd(shell: Shell, body: (shell: Shell) => Syscall<void>): Syscall<number> {
  yield* guarded(shell, body);
  const trap = shell.traps.get('EXIT');
  if (trap) {
    const { status } = shell;
    shell.traps.delete('EXIT');
    shell.flow = undefined;
    yield* guarded(shell, () => runText(shell, trap));
    if ((shell.flow as Flow | undefined)?.kind !== 'exit') shell.status = status;
  }
  return shell.status;
}

function* guarded(shell: Shell, body: (shell: Shell) => Syscall<void>): Syscall<void> {
  try {
    yield* body(shell);
  } catch (error) {
    yield* report(shell, error);
  }
}

/** Says what went wrong and sets the status; errors of the simulation itself are passed on. */
export function* report(shell: Shell, error: unknown): Syscall<void> {
  if (error instanceof ShellFailure) {
    shell.status = error.status;
    yield* shell.complain(error.message);
  } else if (error instanceof SyntaxProblem) {
    shell.status = 2;
    shell.line = shell.firstLine + error.line;
    yield* shell.complain(syntaxMessage(shell, error.message));
  } else if (error instanceof Interrupted) {
    // The terminal has shown ^C; the prompt begins on a new line.
    shell.status = 130;
    yield* shell.writeError('\n');
  } else if (error instanceof RangeError || (error instanceof SystemError && error.code === 'ENOMEM')) {
    shell.status = 2;
    // A text longer than the host can hold, or a stack deeper.
    const noMemory = error instanceof SystemError || error.message.includes('string length');
    if (noMemory) endForMemory(shell);
    yield* shell.complain(noMemory ? 'out of memory' : 'maximum nesting level exceeded');
  } else throw error;
}

/** A text is longer than the host can hold: the container ends, or the shell goes on to say so where nobody counts memory. */
function endForMemory(shell: Shell): void {
  try {
    outOfMemory(shell.process);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

/** Dash says `"fi" unexpected`, busybox `unexpected "fi"`. */
function syntaxMessage(shell: Shell, message: string): string {
  if (shell.flavour === 'dash') return `Syntax error: ${message}`;
  const turned = message.replace(/^("[^"]*"|end of file|newline) unexpected/, 'unexpected $1').replace(/^Unterminated/, 'unterminated');
  return `syntax error: ${turned}`;
}

function* runSubshell(shell: Shell, node: Extract<SyntaxNode, { kind: 'subshell' }>): Syscall<void> {
  const pid = fork(shell, (child) => run(child, node.body, true), undefined, undefined, groupOptions(shell, undefined));
  shell.status = yield* waitForCommand(shell, pid, node.text);
  errExit(shell);
}

function* runPipeline(shell: Shell, node: Extract<SyntaxNode, { kind: 'pipeline' }>, last: boolean): Syscall<void> {
  const startedAt = shell.process.system.now();
  if (node.negated) shell.tested += 1;
  try {
    if (node.commands.length === 1) yield* run(shell, node.commands[0] as SyntaxNode, last && !node.negated && !node.timed);
    else yield* runStages(shell, node.commands, node.text);
  } finally {
    if (node.negated) shell.tested -= 1;
  }
  if (node.negated && !shell.flow) shell.status = shell.status === 0 ? 1 : 0;
  else if (node.commands.length > 1) errExit(shell);
  if (node.timed) yield* shell.writeError(timeText(shell.process.system.now() - startedAt));
}

function timeText(ms: number): string {
  const real = `${Math.floor(ms / 60_000)}m ${((ms % 60_000) / 1000).toFixed(2)}s`;
  return `real\t${real}\nuser\t0m 0.00s\nsys\t0m 0.00s\n`;
}

// Simple commands

function* runSimple(shell: Shell, node: SimpleNode, last: boolean): Syscall<void> {
  yield* shell.process.step();
  shell.line = shell.firstLine + node.line;
  if (shell.options.has('n') && !shell.interactive) return;
  shell.substitutionStatus = undefined;
  const before = shell.status;
  const words = yield* expandWords(shell, node.words);
  if (words.length === 0) yield* runAssignments(shell, node);
  else {
    if (shell.substitutionStatus !== undefined) shell.status = before;
    yield* runCommand(shell, node, words, last);
  }
  errExit(shell);
}

/** `set -e`: a command that failed where nobody looks ends the shell. */
function errExit(shell: Shell): void {
  if (shell.status !== 0 && !shell.flow && shell.tested === 0 && shell.options.has('e')) shell.flow = { kind: 'exit' };
}

function* runAssignments(shell: Shell, node: SimpleNode): Syscall<void> {
  const saved: SavedDescriptors = [];
  try {
    yield* redirect(shell, node.redirections, saved);
    const traced: string[] = [];
    for (const { name, word, append } of node.assignments) {
      const value = yield* expandText(shell, word);
      shell.set(name, append ? `${shell.get(name) ?? ''}${value}` : value);
      if (shell.options.has('x')) traced.push(`${name}=${quoteForTrace(shell, value)}`);
    }
    if (traced.length > 0) yield* trace(shell, traced);
    shell.status = shell.substitutionStatus ?? 0;
  } catch (error) {
    if (!(error instanceof RedirectionFailure)) throw error;
    yield* shell.complain(error.message);
    shell.status = shell.flavour === 'dash' ? 2 : 1;
  } finally {
    restore(shell, saved);
  }
}

function* trace(shell: Shell, words: readonly string[]): Syscall<void> {
  yield* shell.writeError(`${yield* tracePrefix(shell)}${words.join(' ')}\n`);
}

/** A word as `set -x` shows it: dash never quotes, ash only what has a character with a meaning, bash also what is empty. */
function quoteForTrace(shell: Shell, text: string): string {
  if (shell.flavour === 'dash') return text;
  const isPlain = shell.flavour === 'ash' ? /^[+-:@-Z\]^_a-z]*$/.test(text) : /^[\w%+,./:=@^~-]+$/.test(text);
  return isPlain ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

function* runCommand(shell: Shell, node: SimpleNode, words: string[], last: boolean): Syscall<void> {
  const [name = ''] = words;
  const assignments: [string, string][] = [];
  for (const { name: variable, word } of node.assignments) assignments.push([variable, yield* expandText(shell, word)]);
  if (shell.options.has('x'))
    yield* trace(shell, [...assignments.map(([key, value]) => `${key}=${quoteForTrace(shell, value)}`), ...words.map((word) => quoteForTrace(shell, word))]);
  const builtin = builtins.get(name);
  const isSpecial = builtin?.special === true;
  const calls = isSpecial ? undefined : shell.functions.get(name);
  if (!calls && (!builtin || (builtin.only && !builtin.only.includes(shell.flavour)))) return yield* runExternal(shell, node, words, assignments, last);
  const saved: SavedDescriptors = [];
  const keepRedirections = name === 'exec';
  const undo = calls || !isSpecial ? assignTemporarily(shell, assignments, false) : assignForGood(shell, assignments);
  try {
    yield* redirect(shell, node.redirections, keepRedirections ? undefined : saved);
    if (calls) yield* callFunction(shell, calls, words);
    else if (builtin) {
      const result = builtin.run(shell, words);
      shell.status = typeof result === 'number' ? result : yield* result;
    }
  } catch (error) {
    yield* commandFailed(shell, error, name, isSpecial, calls !== undefined);
  } finally {
    restore(shell, saved);
    undo();
  }
}

function* commandFailed(shell: Shell, error: unknown, name: string, isSpecial: boolean, isFunction: boolean): Syscall<void> {
  if (error instanceof RedirectionFailure) {
    yield* shell.complain(error.message);
    shell.status = shell.flavour === 'dash' ? 2 : 1;
    if (isSpecial && !shell.interactive) shell.flow = { kind: 'exit' };
    return;
  }
  if (error instanceof ShellFailure && !isSpecial && !isFunction && !error.fatal) {
    // A mistake of a regular built-in does not end the shell.
    shell.status = error.status;
    return yield* shell.complain(error.message);
  }
  if (!(error instanceof SystemError)) throw error;
  if (error.code === 'EPIPE') {
    shell.status = 1;
    return;
  }
  shell.status = isSpecial ? 2 : 1;
  yield* shell.complain(error.message, name);
}

function assignForGood(shell: Shell, assignments: readonly [string, string][]): () => void {
  for (const [name, value] of assignments) shell.set(name, value);
  return () => {};
}

function assignTemporarily(shell: Shell, assignments: readonly [string, string][], exported: boolean): () => void {
  if (assignments.length === 0) return () => {};
  const before = assignments.map(([name]) => [name, shell.variables.variable(name)] as const);
  for (const [name, value] of assignments) shell.set(name, value, exported || shell.functions.size > 0 ? { exported: true } : {});
  return () => {
    for (const [name, variable] of before.reverse()) shell.variables.put(name, variable);
    shell.commandPaths = new Map();
  };
}

function* callFunction(shell: Shell, body: SyntaxNode, words: readonly string[]): Syscall<void> {
  if (shell.functionDepth >= functionDepthLimit) throw new ShellFailure('maximum function nesting level exceeded', 2, true);
  const { parameters, loopDepth, functionName } = shell;
  shell.parameters = words.slice(1);
  shell.functionName = words[0];
  // Busybox lets a function leave the loop that it is called in.
  if (shell.flavour !== 'ash') shell.loopDepth = 0;
  shell.functionDepth += 1;
  shell.variables.enterFunction();
  try {
    yield* run(shell, body);
    if (shell.flow?.kind === 'return') shell.flow = undefined;
  } finally {
    shell.functionName = functionName;
    shell.variables.leaveFunction();
    shell.functionDepth -= 1;
    shell.loopDepth = loopDepth;
    shell.parameters = parameters;
  }
}

function* runExternal(shell: Shell, node: SimpleNode, words: string[], assignments: readonly [string, string][], last: boolean): Syscall<void> {
  const mayBecome = last && shell.traps.size === 0 && !shell.interactive;
  const saved: SavedDescriptors = [];
  try {
    yield* redirect(shell, node.redirections, mayBecome ? undefined : saved);
    const env = assignments.length === 0 ? shell.variables.environment() : new Map([...shell.variables.environment(), ...assignments]);
    if (mayBecome) yield* become(shell, words, env);
    else yield* spawnAndWait(shell, words, env, node.text);
  } catch (error) {
    if (!(error instanceof RedirectionFailure)) throw error;
    yield* shell.complain(error.message);
    shell.status = shell.flavour === 'dash' ? 2 : 1;
  } finally {
    restore(shell, saved);
  }
}

/** Starts a command found on PATH and waits for it; says so if it cannot be run. */
export function* spawnAndWait(shell: Shell, words: readonly string[], env: ReadonlyMap<string, string>, text = words.join(' ')): Syscall<void> {
  const [name = ''] = words;
  let pid: number;
  try {
    const path = shell.findCommand(name, env.get('PATH') ?? shell.get('PATH') ?? '');
    if (path === undefined) return yield* notFound(shell, name);
    pid = startProgram(shell, path, words, env);
  } catch (error) {
    return yield* cannotRun(shell, name, error);
  }
  shell.status = yield* waitForCommand(shell, pid, text);
}

function startProgram(shell: Shell, path: string, words: readonly string[], env: ReadonlyMap<string, string>): number {
  try {
    return shell.process.spawn({ argv: words, path, env, fds: inherited(shell), ...groupOptions(shell, undefined) });
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'ENOEXEC') throw error;
    return fork(shell, (child) => runFile(child, path, words), undefined, undefined, groupOptions(shell, undefined));
  }
}

/** Replaces the shell by a command: `exec`, and the last command of a script. Comes back only if that fails. */
export function* become(shell: Shell, words: readonly string[], env: ReadonlyMap<string, string>): Syscall<void> {
  const [name = ''] = words;
  try {
    const path = shell.findCommand(name, env.get('PATH') ?? shell.get('PATH') ?? '');
    if (path === undefined) return yield* notFound(shell, name);
    try {
      yield* shell.process.exec(words, env, path);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== 'ENOEXEC') throw error;
      yield* runFile(shell, path, words);
      shell.flow = { kind: 'exit' };
    }
  } catch (error) {
    yield* cannotRun(shell, name, error);
  }
}

function* notFound(shell: Shell, name: string): Syscall<void> {
  shell.status = 127;
  yield* shell.complain(shell.flavour === 'bash' ? `${name}: command not found` : `${name}: not found`);
}

function* cannotRun(shell: Shell, name: string, error: unknown): Syscall<void> {
  if (!(error instanceof SystemError)) throw error;
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    shell.status = 127;
    yield* shell.complain(shell.flavour === 'bash' ? `${name}: No such file or directory` : `${name}: not found`);
    return;
  }
  if (error.code === 'EAGAIN') throw new ShellFailure(shell.flavour === 'ash' ? `can't fork: ${errorTexts.EAGAIN}` : 'Cannot fork', 2, true);
  shell.status = 126;
  yield* shell.complain(`${name}: ${errorTexts[error.code]}`);
}
