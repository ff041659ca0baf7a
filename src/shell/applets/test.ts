import { evaluateTest, TestError } from '../sh/test-builtin.ts';
import type { Applet } from './lib/applet.ts';
import { nameOf } from './lib/applet.ts';

/** test and `[` as programs: the shell's own built-in does the work. Exit code 2 for what it cannot read. */
export const test: Applet = (flavour) =>
  function* (process) {
    const name = nameOf(process);
    const args = process.argv.slice(1);
    if (name === '[' && args.pop() !== ']') {
      yield* process.write(2, flavour === 'gnu' ? "[: missing ']'\n" : '[: missing ]\n');
      return 2;
    }
    try {
      return evaluateTest({ process, flavour: flavour === 'gnu' ? 'dash' : 'ash' }, args, false) ? 0 : 1;
    } catch (error) {
      if (!(error instanceof TestError)) throw error;
      yield* process.write(2, `${name}: ${error.message}\n`);
      return 2;
    }
  };
