import { exitCodeOf } from '../kernel/signals.ts';
import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Builtin } from './builtins.ts';
import { builtins } from './builtins.ts';
import { runCommandWords } from './command.ts';
import type { Job, Shell } from './shell.ts';

const wait: Builtin = {
  run: (shell, words) => waitForJobs(shell, words.slice(1)),
};

function* waitForJobs(shell: Shell, targets: readonly string[]): Syscall<number> {
  if (targets.length === 0) {
    while (shell.jobs.some((job) => job.status === undefined)) {
      const interrupted = yield* waitOnce(shell);
      if (interrupted !== undefined) return interrupted;
    }
    shell.jobs = [];
    return 0;
  }
  let status = 0;
  for (const word of targets) {
    const job = findJob(shell, word);
    if (!job) {
      status = 127;
      continue;
    }
    while (job.status === undefined) {
      const interrupted = yield* waitOnce(shell, job.pid);
      if (interrupted !== undefined) return interrupted;
    }
    status = job.status;
    shell.jobs = shell.jobs.filter((one) => one !== job);
  }
  return status;
}

/** Waits for one child. Returns a status if a trapped signal came first: the trap runs right after. */
function* waitOnce(shell: Shell, pid?: number): Syscall<number | undefined> {
  if (shell.pendingTraps.length > 0) return exitCodeOf({ signal: shell.pendingTraps[0] ?? 'INT' });
  try {
    const ended = yield* shell.process.wait(pid, { interruptible: true });
    if (ended) noteEnd(shell, ended.pid, exitCodeOf(ended.status));
    return undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'EINTR')
      return shell.pendingTraps.length > 0 ? exitCodeOf({ signal: shell.pendingTraps[0] ?? 'INT' }) : shell.interactive ? 130 : undefined;
    for (const job of shell.jobs) if (pid === undefined || job.pid === pid) job.status ??= 127;
    return undefined;
  }
}

function noteEnd(shell: Shell, pid: number, status: number): void {
  const job = shell.jobs.find((one) => one.pid === pid);
  if (job) job.status = status;
}

/** Collects background commands that have ended, so that no zombies pile up. */
export function* reapJobs(shell: Shell): Syscall<void> {
  for (const job of shell.jobs) {
    if (job.status !== undefined) continue;
    try {
      const ended = yield* shell.process.wait(job.pid, { nohang: true });
      if (ended) job.status = exitCodeOf(ended.status);
    } catch {
      job.status = 127;
    }
  }
}

function findJob(shell: Shell, word: string): Job | undefined {
  const number = /^%(\d+)$/.exec(word);
  if (number) return shell.jobs.find((job) => job.number === Number(number[1]));
  if (word === '%%' || word === '%+' || word === '%') return shell.jobs.at(-1);
  return shell.jobs.find((job) => String(job.pid) === word);
}

function jobLine(shell: Shell, job: Job, mark: string, state: string): string {
  const text = shell.interactive ? job.text.replace(/\s*&$/, '') : '';
  const head = shell.flavour === 'dash' ? `[${job.number}] ${mark} ` : `[${job.number}]${mark}  `;
  return `${head}${state.padEnd(26)} ${text}${shell.flavour === 'bash' && job.status === undefined ? ' &' : ''}\n`;
}

const jobs: Builtin = {
  *run(shell, words) {
    yield* reapJobs(shell);
    // The latest comes first. Only a shell with job control knows what its jobs were called by.
    for (const [index, job] of [...shell.jobs.entries()].reverse()) {
      const mark = index === shell.jobs.length - 1 ? '+' : index === shell.jobs.length - 2 ? '-' : ' ';
      const state = job.status === undefined ? 'Running' : job.status === 0 ? 'Done' : `Done(${job.status})`;
      yield* shell.process.write(1, words[1] === '-p' ? `${job.pid}\n` : jobLine(shell, job, mark, state));
    }
    shell.jobs = shell.jobs.filter((job) => job.status === undefined);
    return 0;
  },
};

const foreground: Builtin = {
  *run(shell, words) {
    const job = findJob(shell, words[1] ?? '%%');
    if (!job) {
      yield* shell.complain('No current job', words[0]);
      return 2;
    }
    shell.process.kill(job.pid, 'CONT');
    const text = job.text.replace(/\s*&$/, '');
    yield* shell.process.write(1, words[0] === 'bg' ? `[${job.number}] ${text}\n` : `${text}\n`);
    if (words[0] === 'bg') return 0;
    return yield* waitForJobs(shell, [String(job.pid)]);
  },
};

/** `command -v`, `command -V` and `type`. */
function* describe(shell: Shell, name: string, verbose: boolean): Syscall<number> {
  const builtin = builtins.get(name);
  let text: string | undefined;
  if (shell.aliases.has(name)) text = verbose ? `${name} is an alias for ${shell.aliases.get(name)}` : `alias ${name}='${shell.aliases.get(name)}'`;
  else if (reserved.has(name)) text = verbose ? `${name} is a shell keyword` : name;
  else if (shell.functions.has(name)) text = verbose ? `${name} is a ${shell.flavour === 'bash' ? '' : 'shell '}function` : name;
  else if (builtin) text = verbose ? `${name} is a ${builtin.special && shell.flavour !== 'bash' ? 'special ' : ''}shell builtin` : name;
  else {
    const path = search(shell, name);
    if (path !== undefined) text = verbose ? `${name} is ${path}` : path;
  }
  if (text === undefined) {
    if (verbose) yield* shell.process.write(1, `${name}: not found\n`);
    return 127;
  }
  yield* shell.process.write(1, `${text}\n`);
  return 0;
}

function search(shell: Shell, name: string): string | undefined {
  try {
    const path = shell.findCommand(name);
    return path !== undefined && shell.process.system.fs.exists(path, shell.process.cwd) ? path : undefined;
  } catch {
    return undefined;
  }
}

const reserved = new Set(['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'case', 'esac', 'while', 'until', 'for', '{', '}', '!', 'in']);

const command: Builtin = {
  *run(shell, words) {
    const option = /^-[pvV]$/.test(words[1] ?? '') ? words[1] : undefined;
    const rest = words.slice(option ? 2 : 1);
    if (option === '-v' || option === '-V') {
      let status = 0;
      // Only bash looks at more than one name.
      for (const name of shell.flavour === 'bash' ? rest : rest.slice(0, 1)) status = Math.max(status, yield* describe(shell, name, option === '-V'));
      return status;
    }
    return rest.length === 0 ? 0 : yield* runCommandWords(shell, rest);
  },
};

const type: Builtin = {
  *run(shell, words) {
    let status = 0;
    for (const name of words.slice(1)) status = Math.max(status, yield* describe(shell, name, true));
    return status;
  },
};

const times: Builtin = {
  *run(shell) {
    yield* shell.process.write(1, '0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n');
    return 0;
  },
};

const ulimit: Builtin = {
  *run(shell, words) {
    const value = words.find((word) => /^\d+$|^unlimited$/.test(word));
    if (value === undefined) yield* shell.process.write(1, words.includes('-n') ? '1024\n' : 'unlimited\n');
    return 0;
  },
};

const hash: Builtin = {
  run(shell, words) {
    if (words[1] === '-r') shell.commandPaths = new Map();
    return 0;
  },
};

export const jobBuiltins: readonly (readonly [string, Builtin])[] = [
  ['wait', wait],
  ['jobs', jobs],
  ['fg', foreground],
  ['bg', foreground],
  ['command', command],
  ['type', type],
  ['times', { ...times, special: true }],
  ['ulimit', ulimit],
  ['hash', hash],
];
