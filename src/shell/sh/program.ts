import type { Process, Program, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { applyOptions } from './builtins-variables.ts';
import { report, runToEnd } from './execute.ts';
import { expandText } from './expand.ts';
import { readCommands } from './interactive.ts';
import { applyMonitor } from './jobs.ts';
import { parseText } from './parser.ts';
import { runText } from './scripts.ts';
import type { Flavour, Flow } from './shell.ts';
import { Shell, ShellFailure } from './shell.ts';

export interface ShellOptions {
  /** Whose messages and manners: busybox' `ash`, Debian's `dash`, or those of bash as far as sh scripts see them. */
  readonly flavour: Flavour;
}

/** `sh` as a program: `sh -c TEXT [NAME [ARG]...]`, `sh FILE [ARG]...`, `sh -s`, or interactive on a terminal. */
export function shellProgram(options: ShellOptions): Program {
  return (process) => main(process, options);
}

function* main(process: Process, { flavour }: ShellOptions): Syscall<number> {
  const shell = new Shell(process, flavour);
  shell.name = process.argv[0] ?? 'sh';
  const isLogin = shell.name.startsWith('-') || process.argv.slice(1).some((word) => /^-[a-z]*l|^--login$/.test(word));
  const parsed = yield* parseArguments(shell, process.argv.slice(1));
  if (parsed === undefined) return 2;
  const { command, readsInput, rest } = parsed;
  if (command !== undefined) {
    if (flavour === 'ash') shell.options.add('c');
    yield* applyMonitor(shell);
    if (rest.length > 0) shell.name = rest[0] as string;
    shell.parameters = [...rest.slice(1)];
    return yield* runToEnd(shell, () => runText(shell, command, true));
  }
  if (!readsInput && rest[0] !== undefined) return yield* runScriptFile(shell, rest[0], rest.slice(1));
  shell.parameters = [...rest];
  shell.options.add('s');
  if (shell.options.has('i') || (process.isTty(0) && process.isTty(2))) becomeInteractive(shell);
  yield* applyMonitor(shell);
  return yield* runToEnd(shell, function* (own) {
    yield* runStartupFiles(own, isLogin, process.argv.includes('--norc'));
    if (!own.flow) yield* readCommands(own);
  });
}

interface Arguments {
  readonly command: string | undefined;
  readonly readsInput: boolean;
  readonly rest: readonly string[];
}

function* parseArguments(shell: Shell, args: readonly string[]): Syscall<Arguments | undefined> {
  let wantsCommand = false;
  let readsInput = false;
  const settings: string[] = [];
  let i = 0;
  for (; i < args.length && /^[-+]./.test(args[i] as string); i += 1) {
    const word = args[i] as string;
    if (word === '--' || word === '-') {
      i += 1;
      break;
    }
    if (/^--(?:login|norc|noprofile|posix)$/.test(word)) continue;
    if (word.startsWith('-')) {
      if (word.includes('c')) wantsCommand = true;
      if (word.includes('s')) readsInput = true;
    }
    const letters = word.slice(1).replaceAll(/[csl]/g, '');
    if (letters !== '') settings.push(`${word[0]}${letters}`);
    if (letters.endsWith('o')) settings.push(args[++i] ?? '');
  }
  try {
    applyOptions(shell, settings);
  } catch (error) {
    if (!(error instanceof ShellFailure)) throw error;
    yield* shell.writeError(`${shell.name}: ${error.message.replace(/^set: /, '')}\n`);
    return undefined;
  }
  const rest = args.slice(i);
  if (!wantsCommand) return { command: undefined, readsInput, rest };
  if (rest.length === 0) {
    yield* shell.writeError(`${shell.name}: ${shell.flavour === 'dash' ? '0: -c requires an argument' : '-c requires an argument'}\n`);
    return undefined;
  }
  return { command: rest[0] as string, readsInput, rest: rest.slice(1) };
}

function* runScriptFile(shell: Shell, file: string, args: readonly string[]): Syscall<number> {
  let text: string;
  try {
    text = shell.process.system.fs.readText(file);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const message = shell.flavour === 'ash' ? `can't open '${file}': No such file or directory` : `cannot open ${file}: No such file`;
    yield* shell.writeError(`${shell.name}: ${shell.flavour === 'dash' ? '0: ' : ''}${message}\n`);
    return shell.flavour === 'bash' ? 127 : 2;
  }
  yield* applyMonitor(shell);
  shell.name = file;
  shell.scriptFile = true;
  shell.parameters = [...args];
  return yield* runToEnd(shell, () => runText(shell, text));
}

function becomeInteractive(shell: Shell): void {
  shell.interactive = true;
  shell.options.add('i');
  shell.options.add('m');
  for (const signal of ['INT', 'TERM', 'QUIT'] as const) shell.resetSignal(signal);
}

/** What a shell reads before anything else: profiles of a login shell, the rc files of bash, ENV of the others. */
function* runStartupFiles(shell: Shell, isLogin: boolean, noRc: boolean): Syscall<void> {
  const home = shell.get('HOME') ?? '';
  const files = isLogin ? ['/etc/profile', `${home}/.profile`] : [];
  if (shell.interactive && shell.flavour !== 'bash') files.push(yield* expandText(shell, parseText(shell.get('ENV') ?? '')));
  if (shell.interactive && shell.flavour === 'bash' && !isLogin && !noRc) files.push('/etc/bash.bashrc', `${home}/.bashrc`);
  const { fs, cwd } = { fs: shell.process.system.fs, cwd: shell.process.cwd };
  for (const file of files) {
    if (file === '' || shell.flow || !fs.exists(file, cwd)) continue;
    try {
      yield* runText(shell, fs.readText(file, cwd));
      if ((shell.flow as Flow | undefined)?.kind === 'return') shell.flow = undefined;
    } catch (error) {
      if (error instanceof SystemError) continue; // Not readable: nobody complains.
      yield* report(shell, error);
    }
  }
}
