import { exitCodeOf } from '../kernel/signals.ts';
import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Builtin } from './builtins.ts';
import { builtins } from './builtins.ts';
import { runCommandWords } from './command.ts';
import type { Job } from './jobs.ts';
import {
  collectChanges,
  continueJob,
  describeJob,
  findJob,
  forgetJob,
  loseProcesses,
  noteChange,
  placeJob,
  stateOf,
  statusOf,
  waitInForeground,
} from './jobs.ts';
import { ulimit } from './limits.ts';
import type { Shell } from './shell.ts';

const wait: Builtin = {
  *run(shell, words) {
    const [, first] = words;
    if (first === '-n' && shell.flavour !== 'dash') return yield* waitForNext(shell);
    if (first?.startsWith('-') && first !== '--') {
      yield* shell.complain(`Illegal option ${first}`, 'wait');
      return 2;
    }
    return yield* waitForJobs(shell, first === '--' ? words.slice(2) : words.slice(1));
  },
};

function* waitForJobs(shell: Shell, targets: readonly string[]): Syscall<number> {
  if (targets.length === 0) {
    while (shell.jobs.some((job) => stateOf(job) === 'running')) {
      const interrupted = yield* waitOnce(shell);
      if (interrupted !== undefined) return interrupted;
    }
    for (const job of shell.jobs.filter((one) => stateOf(one) === 'done')) {
      job.waited = true;
      // Only bash thinks that its user knows.
      if (shell.flavour === 'bash') job.changed = false;
    }
    return 0;
  }
  let status = 0;
  for (const word of targets) {
    const job = findJob(shell, word);
    if (typeof job === 'string') {
      status = word.startsWith('%') && shell.flavour !== 'bash' ? 2 : 127;
      if (word.startsWith('%')) yield* shell.complain(job, 'wait');
      continue;
    }
    while (stateOf(job) === 'running') {
      const interrupted = yield* waitOnce(shell);
      if (interrupted !== undefined) return interrupted;
    }
    status = statusOf(job);
    if (stateOf(job) === 'done') job.waited = true;
  }
  return status;
}

/** `wait -n`: the status of the next job that ends; 127 if there is none to wait for. */
function* waitForNext(shell: Shell): Syscall<number> {
  for (;;) {
    const ended = shell.flavour === 'bash' ? shell.jobs.findLast((job) => stateOf(job) === 'done' && !job.waited) : undefined;
    if (ended) {
      forgetJob(shell, ended);
      return statusOf(ended);
    }
    const running = shell.jobs.filter((job) => stateOf(job) === 'running');
    if (running.length === 0) return 127;
    const interrupted = yield* waitOnce(shell);
    if (interrupted !== undefined) return interrupted;
    const next = running.find((job) => stateOf(job) === 'done');
    if (!next) continue;
    forgetJob(shell, next);
    return statusOf(next);
  }
}

/** Waits for one child. Returns a status if a trapped signal came first: the trap runs right after. */
function* waitOnce(shell: Shell): Syscall<number | undefined> {
  if (shell.pendingTraps.length > 0) return exitCodeOf({ signal: shell.pendingTraps[0] ?? 'INT' });
  try {
    const change = yield* shell.process.waitChange(undefined, { interruptible: true });
    if (change) noteChange(shell, change);
    return undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'EINTR')
      return shell.pendingTraps.length > 0 ? exitCodeOf({ signal: shell.pendingTraps[0] ?? 'INT' }) : shell.interrupted ? 130 : undefined;
    loseProcesses(shell);
    return undefined;
  }
}

const jobs: Builtin = {
  *run(shell, words) {
    // To bash a look at the jobs is no reason to warn again of stopped ones.
    if (shell.flavour === 'bash' && shell.stoppedWarning > 0) shell.stoppedWarning += 1;
    yield* collectChanges(shell);
    const options = words.slice(1).filter((word) => /^-[lp]+$/.test(word));
    const chosen: Job[] = [];
    for (const word of words.slice(1)) {
      if (options.includes(word)) continue;
      const job = findJob(shell, word);
      if (typeof job === 'string') {
        yield* shell.complain(job, 'jobs');
        return shell.flavour === 'bash' ? 1 : 2;
      }
      chosen.push(job);
    }
    // The current one comes first, except in bash.
    const shown = chosen.length > 0 ? chosen : shell.flavour === 'bash' ? [...shell.jobs].sort((a, b) => a.number - b.number) : shell.jobs;
    const onlyPids = options.some((option) => option.includes('p'));
    const lines = shown.map((job) => (onlyPids ? `${job.processes[0]?.pid}\n` : describeJob(shell, job, options.length > 0)));
    for (const job of shown) job.changed = false;
    shell.jobs = shell.jobs.filter((job) => stateOf(job) !== 'done' || !shown.includes(job));
    yield* shell.process.write(1, lines.join(''));
    return 0;
  },
};

/** `fg` and `bg`. */
const resume: Builtin = {
  *run(shell, words) {
    const [name = ''] = words;
    let status = 0;
    for (const word of words.length > 1 ? words.slice(1) : ['%%']) {
      const job = findJob(shell, word);
      const problem = typeof job === 'string' ? job : job.group === undefined ? `job ${job.number} not created under job control` : undefined;
      if (typeof job === 'string' || problem !== undefined) {
        yield* shell.complain(problem ?? '', name);
        return shell.flavour === 'bash' ? 1 : 2;
      }
      if (name === 'fg') {
        yield* shell.process.write(1, `${job.text}\n`);
        continueJob(shell, job, true);
        status = yield* waitInForeground(shell, job);
        continue;
      }
      continueJob(shell, job, false);
      placeJob(shell, job);
      const mark = shell.flavour === 'bash' ? '+' : '';
      yield* shell.process.write(1, `[${job.number}]${mark} ${job.text}${shell.flavour === 'bash' ? ' &' : ''}\n`);
    }
    return status;
  },
};

/** `command -v`, `command -V` and `type`. */
function* describe(shell: Shell, name: string, verbose: boolean): Syscall<number> {
  const builtin = builtins.get(name);
  let text: string | undefined;
  if (shell.aliases.has(name)) text = verbose ? `${name} is an alias for ${shell.aliases.get(name)}` : `alias ${name}='${shell.aliases.get(name)}'`;
  else if (reserved.has(name)) text = verbose ? `${name} is a shell keyword` : name;
  else if (shell.functions.has(name)) text = verbose ? `${name} is a ${shell.flavour === 'dash' ? 'shell ' : ''}function` : name;
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

const hash: Builtin = {
  *run(shell, words) {
    let status = 0;
    if (words[1] === '-r') shell.commandPaths = new Map();
    for (const name of words.slice(1)) {
      if (name.startsWith('-') || builtins.has(name) || shell.functions.has(name) || search(shell, name) !== undefined) continue;
      yield* shell.complain(`${name}: not found`, 'hash');
      status = 1;
    }
    return status;
  },
};

export const jobBuiltins: readonly (readonly [string, Builtin])[] = [
  ['wait', wait],
  ['jobs', jobs],
  ['fg', resume],
  ['bg', resume],
  ['command', command],
  ['type', type],
  ['times', { ...times, special: true }],
  ['ulimit', ulimit],
  ['hash', hash],
];
