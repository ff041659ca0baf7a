import { exitCodeOf, signalNumbers } from '../kernel/signals.ts';
import type { ChildChange, ExitStatus, Signal, SpawnOptions, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Shell } from './shell.ts';
import { Interrupted } from './shell.ts';

/** One process of a job, as far as the shell has heard of it. */
export interface JobProcess {
  readonly pid: number;
  readonly text: string;
  status?: ExitStatus;
  stopped?: Signal | undefined;
}

/** A command in the background, or one that was stopped in the foreground. */
export interface Job {
  readonly number: number;
  readonly processes: readonly JobProcess[];
  readonly text: string;
  /** The process group that job control gave it. */
  readonly group: number | undefined;
  /** Something has happened that the user has not been told of. */
  changed: boolean;
  /** `wait` has given its status; it is remembered for one more question. */
  waited: boolean;
}

export type JobState = 'running' | 'stopped' | 'done';

/** Signals that a shell with job control does not let stop itself. */
const terminalStops: readonly Signal[] = ['TSTP', 'TTIN', 'TTOU'];

export function stateOf(job: Job): JobState {
  if (job.processes.some((process) => !process.status && !process.stopped)) return 'running';
  return job.processes.some((process) => process.stopped) ? 'stopped' : 'done';
}

/** The status of a job as `$?` has it: that of its last process, or 128 + n where signal n has stopped it. */
export function statusOf(job: Job): number {
  const stop = job.processes.find((process) => process.stopped)?.stopped;
  if (stop) return 128 + signalNumbers[stop];
  const status = job.processes.at(-1)?.status;
  return status ? exitCodeOf(status) : 127;
}

/** What `spawn` needs to put a process into its job's group: `group` is that of the job's first process, if there is one already. */
export function groupOptions(shell: Shell, group: number | undefined): Pick<SpawnOptions, 'processGroup' | 'defaultSignals'> {
  return shell.jobControl ? { processGroup: group ?? 0, defaultSignals: terminalStops } : {};
}

/** Turns job control on or off as `set -m` wants it; says so if there is no terminal to do it with. */
export function* applyMonitor(shell: Shell, wanted = shell.options.has('m') && !shell.isSubshell): Syscall<void> {
  if (wanted === shell.jobControl) return;
  const { process } = shell;
  if (!wanted) {
    shell.jobControl = false;
    for (const signal of terminalStops) process.onSignal(signal, 'default');
    return;
  }
  const terminal = process.terminal(2) ?? process.terminal(1) ?? process.terminal(0);
  if (!terminal) {
    shell.options.delete('m');
    yield* sayNoTerminal(shell);
    return;
  }
  shell.terminal = terminal;
  shell.jobControl = true;
  for (const signal of terminalStops) process.onSignal(signal, 'ignore');
  if (process.processGroup !== process.pid) process.setProcessGroup(0, 0);
  terminal.foregroundGroup = process.processGroup;
}

function* sayNoTerminal(shell: Shell): Syscall<void> {
  if (shell.flavour !== 'bash') return yield* shell.complain("can't access tty; job control turned off");
  if (!shell.interactive) return;
  yield* shell.complain('cannot set terminal process group (-1): Inappropriate ioctl for device');
  yield* shell.complain('no job control in this shell');
}

/** Adds a job; the newest comes first, behind those that are stopped. */
export function addJob(shell: Shell, processes: readonly JobProcess[], text: string): Job {
  const number = freeNumber(shell);
  const group = shell.jobControl ? processes[0]?.pid : undefined;
  // Only job control remembers what its jobs were called by.
  const known = shell.jobControl || shell.flavour === 'bash';
  const job: Job = { number, processes, text: known ? text : '', group, changed: false, waited: false };
  shell.jobs = shell.jobs.filter((one) => !one.waited);
  placeJob(shell, job);
  return job;
}

/** Bash counts on from the highest number; the others take the lowest that is free. */
function freeNumber(shell: Shell): number {
  const taken = new Set(shell.jobs.map((job) => job.number));
  if (shell.flavour === 'bash') return Math.max(0, ...taken) + 1;
  let number = 1;
  while (taken.has(number)) number += 1;
  return number;
}

/** Puts a job where its state belongs: one that has just been stopped is the current one. */
export function placeJob(shell: Shell, job: Job): void {
  const others = shell.jobs.filter((one) => one !== job);
  const stopped = stateOf(job) === 'stopped' ? 0 : others.filter((one) => stateOf(one) === 'stopped').length;
  shell.jobs = [...others.slice(0, stopped), job, ...others.slice(stopped)];
}

export function forgetJob(shell: Shell, job: Job): void {
  shell.jobs = shell.jobs.filter((one) => one !== job);
}

/** Writes down what has happened to a child. */
export function noteChange(shell: Shell, { pid, status, stopped }: ChildChange): void {
  for (const job of shell.jobs) {
    const process = job.processes.find((one) => one.pid === pid);
    if (!process) continue;
    process.stopped = stopped;
    if (status) process.status = status;
    if (stateOf(job) === 'running') return;
    job.changed = true;
    if (stateOf(job) === 'stopped') placeJob(shell, job);
    return;
  }
}

/** Hears of what has ended or stopped meanwhile, so that no zombies pile up. */
export function* collectChanges(shell: Shell): Syscall<void> {
  while (shell.jobs.some((job) => stateOf(job) !== 'done')) {
    try {
      const change = yield* shell.process.waitChange(undefined, { nohang: true });
      if (!change) return;
      noteChange(shell, change);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      loseProcesses(shell);
    }
  }
}

/** There are no children any more: whatever the jobs wait for, somebody else has waited for. */
export function loseProcesses(shell: Shell): void {
  for (const job of shell.jobs) {
    for (const process of job.processes) {
      process.status ??= { code: 127 };
      process.stopped = undefined;
    }
  }
}

function giveTerminal(shell: Shell, job: Job): void {
  if (shell.terminal && job.group !== undefined) shell.terminal.foregroundGroup = job.group;
}

/**
 * Waits for a job in the foreground: it has the terminal until it ends or is stopped. Gives its status.
 * Throws Interrupted where it died of ^C, since the rest of the line is not run then.
 */
export function* waitInForeground(shell: Shell, job: Job): Syscall<number> {
  const { terminal } = shell;
  giveTerminal(shell, job);
  while (stateOf(job) === 'running') {
    try {
      const change = yield* shell.process.waitChange();
      if (change) noteChange(shell, change);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      loseProcesses(shell);
    }
  }
  if (terminal) terminal.foregroundGroup = shell.process.processGroup;
  job.changed = false;
  const status = statusOf(job);
  if (stateOf(job) === 'stopped') {
    yield* shell.writeError(`${shell.flavour === 'bash' ? '\n' : ''}${describeJob(shell, job)}`);
    return status;
  }
  forgetJob(shell, job);
  yield* sayDeaths(shell, job);
  return status;
}

function* sayDeaths(shell: Shell, job: Job): Syscall<void> {
  for (const { status } of job.processes) {
    if (status?.signal && status.signal !== 'INT' && status.signal !== 'PIPE' && shell.tested === 0) yield* shell.writeError(`${signalText(status.signal)}\n`);
  }
  if (!shell.interactive || !job.processes.some(({ status }) => status?.signal === 'INT')) return;
  if (shell.traps.get('INT')) shell.pendingTraps.push('INT');
  else if (!shell.traps.has('INT')) throw new Interrupted();
}

const signalTexts: Readonly<Record<string, string>> = {
  KILL: 'Killed',
  TERM: 'Terminated',
  SEGV: 'Segmentation fault',
  ABRT: 'Aborted',
  HUP: 'Hangup',
  INT: 'Interrupt',
  USR1: 'User defined signal 1',
  USR2: 'User defined signal 2',
  ALRM: 'Alarm clock',
  QUIT: 'Quit',
  PIPE: 'Broken pipe',
  ILL: 'Illegal instruction',
  FPE: 'Floating point exception',
  STOP: 'Stopped (signal)',
  TSTP: 'Stopped',
  TTIN: 'Stopped (tty input)',
  TTOU: 'Stopped (tty output)',
};

/** What the C library calls a signal. */
export function signalText(signal: Signal): string {
  return signalTexts[signal] ?? signal;
}

function stateText(shell: Shell, job: Job): string {
  const state = stateOf(job);
  if (state === 'running') return 'Running';
  const stop = job.processes.find((process) => process.stopped)?.stopped;
  if (stop) return shell.flavour === 'bash' && stop !== 'STOP' ? 'Stopped' : signalText(stop);
  const status = job.processes.at(-1)?.status;
  if (status?.signal) return signalText(status.signal);
  const code = status?.code ?? 0;
  if (code === 0) return 'Done';
  return shell.flavour === 'bash' ? `Exit ${code}` : `Done(${code})`;
}

/** The job's line in `jobs`, one for each process if `pids` are asked for. */
export function describeJob(shell: Shell, job: Job, pids = false): string {
  const position = shell.jobs.indexOf(job);
  const mark = position === 0 ? '+' : position === 1 ? '-' : ' ';
  const head = shell.flavour === 'dash' ? `[${job.number}] ${mark} ` : `[${job.number}]${mark}${pids && shell.flavour === 'bash' ? ' ' : '  '}`;
  const state = stateText(shell, job);
  const { text } = job;
  if (shell.flavour === 'bash') {
    const suffix = stateOf(job) === 'running' ? ' &' : '';
    if (!pids) return `${head}${state.padEnd(23)} ${text}${suffix}\n`;
    const lines = job.processes.map(
      ({ pid, text: own }, index) =>
        `${index === 0 ? head : '     '}${pid} ${(index === 0 ? state : '').padEnd(index === 0 ? 23 : 21)} ${index === 0 ? '' : '| '}${own}`,
    );
    return `${lines.join('\n')}${suffix}\n`;
  }
  if (!pids || !shell.jobControl) return `${`${head}${pids ? `${job.processes[0]?.pid} ` : ''}${state}`.padEnd(32)} ${text}\n`;
  const last = job.processes.length - 1;
  return job.processes
    .map(({ pid, text: own }, index) => {
      const start = index === 0 ? `${head}${pid} ${state}` : `      ${pid}`;
      const shown = shell.flavour === 'dash' ? `${own}${index < last ? ' |' : ''}` : `${index > 0 ? '| ' : ''}${own}`;
      return `${start.padEnd(32)} ${shown}\n`;
    })
    .join('');
}

/** Tells an interactive user, before the prompt, of jobs that have ended or stopped; those that ended are forgotten. */
export function* tellChanges(shell: Shell): Syscall<void> {
  yield* collectChanges(shell);
  const shown = shell.flavour === 'bash' ? [...shell.jobs].sort((a, b) => a.number - b.number) : shell.jobs;
  const lines = shown
    .filter((job) => job.changed)
    .map((job) => `${shell.flavour === 'bash' && stateOf(job) === 'stopped' ? '\n' : ''}${describeJob(shell, job)}`);
  for (const job of shown) job.changed = false;
  shell.jobs = shell.jobs.filter((job) => stateOf(job) !== 'done');
  if (lines.length > 0) yield* shell.writeError(lines.join(''));
}

/** Whether leaving must wait: there are stopped jobs, and the user has not been told so just before. */
export function* sayStopped(shell: Shell): Syscall<boolean> {
  if (!shell.jobControl || shell.stoppedWarning > 0 || !shell.jobs.some((job) => stateOf(job) === 'stopped')) return false;
  yield* shell.writeError(shell.flavour === 'bash' ? 'There are stopped jobs.\n' : 'You have stopped jobs.\n');
  shell.stoppedWarning = 2;
  return true;
}

/** The job that `%1`, `%%`, `%-`, `%name`, `%?part` or a process number names; a text if it names none or several. */
export function findJob(shell: Shell, word: string): Job | string {
  const { jobs } = shell;
  const missing = shell.flavour === 'dash' ? `No such job: ${word}` : `${word}: no such job`;
  if (!word.startsWith('%')) return jobs.find((job) => job.processes.some(({ pid }) => String(pid) === word)) ?? missing;
  const name = word.slice(1);
  if (name === '' || name === '%' || name === '+') return jobs[0] ?? (shell.flavour === 'bash' ? 'current: no such job' : 'No current job');
  if (name === '-') return jobs[1] ?? (shell.flavour === 'bash' ? 'previous: no such job' : 'No previous job');
  if (/^\d+$/.test(name)) return jobs.find((job) => job.number === Number(name)) ?? missing;
  const matching = jobs.filter((job) => (name.startsWith('?') ? job.text.includes(name.slice(1)) : job.text.startsWith(name)));
  if (matching.length > 1) return `${word}: ambiguous`;
  return matching[0] ?? missing;
}

/** Signals all processes of a job. Throws SystemError. */
export function signalJob(shell: Shell, job: Job, signal: Signal | 0): void {
  if (job.group !== undefined) {
    shell.process.kill(-job.group, signal);
    // Bash does not let a stopped job sleep through its end.
    if (shell.flavour === 'bash' && stateOf(job) === 'stopped' && (signal === 'TERM' || signal === 'HUP')) shell.process.kill(-job.group, 'CONT');
  }
  // Dash takes the process for a group, which it is not.
  else for (const { pid, status } of job.processes) if (!status) shell.process.kill(shell.flavour === 'dash' ? -pid : pid, signal);
}

/** Lets a stopped job go on, in the foreground with the terminal. */
export function continueJob(shell: Shell, job: Job, foreground: boolean): void {
  if (foreground) giveTerminal(shell, job);
  for (const process of job.processes) process.stopped = undefined;
  job.changed = false;
  try {
    signalJob(shell, job, 'CONT');
  } catch (error) {
    if (!(error instanceof SystemError)) throw error; // It has ended meanwhile.
  }
}
