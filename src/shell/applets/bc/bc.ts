import type { Syscall } from '../../kernel/types.ts';
import type { Call } from '../lib/applet.ts';
import { applet, Failure } from '../lib/applet.ts';
import { eachInput, LineReader } from '../lib/input.ts';
import { Interpreter } from './interpreter.ts';
import { Completeness, parseProgram, SyntaxFailure } from './parser.ts';

/** A statement is looked at as a whole. */
const textBytesMax = 1024 * 1024;

/** bc: POSIX' language with `else`, `print`, `&&`, `||`, `!` and long names; `-l` with s, c, a, l and e. Files first, then standard input. */
export const bc = applet({ usage: '[-sqlw] [FILE]...', short: 'sqlwi', long: { mathlib: 'l', quiet: 'q', standard: 's', warn: 'w' } }, function* (call) {
  const interpreter = new Interpreter(call.process, call.out, call.options.has('l'));
  let outcome: Outcome = 'more';
  const code = yield* eachInput(call, [...call.operands, '-'], function* (fd) {
    if (outcome === 'more') outcome = yield* interpret(call, new LineReader(call.process, fd, call.out), interpreter);
  });
  return (outcome as Outcome) === 'failed' ? 1 : code;
});

/** What follows a file: the next, or nothing more. */
type Outcome = 'more' | 'ended' | 'failed';

/** Runs what comes as soon as it is whole. */
function* interpret(call: Call, reader: LineReader, interpreter: Interpreter): Syscall<Outcome> {
  let text = '';
  let state = new Completeness();
  for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
    text += `${line}\n`;
    try {
      if (text.length > textBytesMax) throw new SyntaxFailure();
      if (!state.take(line)) continue;
      if (yield* interpreter.run(parseProgram(text))) return 'ended';
    } catch (error) {
      if (error instanceof SyntaxFailure) yield* call.warn('parse error');
      else if (error instanceof Failure) yield* call.warn(error.message);
      else throw error;
      // As busybox does where nobody is there to type it again.
      if (call.flavour === 'busybox' && !call.process.isTty(0)) return 'failed';
    }
    text = '';
    state = new Completeness();
    yield* call.out.flush();
  }
  return 'more';
}
