import { HeldMemory, wholeBytesMax } from '../kernel/held-memory.ts';
import { exitCodeOf } from '../kernel/signals.ts';
import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Builtin } from './builtins.ts';
import type { Shell } from './shell.ts';
import { isName } from './shell.ts';

/** What a byte of a line that is still read takes. */
const byteHeldBytes = 8;

/** A line read byte by byte, so that what follows stays for the next reader. `ended` if the input ended before a newline. */
export function* readLine(
  shell: Shell,
  fd: number,
  raw: boolean,
): Syscall<{ readonly text: string; readonly quoted: ReadonlySet<number>; readonly ended: boolean }> {
  const bytes: number[] = [];
  const memory = new HeldMemory(shell.process, wholeBytesMax);
  const quoted = new Set<number>();
  let escaped = false;
  for (;;) {
    const data = yield* shell.process.read(fd, 1);
    if (!data) return { text: Buffer.from(bytes).toString(), quoted, ended: true };
    const byte = data[0] as number;
    memory.add(byteHeldBytes);
    if (escaped) {
      escaped = false;
      if (byte === 10) continue; // A line that goes on.
      quoted.add(bytes.length);
      bytes.push(byte);
    } else if (byte === 92 && !raw) escaped = true;
    else if (byte === 10) return { text: Buffer.from(bytes).toString(), quoted, ended: false };
    else bytes.push(byte);
  }
}

const read: Builtin = {
  *run(shell, words) {
    let raw = false;
    let silent = false;
    let prompt = '';
    let i = 1;
    for (; words[i]?.startsWith('-'); i += 1) {
      const option = words[i] as string;
      if (option === '--') {
        i += 1;
        break;
      }
      if (option.includes('r')) raw = true;
      if (option.includes('s')) silent = true;
      if (option.endsWith('p')) prompt = words[++i] ?? '';
      else if (/[tndu]$/.test(option)) i += 1;
    }
    const names = words.slice(i);
    const wrong = names.find((name) => !isName(name));
    if (wrong !== undefined) {
      yield* shell.complain(shell.flavour === 'ash' ? `'${wrong}': bad variable name` : `${wrong}: bad variable name`, 'read');
      return shell.flavour === 'dash' ? 2 : 1;
    }
    if (prompt && shell.process.isTty(0)) yield* shell.writeError(prompt);
    const terminal = silent ? shell.process.terminal(0) : undefined;
    const echoed = terminal?.echo;
    try {
      if (terminal) terminal.echo = false;
      const line = yield* readLine(shell, 0, raw);
      assign(shell, names.length > 0 ? names : ['REPLY'], line.text, line.quoted);
      return line.ended ? 1 : 0;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (error.code === 'EINTR') return exitCodeOf({ signal: shell.pendingTraps[0] ?? 'INT' });
      if (error.code === 'EBADF') return 1;
      throw error;
    } finally {
      if (terminal && echoed !== undefined) terminal.echo = echoed;
    }
  },
};

/** Splits a line at IFS; the last variable takes the rest as it is. */
function assign(shell: Shell, names: readonly string[], text: string, quoted: ReadonlySet<number>): void {
  const ifs = shell.get('IFS') ?? ' \t\n';
  const isSeparator = (i: number) => i < text.length && !quoted.has(i) && ifs.includes(text[i] as string);
  const isSpace = (i: number) => isSeparator(i) && ' \t\n'.includes(text[i] as string);
  let at = 0;
  while (isSpace(at)) at += 1;
  names.forEach((name, index) => {
    if (index === names.length - 1) {
      let end = text.length;
      while (end > at && isSpace(end - 1)) end -= 1;
      // A single separator at the end belongs to the last field, not to the text.
      const only = end > at && isSeparator(end - 1) && !hasSeparator(at, end - 1);
      shell.set(name, text.slice(at, only ? end - 1 : end));
      return;
    }
    const start = at;
    while (at < text.length && !isSeparator(at)) at += 1;
    shell.set(name, text.slice(start, at));
    while (isSpace(at)) at += 1;
    if (isSeparator(at)) {
      at += 1;
      while (isSpace(at)) at += 1;
    }
  });

  function hasSeparator(from: number, to: number): boolean {
    for (let i = from; i < to; i += 1) if (isSeparator(i)) return true;
    return false;
  }
}

export const inputBuiltins: readonly (readonly [string, Builtin])[] = [['read', read]];
