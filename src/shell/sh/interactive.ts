import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { expandAliases } from './aliases.ts';
import { builtinNames } from './builtins.ts';
import { readLine } from './builtins-input.ts';
import { completionsOf } from './editor/completion.ts';
import { History } from './editor/history.ts';
import { editLine } from './editor/line-editor.ts';
import { report, run } from './execute.ts';
import { sayStopped, tellChanges } from './jobs.ts';
import { parseScript } from './parser.ts';
import { promptText } from './prompt.ts';
import { runTraps } from './scripts.ts';
import type { Shell } from './shell.ts';
import type { ListNode } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';

/** Reads commands line by line from standard input: `sh -s`, a script on a pipe, a user at a terminal. */
export function* readCommands(shell: Shell): Syscall<void> {
  const history = shell.interactive ? openHistory(shell) : undefined;
  const known = history?.lines.length ?? 0;
  yield* readToEnd(shell, history);
  if (shell.flavour === 'bash') history?.save(history.lines.slice(known));
}

function* readToEnd(shell: Shell, history: History | undefined): Syscall<void> {
  let pending = '';
  let read = 0;
  for (;;) {
    if (pending === '') shell.firstLine = read;
    const line = yield* nextLine(shell, pending === '' ? 'PS1' : 'PS2', history);
    if (line === 'interrupted') {
      pending = '';
      shell.status = 130;
      continue;
    }
    read += 1;
    if (line === undefined && pending === '') {
      if (shell.interactive && shell.flavour === 'bash') yield* shell.writeError('\nexit\n');
      if (shell.interactive && (yield* sayStopped(shell))) continue;
      if (shell.interactive && shell.flavour !== 'bash' && shell.process.isTty(0)) yield* shell.writeError('\n');
      return;
    }
    remember(shell, history, pending, line?.text ?? '');
    const text = pending + (line?.text ?? '') + (line && !line.ended ? '\n' : '');
    const script = yield* tryParse(shell, text, line === undefined);
    if (script === 'more') {
      pending = text;
      continue;
    }
    pending = '';
    if (script) yield* runLine(shell, script);
    if (shell.flow?.kind === 'exit' || (!shell.interactive && script === undefined)) return;
    shell.flow = undefined;
    shell.stoppedWarning -= 1;
    if (line === undefined) return;
  }
}

/** Where typed lines are kept: HISTFILE, or the file of the shell's own name at home. */
function openHistory(shell: Shell): History | undefined {
  if (shell.flavour === 'dash') return undefined;
  const home = shell.get('HOME');
  const file = shell.get('HISTFILE') ?? (home ? `${home === '/' ? '' : home}/${shell.flavour === 'bash' ? '.bash_history' : '.ash_history'}` : undefined);
  return new History(shell.process.system.fs, file);
}

/** Busybox writes each line down at once; bash joins the lines of one command, and writes at its end. */
function remember(shell: Shell, history: History | undefined, pending: string, line: string): void {
  if (!history) return;
  if (shell.flavour !== 'bash') {
    if (history.add(line)) history.save([line]);
    return;
  }
  if (pending === '') history.add(line);
  else if (line.trim() !== '') {
    const before = history.lines.pop() ?? '';
    const isQuoted = /^[^']*'[^']*$|^[^"]*"[^"]*$/.test(before);
    const joint = isQuoted || /<<|\\$/.test(before) ? '\n' : /(?:^|[\s;])(?:then|do|else|\{)$|[(|&]$/.test(before) ? ' ' : '; ';
    history.add(`${before}${joint}${joint === '\n' ? line : line.trim()}`);
  }
}

interface InputLine {
  readonly text: string;
  readonly ended: boolean;
}

function* nextLine(shell: Shell, prompt: 'PS1' | 'PS2', history: History | undefined): Syscall<InputLine | 'interrupted' | undefined> {
  shell.interrupted = false;
  if (!shell.interactive) return yield* plainLine(shell);
  if (prompt === 'PS1') yield* tellChanges(shell);
  const shown = yield* promptText(shell, shell.get(prompt) ?? '');
  const terminal = history ? shell.process.terminal(0) : undefined;
  let line: InputLine | 'interrupted' | undefined;
  if (terminal && history) line = yield* editedLine(shell, shown, history);
  else {
    yield* shell.writeError(shown);
    line = yield* plainLine(shell);
  }
  shell.interrupted = false;
  if (line === 'interrupted') {
    if (shell.pendingTraps.length > 0) yield* runTraps(shell);
    yield* shell.writeError('\n');
  }
  return line;
}

function* plainLine(shell: Shell): Syscall<InputLine | 'interrupted' | undefined> {
  for (;;) {
    try {
      const line = yield* readLine(shell, 0, true);
      return line.ended && line.text === '' ? undefined : line;
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== 'EINTR') throw error;
      if (isInterrupted(shell)) return 'interrupted';
      if (shell.interactive) continue;
      if (shell.pendingTraps.length > 0) yield* runTraps(shell);
      return shell.flow ? undefined : { text: '', ended: false };
    }
  }
}

/** Only ^C gives up a line at the prompt: traps of other signals run after the next one. */
function isInterrupted(shell: Shell): boolean {
  return shell.interactive && (shell.interrupted || shell.pendingTraps.includes('INT'));
}

function* editedLine(shell: Shell, prompt: string, history: History): Syscall<InputLine | 'interrupted' | undefined> {
  const terminal = shell.process.terminal(0);
  if (!terminal) return undefined;
  const line = yield* editLine(shell.process, terminal, {
    style: shell.flavour === 'bash' ? 'readline' : 'busybox',
    prompt,
    history,
    isInterrupted: () => isInterrupted(shell),
    complete: (text) => completionsOf(shell, text, builtinNames(shell.flavour)),
  });
  return typeof line === 'object' ? { text: line.text, ended: false } : line;
}

/** Undefined after a syntax error, which has been said; `more` if the command goes on in the next line. */
function* tryParse(shell: Shell, text: string, atEnd: boolean): Syscall<ListNode | 'more' | undefined> {
  if (!atEnd && /(?:^|[^\\])(?:\\\\)*\\\n$/.test(text)) return 'more';
  try {
    return parseScript(expandAliases(shell, text), { interactive: !atEnd });
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    if (error.incomplete && !atEnd) return 'more';
    yield* report(shell, error);
    return undefined;
  }
}

function* runLine(shell: Shell, script: ListNode): Syscall<void> {
  try {
    yield* run(shell, script);
  } catch (error) {
    shell.interrupted = false;
    shell.nesting = 0;
    shell.tested = 0;
    shell.loopDepth = 0;
    shell.functionDepth = 0;
    yield* report(shell, error);
    if (!shell.interactive) shell.flow = { kind: 'exit' };
  }
}
