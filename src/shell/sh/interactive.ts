import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { readLine } from './builtins-input.ts';
import { reapJobs } from './builtins-jobs.ts';
import { report, run, runTraps } from './execute.ts';
import { parseScript } from './parser.ts';
import type { Shell } from './shell.ts';
import { functionDepthLimit } from './shell.ts';
import type { ListNode } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';

/** Reads commands line by line from standard input: `sh -s`, a script on a pipe, a user at a terminal. */
export function* readCommands(shell: Shell): Syscall<void> {
  let pending = '';
  for (;;) {
    const line = yield* nextLine(shell, pending === '' ? 'PS1' : 'PS2');
    if (line === 'interrupted') {
      pending = '';
      shell.status = 130;
      continue;
    }
    if (line === undefined && pending === '') return;
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
    if (line === undefined) return;
  }
}

function* nextLine(shell: Shell, prompt: 'PS1' | 'PS2'): Syscall<{ readonly text: string; readonly ended: boolean } | 'interrupted' | undefined> {
  if (shell.interactive) {
    yield* reapJobs(shell);
    shell.jobs = shell.jobs.filter((job) => job.status === undefined);
    yield* shell.writeError(promptText(shell, shell.get(prompt) ?? ''));
  }
  try {
    const line = yield* readLine(shell, 0, true);
    if (line.ended && line.text === '') {
      if (shell.interactive && shell.process.isTty(0)) yield* shell.writeError(shell.flavour === 'ash' ? '\n' : '\n');
      return undefined;
    }
    return line;
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'EINTR') throw error;
    if (shell.pendingTraps.length > 0) yield* runTraps(shell);
    if (shell.interactive) yield* shell.writeError('\n');
    return 'interrupted';
  }
}

/** Busybox understands `\w`, `\u`, `\h`, `\$` in prompts; dash takes them as they are. */
function promptText(shell: Shell, text: string): string {
  if (shell.flavour === 'dash') return text;
  const { cwd, uid, system } = shell.process;
  const home = shell.get('HOME') ?? '';
  const shown = home.length > 1 && (cwd === home || cwd.startsWith(`${home}/`)) ? `~${cwd.slice(home.length)}` : cwd;
  const values: Record<string, string> = {
    w: shown,
    W: cwd.split('/').at(-1) || '/',
    h: system.hostname,
    u: shell.get('USER') ?? 'root',
    $: uid === 0 ? '#' : '$',
    n: '\n',
    '\\': '\\',
  };
  return text.replaceAll(/\\([wWhu$n\\])/g, (_, letter: string) => values[letter] ?? '').replaceAll(/\\[[\]]/g, '');
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

/** Differs from upstream: an alias counts only as the first word of a line. */
function expandAliases(shell: Shell, text: string): string {
  let result = text;
  const seen = new Set<string>();
  for (;;) {
    const name = /^\s*([^\s;&|<>()'"\\$`]+)/.exec(result)?.[1];
    const value = name === undefined || seen.has(name) ? undefined : shell.aliases.get(name);
    if (name === undefined || value === undefined || seen.size > functionDepthLimit) return result;
    seen.add(name);
    result = result.replace(name, () => value);
  }
}

function* runLine(shell: Shell, script: ListNode): Syscall<void> {
  try {
    yield* run(shell, script);
  } catch (error) {
    shell.nesting = 0;
    shell.tested = 0;
    shell.loopDepth = 0;
    shell.functionDepth = 0;
    yield* report(shell, error);
    if (!shell.interactive) shell.flow = { kind: 'exit' };
  }
}
