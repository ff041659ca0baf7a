import { applet } from '../lib/applet.ts';
import { UsageError } from '../lib/options.ts';
import { Interpreter } from './interpreter.ts';
import { parseAwk, unescapeAwk } from './parser.ts';
import { fromInput } from './values.ts';

/** awk: `-F SEP -v NAME=VALUE -f FILE`; the language of POSIX, see README.md for what is left out. */
export const awk = applet({ usage: "[OPTIONS] 'AWK_PROGRAM' [FILE]...", short: '+F:v:f:', errorCode: 1 }, function* (call) {
  const { options, process } = call;
  const operands = [...call.operands];
  const files = options.values('f');
  const text = files.length > 0 ? files.map((path) => process.system.fs.readText(path, process.cwd)).join('\n') : operands.shift();
  if (text === undefined) throw new UsageError('');
  const interpreter = new Interpreter(call, parseAwk(text), operands);
  const separator = options.value('F');
  if (separator !== undefined) interpreter.set('FS', separator === 't' ? '\t' : unescapeAwk(separator));
  for (const assignment of options.values('v')) {
    const at = assignment.indexOf('=');
    if (at < 1) throw new UsageError('');
    interpreter.set(assignment.slice(0, at), fromInput(unescapeAwk(assignment.slice(at + 1))));
  }
  return yield* interpreter.run();
});
