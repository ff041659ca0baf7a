/** tty, stty and watch: programs of a terminal. */
import type { Terminal } from '../kernel/types.ts';
import { applet, Failure } from './lib/applet.ts';
import { spawnCommand } from './lib/command.ts';
import { formatDate } from './lib/date-format.ts';
import { UsageError } from './lib/options.ts';

export const tty = applet({ usage: '[-s]', short: 's' }, function* (call) {
  const isTerminal = call.process.isTty(0);
  if (!call.options.has('s')) yield* call.out.line(isTerminal ? '/dev/pts/0' : 'not a tty');
  return isTerminal ? 0 : 1;
});

const echo = (on: boolean) => (terminal: Terminal) => {
  terminal.echo = on;
};
const raw = (on: boolean) => (terminal: Terminal) => {
  terminal.raw = on;
};

/** What each word of stty does to a terminal. */
const settings: Readonly<Record<string, (terminal: Terminal) => void>> = {
  echo: echo(true),
  '-echo': echo(false),
  raw: raw(true),
  '-raw': raw(false),
  cbreak: raw(true),
  '-cbreak': raw(false),
  '-icanon': raw(true),
  icanon: raw(false),
  cooked: raw(false),
  sane: (terminal) => {
    echo(true)(terminal);
    raw(false)(terminal);
  },
};

/** stty: `size`, `-a`, `[-]echo`, `[-]raw`, `sane`; other settings are refused by name. */
export const stty = applet({ usage: '[-a|g] [-F DEVICE] [SETTING]...', short: '', wordsOnly: true }, function* (call) {
  const terminal = call.process.terminal(0);
  if (!terminal)
    throw new Failure(call.flavour === 'gnu' ? "'standard input': Inappropriate ioctl for device" : 'standard input: Inappropriate ioctl for device');
  const { rows, columns } = terminal;
  if (call.operands.length === 0) yield* call.out.line('speed 38400 baud; line = 0;');
  for (const word of call.operands) {
    if (word === 'size') yield* call.out.line(`${rows} ${columns}`);
    else if (word === '-a') yield* call.out.line(`speed 38400 baud; rows ${rows}; columns ${columns}; line = 0;`);
    else if (Object.hasOwn(settings, word)) settings[word]?.(terminal);
    else throw new Failure(`the setting '${word}' is not simulated`);
  }
  return 0;
});

/** watch: `-n SECONDS` (2), `-t` without the title; until a signal. */
export const watch = applet({ usage: '[-n SEC] [-t] PROG ARGS', short: '+n:tdx', long: { 'interval=': 'n', 'no-title': 't' } }, function* (call) {
  const { options, operands, process } = call;
  if (operands.length === 0) throw new UsageError('');
  const seconds = Number(options.value('n') ?? 2);
  if (!(seconds >= 0)) throw new Failure(`invalid number '${options.value('n')}'`);
  const command = operands.join(' ');
  for (;;) {
    const columns = process.terminal(1)?.columns ?? 80;
    const title = `Every ${seconds.toFixed(1)}s: ${command}`;
    const time = formatDate('%F %T', process.system.now());
    yield* process.write(1, `\x1b[H\x1b[J${options.has('t') ? '' : `${title.slice(0, columns - time.length - 1).padEnd(columns - time.length)}${time}\n\n`}`);
    yield* process.wait(spawnCommand(process, ['sh', '-c', command]));
    yield* process.sleep(Math.max(100, seconds * 1000));
  }
});
