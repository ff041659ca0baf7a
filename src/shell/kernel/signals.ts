import type { ExitStatus, Signal } from './types.ts';

/** Linux' numbers on x86-64 and arm64. */
export const signalNumbers: Readonly<Record<Signal, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  ABRT: 6,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  WINCH: 28,
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

/** The exit code as shells and container runtimes report it: 128 + n for a process ended by signal n. */
export function exitCodeOf(status: ExitStatus): number {
  return status.signal ? 128 + signalNumbers[status.signal] : status.code;
}
