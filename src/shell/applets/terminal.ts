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

const setFlag = (name: 'echo' | 'canonical' | 'signals' | 'mapReturn' | 'postProcess', on: boolean) => (terminal: Terminal) => {
  terminal[name] = on;
};
/** Every byte comes and goes as it is. */
const raw = (on: boolean) => (terminal: Terminal) => {
  terminal.canonical = !on;
  terminal.signals = !on;
  terminal.mapReturn = !on;
  terminal.postProcess = !on;
};

/** What each word of stty does to a terminal. */
const settings: Readonly<Record<string, (terminal: Terminal) => void>> = {
  echo: setFlag('echo', true),
  '-echo': setFlag('echo', false),
  raw: raw(true),
  '-raw': raw(false),
  cbreak: setFlag('canonical', false),
  '-cbreak': setFlag('canonical', true),
  '-icanon': setFlag('canonical', false),
  icanon: setFlag('canonical', true),
  isig: setFlag('signals', true),
  '-isig': setFlag('signals', false),
  icrnl: setFlag('mapReturn', true),
  '-icrnl': setFlag('mapReturn', false),
  opost: setFlag('postProcess', true),
  '-opost': setFlag('postProcess', false),
  cooked: raw(false),
  sane: (terminal) => {
    terminal.echo = true;
    raw(false)(terminal);
  },
};

/** stty: `size`, `-a`, `rows N`, `cols N`, `sane`, `raw` and the flags above; other settings are refused by name. */
export const stty = applet({ usage: '[-a|g] [-F DEVICE] [SETTING]...', short: '', wordsOnly: true }, function* (call) {
  const terminal = call.process.terminal(0);
  if (!terminal)
    throw new Failure(call.flavour === 'gnu' ? "'standard input': Inappropriate ioctl for device" : 'standard input: Inappropriate ioctl for device');
  if (call.operands.length === 0) yield* call.out.line('speed 38400 baud; line = 0;');
  for (let i = 0; i < call.operands.length; i += 1) {
    const word = call.operands[i] as string;
    const { rows, columns } = terminal;
    const number = Number(call.operands[i + 1]);
    if (/^(?:rows|cols|columns)$/.test(word) && number >= 0 && number < 65_536) {
      terminal.resize(word === 'rows' ? columns : number, word === 'rows' ? number : rows);
      i += 1;
    } else if (word === 'size') yield* call.out.line(`${rows} ${columns}`);
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
