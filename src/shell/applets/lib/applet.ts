import type { Process, Program, Syscall } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';
import type { OptionSpec } from './options.ts';
import { Options, parseOptions, UsageError } from './options.ts';
import { Output } from './output.ts';

/** Whose messages and output formats a program has. */
export type Flavour = 'busybox' | 'gnu';

/** One run of an applet. */
export interface Call {
  readonly process: Process;
  /** What it was called by, without folders. */
  readonly name: string;
  readonly options: Options;
  readonly operands: readonly string[];
  readonly out: Output;
  readonly flavour: Flavour;
  /** Prints `name: text` to stderr. */
  warn(text: string): Syscall<void>;
}

/** Makes the program in one flavour. */
export type Applet = (flavour: Flavour) => Program;

export interface AppletSpec extends OptionSpec {
  /** What follows `Usage: NAME`. */
  readonly usage: string;
  /** Exit code for errors (grep and others use 2). Default 1. */
  readonly errorCode?: number;
  /** Takes all arguments as operands: for programs whose options are words. */
  readonly wordsOnly?: boolean;
}

/** Ends the applet with a message `name: text`. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

/** An applet with options: parses them, runs `main`, flushes its output and words its errors. */
export function applet(spec: AppletSpec, main: (call: Call) => Syscall<number>): Applet {
  return (flavour) =>
    function* (process) {
      const name = nameOf(process);
      const out = new Output(process);
      const warn = function* (text: string): Syscall<void> {
        yield* out.flush();
        yield* process.write(2, `${name}: ${text}\n`);
      };
      let code: number;
      try {
        const args = process.argv.slice(1);
        const { options, operands } = spec.wordsOnly ? { options: new Options(), operands: args } : parseOptions(spec, args);
        code = yield* main({ process, name, options, operands, out, flavour, warn });
        yield* out.flush();
      } catch (error) {
        code = yield* report(error, spec, flavour, name, process, out);
      }
      return code;
    };
}

function* report(error: unknown, spec: AppletSpec, flavour: Flavour, name: string, process: Process, out: Output): Syscall<number> {
  if (error instanceof UsageError) {
    yield* out.flush();
    if (error.message) yield* process.write(2, `${name}: ${error.message}\n`);
    yield* process.write(2, flavour === 'busybox' ? `\nUsage: ${name} ${spec.usage}\n` : `Try '${name} --help' for more information.\n`);
    return Math.max(error.exitCode, spec.errorCode ?? 1);
  }
  if (error instanceof Failure || error instanceof SystemError) {
    yield* out.flush();
    yield* process.write(2, `${name}: ${error.message}\n`);
    return error instanceof Failure ? error.exitCode : (spec.errorCode ?? 1);
  }
  throw error;
}

/** The last part of argv[0], without a login shell's dash. */
export function nameOf(process: Process): string {
  const called = process.argv[0] ?? '';
  return called.slice(called.lastIndexOf('/') + 1);
}

/** What errno means, for messages that the applet words itself. Rethrows what is no SystemError. */
export function reason(error: unknown): string {
  if (!(error instanceof SystemError)) throw error;
  const { message } = error;
  return error.path ? message.slice(error.path.length + 2) : message;
}
