import { HeldMemory, wholeBytesMax } from '../kernel/held-memory.ts';
import { exitCodeOf } from '../kernel/signals.ts';
import type { Process, SpawnOptions, Syscall } from '../kernel/types.ts';
import { errorTexts, SystemError } from '../kernel/types.ts';
import { run, runToEnd } from './execute.ts';
import type { JobProcess } from './jobs.ts';
import { addJob, groupOptions, noteChange, signalText, stateOf, waitInForeground } from './jobs.ts';
import type { Shell } from './shell.ts';
import { ShellFailure } from './shell.ts';
import type { ListNode, SyntaxNode } from './syntax.ts';

/** The descriptors a child gets: all of the script's, none of the shell's own. */
export function inherited(shell: Shell, changes?: ReadonlyMap<number, number>): Map<number, number> {
  const fds = new Map<number, number>();
  for (const fd of shell.process.descriptors()) if (fd < 10) fds.set(fd, fd);
  for (const [fd, from] of changes ?? []) fds.set(fd, from);
  return fds;
}

/** Starts a subshell; `body` runs in it with its own copy of the state. Throws ShellFailure if no process can be made. */
export function fork(
  shell: Shell,
  body: (child: Shell) => Syscall<void>,
  changes?: ReadonlyMap<number, number>,
  prepare?: (process: Process) => void,
  options: Pick<SpawnOptions, 'processGroup' | 'defaultSignals'> = groupOptions(shell, shell.process.processGroup),
): number {
  const child = shell.copy();
  try {
    return shell.process.spawn({
      argv: shell.process.argv,
      env: shell.process.env,
      fds: inherited(shell, changes),
      ...options,
      program: (process) => {
        child.process = process;
        prepare?.(process);
        return runToEnd(child, body);
      },
    });
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new ShellFailure(shell.flavour === 'ash' ? `can't fork: ${errorTexts[error.code]}` : 'Cannot fork', 2, true);
  }
}

/** Waits for a child that is no job. */
function* waitFor(shell: Shell, pid: number): Syscall<number> {
  for (;;) {
    const process = shell.jobs.length > 0 ? shell.jobs.flatMap((job) => job.processes).find((one) => one.pid === pid) : undefined;
    if (process?.status) return exitCodeOf(process.status);
    const ended = yield* shell.process.wait(pid);
    if (!ended) continue;
    const { status } = ended;
    if (process) noteChange(shell, ended);
    if (status.signal && status.signal !== 'INT' && status.signal !== 'PIPE' && shell.tested === 0) yield* shell.writeError(`${signalText(status.signal)}\n`);
    return exitCodeOf(status);
  }
}

/** Waits for a command of one process that was started with `groupOptions`. */
export function* waitForCommand(shell: Shell, pid: number, text: string): Syscall<number> {
  if (!shell.jobControl) return yield* waitFor(shell, pid);
  return yield* waitInForeground(shell, addJob(shell, [{ pid, text }], text));
}

/** Runs a command in the background; it becomes the last job. */
export function* startBackground(shell: Shell, node: SyntaxNode, text: string): Syscall<void> {
  const pid = fork(
    shell,
    (child) => run(child, node, true),
    undefined,
    (process) => {
      // Without job control a background command neither reads the terminal nor hears its ^C.
      if (shell.jobControl) return;
      process.onSignal('INT', 'ignore');
      process.onSignal('QUIT', 'ignore');
      const fd = process.open('/dev/null', { read: true });
      if (fd === 0) return;
      process.dup(fd, 0);
      process.close(fd);
    },
    groupOptions(shell, undefined),
  );
  shell.lastBackground = pid;
  const trimmed = text.trimEnd();
  const shown = trimmed.endsWith('&') ? trimmed.slice(0, -1).trimEnd() : text;
  const { number } = addJob(shell, [{ pid, text: shown }], shown);
  shell.status = 0;
  if (shell.interactive && shell.flavour === 'bash') yield* shell.writeError(`[${number}] ${pid}\n`);
}

/** All stages run at the same time, each in its own process, the last one too. */
export function* runStages(shell: Shell, commands: readonly SyntaxNode[], text: string): Syscall<void> {
  const processes: JobProcess[] = [];
  let input: number | undefined;
  for (const [index, command] of commands.entries()) {
    yield* shell.process.step();
    const pipe = index < commands.length - 1 ? shell.process.pipe() : undefined;
    const changes = new Map<number, number>();
    if (input !== undefined) changes.set(0, input);
    if (pipe) changes.set(1, pipe[1]);
    const pid = forkStage(shell, command, changes, [input, ...(pipe ?? [])], processes[0]?.pid);
    processes.push({ pid, text: 'text' in command ? command.text : '' });
    if (input !== undefined) shell.process.close(input);
    if (pipe) shell.process.close(pipe[1]);
    input = pipe?.[0];
  }
  const statuses = yield* waitForStages(shell, processes, text);
  const failed = shell.options.has('pipefail') ? statuses.findLast((status) => status !== 0) : undefined;
  shell.status = failed ?? statuses.at(-1) ?? 0;
}

function* waitForStages(shell: Shell, processes: JobProcess[], text: string): Syscall<number[]> {
  if (shell.jobControl) {
    const job = addJob(shell, processes, text);
    const status = yield* waitInForeground(shell, job);
    if (stateOf(job) === 'stopped') return [status];
    return processes.map((process) => (process.status ? exitCodeOf(process.status) : 127));
  }
  const statuses: number[] = [];
  for (const { pid } of processes) statuses.push(yield* waitFor(shell, pid));
  return statuses;
}

/** A stage's ends of the pipes are its descriptors 0 and 1; under their other numbers they must not stay open. */
function forkStage(
  shell: Shell,
  command: SyntaxNode,
  changes: ReadonlyMap<number, number>,
  unwanted: readonly (number | undefined)[],
  group: number | undefined,
): number {
  return fork(
    shell,
    (child) => run(child, command, true),
    changes,
    (process) => {
      for (const fd of unwanted) if (fd !== undefined && fd > 1 && !changes.has(fd) && process.descriptors().includes(fd)) process.close(fd);
    },
    groupOptions(shell, group),
  );
}

/** The output of `$(...)` without newlines at its end. */
export function* captureOutput(shell: Shell, script: ListNode): Syscall<string> {
  const [read, write] = shell.process.pipe();
  const pid = fork(
    shell,
    (child) => {
      // Busybox forgets `set -e` here.
      if (child.flavour === 'ash') child.options.delete('e');
      return run(child, script, true);
    },
    new Map([[1, write]]),
    (process) => {
      for (const fd of [read, write]) if (fd > 1 && process.descriptors().includes(fd)) process.close(fd);
    },
  );
  shell.process.close(write);
  const decoder = new TextDecoder();
  let text = '';
  const memory = new HeldMemory(shell.process, wholeBytesMax);
  for (;;) {
    const data = yield* readAgain(shell, read);
    if (!data) break;
    text += decoder.decode(data, { stream: true }).replaceAll('\0', '');
    holdOutput(memory, data.length);
  }
  memory.add(-text.length);
  shell.process.close(read);
  shell.status = yield* waitFor(shell, pid);
  shell.substitutionStatus = shell.status;
  return withoutLastNewlines(text + decoder.decode());
}

/** An expression for this would be tried at each newline. */
function withoutLastNewlines(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end -= 1;
  return text.slice(0, end);
}

/** A command substitution may not fill the memory of its container, nor of the host. */
function holdOutput(memory: HeldMemory, bytes: number): void {
  try {
    memory.add(bytes);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new ShellFailure('Out of space', 2);
  }
}

function* readAgain(shell: Shell, fd: number): Syscall<Uint8Array | null> {
  for (;;) {
    try {
      return yield* shell.process.read(fd);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== 'EINTR') throw error;
    }
  }
}
