/** sysctl: what /proc/sys says. */
import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, reason } from './lib/applet.ts';
import { UsageError } from './lib/options.ts';

const root = '/proc/sys';

/** `sysctl [-enq] { -a | [-w] [KEY[=VALUE]]... }` as busybox: a key's parts are separated by dots or slashes. */
export const sysctl = applet({ usage: '[-enq] { -a | [-w] [KEY[=VALUE]]... }', short: 'enqaAw' }, function* (call) {
  const { operands, options } = call;
  if (options.has('a', 'A')) {
    yield* show(call, root);
    return 0;
  }
  if (operands.length === 0) throw new UsageError('');
  let code = 0;
  for (const operand of operands) if (!(yield* one(call, operand))) code = 1;
  return code;
});

function* one(call: Call, operand: string): Syscall<boolean> {
  const [key = '', value] = operand.split(/=(.*)/s);
  const path = key.replaceAll('.', '/');
  try {
    if (value === undefined) yield* show(call, `${root}/${path}`);
    else yield* set(call, path, value);
    return true;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'ENOENT') {
      if (!call.options.has('e')) yield* call.warn(`error: '${path}' is an unknown key`);
      return call.options.has('e');
    }
    yield* call.warn(`error ${value === undefined ? 'reading' : 'setting'} key '${key}': ${reason(error)}`);
    return false;
  }
}

/** Prints a key with its value, or all keys of a folder. */
function* show(call: Call, path: string): Syscall<void> {
  const { fs } = call.process.system;
  if (fs.stat(path).type === 'directory') {
    for (const name of fs.readdir(path)) yield* show(call, `${path}/${name}`);
    return;
  }
  const value = fs.readText(path).trimEnd();
  const key = path.slice(root.length + 1).replaceAll('/', '.');
  yield* call.out.line(call.options.has('n') ? value : `${key} = ${value}`);
}

function* set({ process, options, out }: Call, path: string, value: string): Syscall<void> {
  const { fs } = process.system;
  fs.stat(`${root}/${path}`); // Nobody makes a key that is not there.
  fs.writeFile(`${root}/${path}`, value);
  if (!options.has('q')) yield* out.line(`${path.replaceAll('/', '.')} = ${value}`);
}
