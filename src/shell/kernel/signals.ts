import type { ExitStatus, Signal } from './types.ts';

/** Linux' numbers on x86-64 and arm64. */
export const signalNumbers: Readonly<Record<Signal, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};

const byNumber = new Map(Object.entries(signalNumbers).map(([name, number]) => [number, name as Signal]));

/** Reads `TERM`, `SIGTERM`, `term` or `15`; undefined if it names no signal. */
export function parseSignal(text: string): Signal | undefined {
  if (/^\d+$/.test(text)) return byNumber.get(Number(text));
  const name = text.toUpperCase().replace(/^SIG/, '');
  return Object.hasOwn(signalNumbers, name) ? (name as Signal) : undefined;
}

/** What a signal does to a process that has not said otherwise. */
export function defaultAction(signal: Signal): 'terminate' | 'ignore' | 'stop' | 'continue' {
  switch (signal) {
    case 'CHLD':
    case 'URG':
    case 'WINCH':
      return 'ignore';
    case 'CONT':
      return 'continue';
    case 'STOP':
    case 'TSTP':
    case 'TTIN':
    case 'TTOU':
      return 'stop';
    default:
      return 'terminate';
  }
}

/** Whether it stops a job for its terminal's sake, and so has no effect on a group that nobody could continue. */
export function stopsTerminalJob(signal: Signal): boolean {
  return signal === 'TSTP' || signal === 'TTIN' || signal === 'TTOU';
}

/** The exit code as shells and container runtimes report it: 128 + n for a process ended by signal n. */
export function exitCodeOf(status: ExitStatus): number {
  return status.signal ? 128 + signalNumbers[status.signal] : status.code;
}
