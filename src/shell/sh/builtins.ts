import { parseSignal, signalNumbers } from '../kernel/signals.ts';
import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { directoryBuiltins } from './builtins-directory.ts';
import { inputBuiltins } from './builtins-input.ts';
import { jobBuiltins } from './builtins-jobs.ts';
import { variableBuiltins } from './builtins-variables.ts';
import { become } from './execute.ts';
import { calculate } from './expand.ts';
import { applyMonitor, findJob, sayStopped, signalJob } from './jobs.ts';
import { bytesOf, formatPrintfInTurns, readEscapesInTurns } from './printf.ts';
import { quoteForShell } from './quoting.ts';
import { runText } from './scripts.ts';
import type { Flavour, Shell } from './shell.ts';
import { evaluateTest, TestError } from './test-builtin.ts';

export interface Builtin {
  /** POSIX special built-ins: found before functions, their errors end the shell. */
  readonly special?: boolean;
  /** Only these shells have it. */
  readonly only?: readonly Flavour[];
  /** Runs with argv, gives the status; a generator if it may block. */
  run(shell: Shell, words: readonly string[]): Syscall<number> | number;
}

const echo: Builtin = {
  *run(shell, words) {
    let first = 1;
    let newline = true;
    let escapes = shell.flavour === 'dash';
    const option = shell.flavour === 'dash' ? /^-n$/ : /^-[neE]+$/;
    for (let word = words[first]; word !== undefined && option.test(word); word = words[first]) {
      if (word.includes('n')) newline = false;
      if (word.includes('e')) escapes = true;
      if (word.includes('E')) escapes = false;
      first += 1;
      if (shell.flavour === 'dash') break;
    }
    const text = words.slice(first).join(' ');
    const read = escapes ? yield* readEscapesInTurns(shell.process, text, 'argument', shell.flavour) : { text, stopped: false };
    yield* shell.process.write(1, bytesOf(read.text + (newline && !read.stopped ? '\n' : '')));
    return 0;
  },
};

const printf: Builtin = {
  *run(shell, words) {
    const args = words[1] === '--' ? words.slice(2) : words.slice(1);
    const format = args[0];
    if (format === undefined) {
      yield* shell.complain(shell.flavour === 'ash' ? 'usage: printf FORMAT [ARG]...' : 'usage: printf format [arg ...]', 'printf');
      return 2;
    }
    const { text, problem, status } = yield* formatPrintfInTurns(shell.process, format, args.slice(1), shell.flavour);
    // Real shells complain while they format, and write when they are done.
    if (problem !== undefined) yield* shell.complain(problem, shell.flavour === 'ash' ? undefined : 'printf');
    yield* shell.process.write(1, bytesOf(text));
    return status;
  },
};

const test: Builtin = {
  *run(shell, words) {
    const [name = ''] = words;
    const closing = name === '[' ? ']' : name === '[[' ? ']]' : undefined;
    if (closing && words.at(-1) !== closing) {
      yield* shell.complain(`missing ${closing}`, name);
      return 2;
    }
    try {
      return evaluateTest(shell, closing ? words.slice(1, -1) : words.slice(1), name === '[[') ? 0 : 1;
    } catch (error) {
      if (!(error instanceof TestError)) throw error;
      yield* shell.complain(error.message, name);
      return 2;
    }
  },
};

const leave: Builtin = {
  special: true,
  *run(shell, words) {
    const [name, argument] = words;
    if (name === 'exit' && shell.interactive) {
      if (shell.flavour === 'bash') yield* shell.writeError('exit\n');
      if (yield* sayStopped(shell)) return 0;
    }
    const status = argument === undefined ? shell.status : Number(argument);
    if (argument === '' || Number.isNaN(status) || status < 0) {
      yield* shell.complain(`Illegal number: ${argument}`, name);
      shell.flow = { kind: 'exit' };
      return 2;
    }
    shell.flow = { kind: name === 'return' ? 'return' : 'exit' };
    // Dash keeps what `return` was given as it is.
    return name === 'return' && shell.flavour === 'dash' ? status : status & 0xff;
  },
};

const jump: Builtin = {
  special: true,
  *run(shell, words) {
    const [name, argument = '1'] = words;
    const count = Number(argument);
    if (!Number.isInteger(count) || count < 1) {
      yield* shell.complain(`Illegal number: ${argument}`, name);
      shell.flow = { kind: 'exit' };
      return 2;
    }
    if (shell.loopDepth > 0) shell.flow = { kind: name as 'break' | 'continue', count: Math.min(count, shell.loopDepth) };
    return 0;
  },
};

const constant = (status: number, special = false): Builtin => ({
  special,
  run() {
    return status;
  },
});

/** `let`: 0 if the last expression is not zero. */
const calculateWords: Builtin = {
  only: ['ash', 'bash'],
  run(shell, words) {
    let value = '0';
    for (const word of words.slice(1)) value = calculate(shell, word);
    return value === '0' ? 1 : 0;
  },
};

const evaluate: Builtin = {
  special: true,
  *run(shell, words) {
    shell.status = 0;
    const text = words.slice(1).join(' ');
    if (text.trim() !== '') yield* runText(shell, text);
    return shell.status;
  },
};

const source: Builtin = {
  special: true,
  *run(shell, words) {
    const [name = '.', file] = words;
    if (file === undefined) {
      yield* shell.complain('filename argument required', name);
      return 2;
    }
    const { fs } = shell.process.system;
    const folders = file.includes('/') ? [''] : (shell.get('PATH') ?? '').split(':').map((folder) => `${folder || '.'}/`);
    if (shell.flavour !== 'dash' && !file.includes('/')) folders.push('./');
    const found = folders.map((folder) => `${folder}${file}`).find((path) => fs.exists(path, shell.process.cwd));
    if (found === undefined) {
      yield* shell.complain(shell.flavour === 'ash' ? `can't open '${file}': No such file or directory` : `cannot open ${file}: No such file`, name);
      if (!shell.interactive) shell.flow = { kind: 'exit' };
      return 2;
    }
    shell.status = 0;
    const own = shell.parameters;
    const given = shell.flavour === 'dash' ? [] : words.slice(2);
    if (given.length > 0) shell.parameters = given;
    try {
      yield* runText(shell, fs.readText(found, shell.process.cwd));
    } finally {
      if (given.length > 0) shell.parameters = own;
    }
    if (shell.flow?.kind === 'return') shell.flow = undefined;
    return shell.status;
  },
};

const exec: Builtin = {
  special: true,
  *run(shell, words) {
    if (words.length < 2) return 0;
    const env = new Map(shell.variables.environment());
    const { jobControl } = shell;
    if (jobControl) yield* applyMonitor(shell, false);
    yield* become(shell, words.slice(1), env);
    if (jobControl) yield* applyMonitor(shell);
    if (!shell.interactive) shell.flow = { kind: 'exit' };
    return shell.status;
  },
};

const trap: Builtin = {
  special: true,
  *run(shell, words) {
    const args = words[1] === '--' ? words.slice(2) : words.slice(1);
    if (args.length === 0 || args[0] === '-p') {
      const lines = [...shell.traps].map(
        ([signal, command]) => `trap -- ${shell.flavour === 'bash' ? `'${command.replaceAll("'", `'\\''`)}'` : quoteForShell(command)} ${signal}\n`,
      );
      yield* shell.process.write(1, lines.join(''));
      return 0;
    }
    const resets = args[0] === '-' || (args.length === 1 && trapName(args[0] as string) !== undefined) || /^\d+$/.test(args[0] as string);
    const command = resets ? undefined : args[0];
    let status = 0;
    for (const word of resets && args[0] !== '-' ? args : args.slice(1)) {
      const name = trapName(word);
      if (name === undefined) {
        yield* shell.complain(shell.flavour === 'ash' ? `${word}: invalid signal specification` : `${word}: bad trap`, 'trap');
        status = 1;
      } else if (name !== 'KILL' && name !== 'STOP') shell.trap(name, command);
    }
    return status;
  },
};

function trapName(word: string): string | undefined {
  return word === '0' || word === 'EXIT' ? 'EXIT' : parseSignal(word);
}

const kill: Builtin = {
  *run(shell, words) {
    let args = words.slice(1);
    let signal: ReturnType<typeof parseSignal> | 0 = 'TERM';
    if (args[0] === '-l') return yield* listSignals(shell, args.slice(1));
    if (args.length === 0) {
      yield* shell.complain(
        shell.flavour === 'ash' ? 'you need to specify whom to kill' : 'Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]',
        'kill',
      );
      return shell.flavour === 'dash' ? 2 : 1;
    }
    const named = args[0] === '-s' ? args[1] : args[0] !== '--' && args[0]?.startsWith('-') && args.length > 1 ? args[0].slice(1) : undefined;
    if (named !== undefined) {
      signal = named === '0' ? 0 : parseSignal(named);
      if (signal === undefined) {
        yield* shell.complain(shell.flavour === 'ash' ? `bad signal name '${named}'` : `Illegal option -${named[0] ?? ''}`, 'kill');
        return shell.flavour === 'ash' ? 1 : 2;
      }
      args = args.slice(args[0] === '-s' ? 2 : 1);
    }
    if (args[0] === '--') args = args.slice(1);
    let status = 0;
    for (const word of args) status = Math.max(status, yield* killOne(shell, word, signal));
    return status;
  },
};

function allSignals(shell: Shell): string {
  const signals = Object.entries(signalNumbers);
  if (shell.flavour === 'ash') return signals.map(([name, number]) => `${String(number).padStart(2)}) ${name}\n`).join('');
  if (shell.flavour === 'dash') return signals.map(([name]) => `${name}\n`).join('');
  return signals.map(([name, number], i) => `${String(number).padStart(2)}) SIG${name}${i % 5 === 4 || i === signals.length - 1 ? '\n' : '\t'}`).join('');
}

/** `kill -l`: names for numbers (also of exit codes), and except in dash numbers for names. */
function* listSignals(shell: Shell, words: readonly string[]): Syscall<number> {
  if (words.length === 0) {
    yield* shell.process.write(1, allSignals(shell));
    return 0;
  }
  for (const word of shell.flavour === 'dash' ? words.slice(0, 1) : words) {
    const number = /^\d+$/.test(word) ? Number(word) & 127 : undefined;
    const signal = parseSignal(number === undefined ? word : String(number));
    if (number === 0 && shell.flavour !== 'dash') yield* shell.process.write(1, 'EXIT\n');
    else if (signal && number !== undefined) yield* shell.process.write(1, `${signal}\n`);
    else if (signal && shell.flavour !== 'dash') yield* shell.process.write(1, `${signalNumbers[signal]}\n`);
    else {
      const text = number === undefined ? `Illegal number: ${word}` : `invalid signal number or exit status: ${word}`;
      yield* shell.complain(shell.flavour === 'dash' ? text : `unknown signal '${word}'`, 'kill');
      return shell.flavour === 'dash' ? 2 : 1;
    }
  }
  return 0;
}

function* killOne(shell: Shell, word: string, signal: Parameters<Shell['process']['kill']>[1]): Syscall<number> {
  const job = word.startsWith('%') ? findJob(shell, word) : undefined;
  if (typeof job === 'string') {
    yield* shell.complain(job, 'kill');
    return shell.flavour === 'bash' ? 1 : 2;
  }
  const pid = job ? 0 : Number(word);
  if (!job && (!Number.isInteger(pid) || word === '')) {
    yield* shell.complain(shell.flavour === 'ash' ? `invalid number '${word}'` : `Illegal number: ${word}`, 'kill');
    return shell.flavour === 'ash' ? 1 : 2;
  }
  try {
    if (job) signalJob(shell, job, signal);
    else shell.process.kill(pid, signal);
    return 0;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    yield* shell.complain(shell.flavour === 'ash' ? `can't kill pid ${pid}: ${error.message}` : error.message, shell.flavour === 'ash' ? undefined : 'kill');
    return 1;
  }
}

/** What the shell runs itself. Applets of the same names exist for `exec` and `env`. */
export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', constant(0, true)],
  ['true', constant(0)],
  ['false', constant(1)],
  ['echo', echo],
  ['printf', printf],
  ['test', test],
  ['[', test],
  ['[[', { ...test, only: ['ash', 'bash'] }],
  ['exit', leave],
  ['return', leave],
  ['break', jump],
  ['continue', jump],
  ['let', calculateWords],
  ['eval', evaluate],
  ['.', source],
  ['source', { ...source, only: ['ash', 'bash'] }],
  ['exec', exec],
  ['trap', trap],
  ['kill', kill],
  ...variableBuiltins,
  ...directoryBuiltins,
  ...inputBuiltins,
  ...jobBuiltins,
]);

export function builtinNames(flavour: Flavour): readonly string[] {
  return [...builtins].filter(([, { only }]) => !only || only.includes(flavour)).map(([name]) => name);
}
