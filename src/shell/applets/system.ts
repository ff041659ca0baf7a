/** sleep, date, id, whoami, uname, hostname, ps, kill, pwd, true, false, yes, printf, expr, clear, uptime, sync, vi: the system and the odds and ends. */
import { virtualBytes } from '../kernel/memory.ts';
import { parseSignal, signalNumbers } from '../kernel/signals.ts';
import type { Process, ProcessInfo, Syscall, System } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { bytesOf, formatPrintfInTurns } from '../sh/printf.ts';
import type { Applet, Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { BoundedExpression } from './lib/bounded-expression.ts';
import { formatDate } from './lib/date-format.ts';
import { parseDurationMs } from './lib/duration.ts';
import { UsageError } from './lib/options.ts';
import { posixSource } from './lib/pattern.ts';
import { processColumn, processKeys, processLine } from './lib/process-columns.ts';
import { hostsLookup, hostsReverse } from './lib/resolver.ts';
import { findUser, groupName, userName } from './lib/users.ts';

const exits =
  (code: number): Applet =>
  () =>
    // biome-ignore lint/correctness/useYield: ends at once.
    function* () {
      return code;
    };

export const trueApplet = exits(0);
export const falseApplet = exits(1);
export const sync = exits(0);

export const sleep = applet({ usage: '[N]...', short: '' }, function* (call) {
  if (call.operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  let ms = 0;
  for (const text of call.operands) {
    const one = parseDurationMs(text);
    if (one === undefined)
      throw new Failure(call.flavour === 'gnu' ? `invalid time interval '${text}'\nTry 'sleep --help' for more information.` : `invalid number '${text}'`);
    ms += one;
  }
  yield* call.process.sleep(ms);
  return 0;
});

/** usleep: microseconds. */
export const usleep = applet({ usage: 'N', short: '' }, function* (call) {
  const [text] = call.operands;
  if (text === undefined) throw new UsageError('');
  if (!/^\d+$/.test(text)) throw new Failure(`invalid number '${text}'`);
  yield* call.process.sleep(Number(text) / 1000);
  return 0;
});

export const date = applet(
  { usage: '[OPTIONS] [+FMT] [[-s] TIME]', short: 'uRI::d:r:s:D:', long: { utc: 'u', 'date=': 'd', 'iso-8601': 'I', 'rfc-email': 'R', 'reference=': 'r' } },
  function* (call) {
    const { options, process } = call;
    const text = options.value('d');
    let ms = process.system.now();
    if (text !== undefined) {
      ms = text.startsWith('@') ? Number(text.slice(1)) * 1000 : relative(text, ms);
      if (Number.isNaN(ms)) throw new Failure(call.flavour === 'gnu' ? `invalid date '${text}'` : `invalid date '${text}'`);
    }
    if (options.has('r')) ms = process.system.fs.stat(options.value('r') as string, process.cwd).mtimeMs;
    const format = call.operands.find((one) => one.startsWith('+'));
    const wanted = options.value('s') ?? call.operands.find((one) => !one.startsWith('+'));
    let code = 0;
    if (wanted !== undefined) {
      ms = settingOf(wanted, ms);
      if (Number.isNaN(ms)) throw new Failure(`invalid date '${wanted}'`);
      try {
        process.system.setClock(ms);
      } catch (error) {
        yield* call.warn(`${call.flavour === 'gnu' ? 'cannot set date' : "can't set date"}: ${reason(error)}`);
        code = 1;
      }
    }
    const standard = options.has('R')
      ? '%a, %d %b %Y %H:%M:%S %z'
      : options.has('I')
        ? (isoFormats[options.value('I') ?? ''] ?? '%Y-%m-%d')
        : '%a %b %e %H:%M:%S %Z %Y';
    yield* call.out.line(formatDate(format?.slice(1) ?? standard, ms));
    return code;
  },
);

const isoFormats: Readonly<Record<string, string>> = {
  hours: '%Y-%m-%dT%H+00:00',
  minutes: '%Y-%m-%dT%H:%M+00:00',
  seconds: '%Y-%m-%dT%H:%M:%S+00:00',
};

/** A date to set the clock to: as `date -d` reads it, or POSIX' `MMDDhhmm[[CC]YY][.ss]`. */
function settingOf(text: string, now: number): number {
  const posix = /^(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)?(\d\d))?(?:\.(\d\d))?$/.exec(text);
  if (!posix) return relative(text, now);
  const [, month, day, hour, minute, century = '20', year, second = '00'] = posix;
  const fullYear = year === undefined ? String(new Date(now).getUTCFullYear()) : century + year;
  return Date.parse(`${fullYear}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** A date as `date -d` reads it: ISO forms, a time of today, `YYYYMMDDhhmm`, and `N units ago` or `+N units`. */
function relative(text: string, now: number): number {
  if (text === 'now') return now;
  const today = new Date(now).toISOString().slice(0, 10);
  if (text === 'today' || text === 'yesterday' || text === 'tomorrow') return now + { today: 0, yesterday: -86_400_000, tomorrow: 86_400_000 }[text];
  if (/^\d{1,2}:\d\d(?::\d\d)?$/.test(text)) return Date.parse(`${today}T${text.padStart(text.length + (text.indexOf(':') === 1 ? 1 : 0), '0')}Z`);
  const compact = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d\d))?$/.exec(text);
  if (compact) return Date.parse(`${compact[1]}-${compact[2]}-${compact[3]}T${compact[4]}:${compact[5]}:${compact[6] ?? '00'}Z`);
  const match = /^([-+]?\d+)\s*(second|sec|minute|min|hour|day|week)s?(\s+ago)?$/.exec(text);
  if (!match) return Date.parse(/\d:\d/.test(text) && !/[zZ]|[-+]\d\d:?\d\d$/.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  const unit = { second: 1, sec: 1, minute: 60, min: 60, hour: 3600, day: 86_400, week: 604_800 }[match[2] as 'day'] * 1000;
  return now + Number(match[1]) * unit * (match[3] ? -1 : 1);
}

export const id = applet({ usage: '[-ugGnr] [USER]', short: 'ugGnr' }, function* (call) {
  const { process, options } = call;
  const { fs } = process.system;
  const named = call.operands[0];
  const found = named === undefined ? { uid: process.uid, gid: process.gid } : findUser(fs, named);
  if (!found) throw new Failure(call.flavour === 'gnu' ? `'${named}': no such user` : `unknown user ${named}`);
  const groups = named === undefined ? ownGroups(call) : [found.gid];
  const user = (uid: number) => userName(fs, uid);
  const group = (gid: number) => groupName(fs, gid);
  const shown = (value: number, name: string | undefined) => (options.has('n') ? (name ?? String(value)) : String(value));
  if (options.has('u')) yield* call.out.line(shown(found.uid, user(found.uid)));
  else if (options.has('g')) yield* call.out.line(shown(found.gid, group(found.gid)));
  else if (options.has('G')) yield* call.out.line(groups.map((gid) => shown(gid, group(gid))).join(' '));
  else {
    const pair = (value: number, name: string | undefined) => (name === undefined ? String(value) : `${value}(${name})`);
    const list = groups.map((gid) => pair(gid, group(gid))).join(',');
    yield* call.out.line(`uid=${pair(found.uid, user(found.uid))} gid=${pair(found.gid, group(found.gid))} groups=${list}`);
  }
  return 0;
});

export const groups = applet({ usage: '', short: '' }, function* (call) {
  yield* call.out.line(
    ownGroups(call)
      .map((gid) => groupName(call.process.system.fs, gid) ?? String(gid))
      .join(' '),
  );
  return 0;
});

/** The kernel keeps them sorted; coreutils puts the primary one first. */
function ownGroups({ process, flavour }: Call): number[] {
  const held = [...new Set([process.gid, ...process.groups])].sort((a, b) => a - b);
  return flavour === 'gnu' ? [process.gid, ...held.filter((gid) => gid !== process.gid)] : held;
}

export const whoami = applet({ usage: '', short: '' }, function* (call) {
  const name = userName(call.process.system.fs, call.process.uid);
  if (name === undefined) throw new Failure(call.flavour === 'gnu' ? `cannot find name for user ID ${call.process.uid}` : `unknown uid ${call.process.uid}`);
  yield* call.out.line(name);
  return 0;
});

export const uname = applet({ usage: '[-amnrspvio]', short: 'amnrspvio', long: { all: 'a' } }, function* (call) {
  const { uname: names, hostname } = call.process.system;
  const { options } = call;
  const parts: string[] = [];
  const add = (letter: string, text: string) => {
    if (options.has('a', letter) || (letter === 's' && !options.has('m', 'n', 'r', 'p', 'v', 'i', 'o'))) parts.push(text);
  };
  add('s', names.system);
  add('n', hostname);
  add('r', names.release);
  add('v', names.version);
  add('m', names.machine);
  add('o', 'GNU/Linux');
  yield* call.out.line(parts.join(' '));
  return 0;
});

/** The name of this host in full: the first that /etc/hosts gives its address. */
function fullHostName({ fs, hostname }: System): string {
  const [address] = hostsLookup(fs, hostname);
  return (address && hostsReverse(fs, address)) || hostname;
}

const mustBeRoot = 'you must be root to change the host name';

/** What follows the first point of the full name. */
const domainName = (system: System): string => fullHostName(system).replace(/^[^.]*\.?/, '');

export const dnsdomainname = applet({ usage: '', short: '' }, function* (call) {
  const domain = domainName(call.process.system);
  if (domain !== '') yield* call.out.line(domain);
  return 0;
});

export const hostname = applet({ usage: '[-sidf] [HOSTNAME]', short: 'sidfI' }, function* (call) {
  const { system } = call.process;
  const [name] = call.operands;
  if (name !== undefined) {
    try {
      system.setHostname(name);
      return 0;
    } catch (error) {
      if (call.flavour === 'gnu') throw new Failure(error instanceof SystemError && error.code === 'EPERM' ? mustBeRoot : 'name too long');
      throw new Failure(`sethostname: ${reason(error)}`);
    }
  }
  const { options } = call;
  if (options.has('i', 'I')) yield* call.out.line(system.network.addresses.join(' '));
  else if (options.has('s')) yield* call.out.line(system.hostname.split('.')[0] as string);
  else if (options.has('d')) yield* call.out.line(domainName(system));
  else yield* call.out.line(options.has('f') ? fullHostName(system) : system.hostname);
  return 0;
});

export const pwd = applet({ usage: '[-LP]', short: 'LP' }, function* (call) {
  yield* call.out.line(call.process.cwd);
  return 0;
});

export const yes = applet({ usage: '[STRING]', short: '+' }, function* (call) {
  const block = `${call.operands.join(' ') || 'y'}\n`.repeat(256);
  for (;;) {
    yield* call.process.write(1, block);
    yield* call.process.step();
  }
});

export const printf: Applet = (flavour) =>
  function* (process) {
    const [format, ...operands] = process.argv.slice(process.argv[1] === '--' ? 2 : 1);
    if (format === undefined) {
      yield* process.write(2, flavour === 'gnu' ? 'printf: missing operand\n' : 'Usage: printf FORMAT [ARG]...\n');
      return 1;
    }
    const { text, problem, status } = yield* formatPrintfInTurns(process, format, operands, flavour === 'gnu' ? 'bash' : 'ash');
    if (problem !== undefined) yield* process.write(2, `printf: ${problem}\n`);
    yield* process.write(1, bytesOf(text));
    return status;
  };

/** expr: `| & = != < <= > >= + - * / % :` and `length substr index match`. */
export const expr: Applet = () =>
  function* (process) {
    try {
      const value = new ExpressionParser(process).parse();
      yield* process.write(1, `${value}\n`);
      return value === '' || value === '0' ? 1 : 0;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      yield* process.write(2, `expr: ${error.message}\n`);
      return 2;
    }
  };

class ExpressionParser {
  readonly words: readonly string[];
  #at = 0;

  constructor(readonly process: Process) {
    this.words = process.argv.slice(1);
  }

  parse(): string {
    const value = this.#level(0);
    if (this.words.length === 0 || this.#at < this.words.length) throw new Failure('syntax error');
    return value;
  }

  #level(level: number): string {
    const operators = [['|'], ['&'], ['=', '==', '!=', '<', '<=', '>', '>='], ['+', '-'], ['*', '/', '%'], [':']][level];
    if (!operators) return this.#primary();
    let left = this.#level(level + 1);
    while (operators.includes(this.words[this.#at] ?? '')) {
      const operator = this.words[this.#at++] as string;
      left = this.#apply(operator, left, this.#level(level + 1));
    }
    return left;
  }

  #primary(): string {
    const word = this.words[this.#at++];
    if (word === undefined) throw new Failure('syntax error');
    if (word === '(') {
      const value = this.#level(0);
      if (this.words[this.#at++] !== ')') throw new Failure('syntax error');
      return value;
    }
    if (this.#at >= this.words.length) return word;
    if (word === 'length') return String(this.#primary().length);
    if (word === 'substr') {
      const [text, from, length] = [this.#primary(), Number(this.#primary()), Number(this.#primary())];
      return from < 1 ? '' : text.slice(from - 1, from - 1 + length);
    }
    if (word === 'index') {
      const [text, set] = [this.#primary(), this.#primary()];
      return String([...text].findIndex((letter) => set.includes(letter)) + 1);
    }
    if (word === 'match') return this.#apply(':', this.#primary(), this.#primary());
    return word;
  }

  #apply(operator: string, left: string, right: string): string {
    const falsy = (text: string) => text === '' || text === '0';
    const number = (text: string) => {
      if (!/^-?\d+$/.test(text)) throw new Failure('non-integer argument');
      return Number(text);
    };
    if (operator === '|') return falsy(left) ? right : left;
    if (operator === '&') return falsy(left) || falsy(right) ? '0' : left;
    if (operator === ':') {
      const match = new BoundedExpression(`^(?:${posixSource(right, false)})`, '', this.process).exec(left);
      return /\\\(/.test(right) ? (match?.[1] ?? '') : String(match?.[0].length ?? 0);
    }
    if ('=!<>'.includes(operator[0] as string)) {
      const numeric = /^-?\d+$/.test(left) && /^-?\d+$/.test(right);
      const order = numeric ? Number(left) - Number(right) : left < right ? -1 : left > right ? 1 : 0;
      const holds = { '=': order === 0, '==': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator];
      return holds ? '1' : '0';
    }
    const [a, b] = [number(left), number(right)];
    if ('/%'.includes(operator) && b === 0) throw new Failure('division by zero');
    return String({ '+': a + b, '-': a - b, '*': a * b, '/': Math.trunc(a / b), '%': a % b }[operator]);
  }
}

/** ps: busybox' four columns, or procps' forms (`ps`, `aux`, `-ef`). */
export const ps = applet({ usage: '[-o COL1,COL2=HEADER]', short: 'eAfauxwTlo:p:' }, function* (call) {
  const { system } = call.process;
  const list = system.processes();
  const letters = call.operands.join('');
  const columns = call.options.value('o');
  if (columns !== undefined) yield* psColumns(call, list, columns.split(','));
  else if (call.flavour === 'busybox') {
    yield* call.out.line('PID   USER     TIME  COMMAND');
    for (const one of list) yield* call.out.line(`${String(one.pid).padStart(5)} ${userOf(call, one).padEnd(8)} ${busyTime(one.cpuMs)} ${busyCommand(one)}`);
  } else if (letters.includes('u') || call.options.has('u')) {
    yield* call.out.line('USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND');
    for (const one of list) {
      const start = formatDate('%H:%M', one.startedAt);
      yield* call.out.line(
        `${userOf(call, one).padEnd(8)} ${String(one.pid).padStart(7)}  0.0 ${memoryShare(call, one)} ${kib(virtualBytes(one)).padStart(6)} ${kib(one.memoryBytes).padStart(5)} ?        ${`${one.state}s`.padEnd(4)} ${start} ${shortTime(one.cpuMs).padStart(6)} ${command(one)}`,
      );
    }
  } else if (call.options.has('f')) {
    yield* call.out.line('UID          PID    PPID  C STIME TTY          TIME CMD');
    for (const one of list) {
      yield* call.out.line(
        `${userOf(call, one).padEnd(8)} ${String(one.pid).padStart(7)} ${String(one.ppid).padStart(7)}  0 ${formatDate('%H:%M', one.startedAt)} ?        ${longTime(one.cpuMs)} ${command(one)}`,
      );
    }
  } else {
    yield* call.out.line('    PID TTY          TIME CMD');
    for (const one of list) yield* call.out.line(`${String(one.pid).padStart(7)} ?        ${longTime(one.cpuMs)} ${shortName(one)}`);
  }
  return 0;
});

const kib = (bytes: number) => String(Math.floor(bytes / 1024));

function memoryShare({ process }: Call, one: ProcessInfo): string {
  const total = Number(/^MemTotal:\s+(\d+)/m.exec(process.system.fs.readText('/proc/meminfo'))?.[1] ?? 1) * 1024;
  return ((one.memoryBytes * 100) / total).toFixed(1).padStart(4);
}

/** In the eight columns that there are: procps marks a name that is cut. */
function userOf({ process, flavour }: Call, one: ProcessInfo): string {
  const name = userName(process.system.fs, one.uid) ?? String(one.uid);
  return name.length <= 8 ? name : flavour === 'gnu' ? `${name.slice(0, 7)}+` : name.slice(0, 8);
}

/** A name that is not that of argv[0], as a script's, stands before it in braces (busybox' read_cmdline). */
function busyCommand(one: ProcessInfo): string {
  if (one.state === 'Z' || one.argv.length === 0) return `[${one.comm}]`;
  const called = (one.argv[0] ?? '').split(' ')[0] ?? '';
  const base = called.slice(called.lastIndexOf('/') + 1).replace(/^-/, '');
  const line = one.argv.join(' ').replace(/[\x00-\x1f]/g, ' ');
  return base.startsWith(one.comm) ? line : `{${one.comm}} ${line}`;
}
const command = (one: ProcessInfo) => (one.state === 'Z' ? `[${shortName(one)}]` : one.argv.join(' '));
const shortName = (one: ProcessInfo) => one.comm;
const two = (value: number) => String(value).padStart(2, '0');
const busyTime = (ms: number) => `${String(Math.floor(ms / 60_000)).padStart(2)}:${two(Math.floor(ms / 1000) % 60)}`;
const shortTime = (ms: number) => `${Math.floor(ms / 60_000)}:${two(Math.floor(ms / 1000) % 60)}`;
const longTime = (ms: number) => `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}`;

function* psColumns(call: Call, list: readonly ProcessInfo[], columns: readonly string[]): Syscall<void> {
  const whole = call.flavour === 'busybox' ? busyCommand : command;
  const cells: Readonly<Record<string, (one: ProcessInfo) => string>> = {
    pid: (one) => String(one.pid),
    ppid: (one) => String(one.ppid),
    pgid: (one) => String(one.processGroup),
    user: (one) => userOf(call, one),
    uid: (one) => String(one.uid),
    comm: shortName,
    args: whole,
    cmd: whole,
    command: whole,
    stat: (one) => one.state,
    rss: (one) => kib(one.memoryBytes),
    vsz: (one) => kib(virtualBytes(one)),
    time: (one) => busyTime(one.cpuMs),
    etime: (one) => shortTime(call.process.system.now() - one.startedAt),
  };
  const { flavour, out } = call;
  const parsed = columns.map((word) => {
    const column = processColumn(word, flavour);
    if (column) return column;
    const key = word.split('=')[0];
    throw new Failure(
      flavour === 'gnu' ? `error: unknown user-defined format specifier "${key}"` : `bad -o argument '${key}', supported arguments: ${processKeys(flavour)}`,
    );
  });
  const header = processLine(parsed, flavour);
  if (header !== undefined) yield* out.line(header);
  for (const one of list) {
    const values = parsed.map(({ key }) => cells[key]?.(one) ?? '');
    yield* out.line(processLine(parsed, flavour, values) ?? '');
  }
}

export const kill: Applet = () =>
  function* (process) {
    const args = process.argv.slice(1);
    if (args[0] === '-l') {
      yield* process.write(
        1,
        `${Object.entries(signalNumbers)
          .map(([name, number]) => `${String(number).padStart(2)}) ${name}`)
          .join('\n')}\n`,
      );
      return 0;
    }
    let text = 'TERM';
    if (args[0] === '-s') [, text] = args.splice(0, 2) as [string, string];
    else if (args[0]?.startsWith('-') && args[0] !== '--') text = (args.shift() as string).slice(1);
    if (args[0] === '--') args.shift();
    const signal = text === '0' ? 0 : parseSignal(text);
    if (signal === undefined) {
      yield* process.write(2, `kill: bad signal name '${text}'\n`);
      return 1;
    }
    let code = args.length > 0 ? 0 : 1;
    if (code === 1) yield* process.write(2, 'kill: you need to specify whom to kill\n');
    for (const arg of args) {
      try {
        if (!/^-?\d+$/.test(arg)) throw new Failure(`invalid number '${arg}'`);
        process.kill(Number(arg), signal);
      } catch (error) {
        yield* process.write(2, `kill: ${error instanceof Failure ? error.message : `can't kill pid ${arg}: ${reason(error)}`}\n`);
        code = 1;
      }
    }
    return code;
  };

/** pkill, killall and pgrep by the name of the program. */
export const pkill = applet({ usage: '[-SIGNAL] NAME...', short: 'flxo0123456789HUPINTKERMs:' }, function* (call) {
  const flag = call.process.argv.slice(1).find((arg) => /^-(?:\d+|[A-Z]{3,})$/.test(arg));
  const signal = (flag && parseSignal(flag.slice(1))) || 'TERM';
  let code = 1;
  for (const name of call.operands) {
    const found = call.process.system
      .processes()
      .filter((one) => one.pid !== call.process.pid && (call.options.has('f') ? command(one) : shortName(one)).includes(name));
    for (const one of found) {
      if (call.name === 'pgrep') yield* call.out.line(call.options.has('l') ? `${one.pid} ${shortName(one)}` : String(one.pid));
      else call.process.kill(one.pid, signal);
      code = 0;
    }
    if (found.length === 0 && call.name === 'killall') yield* call.warn(`${name}: no process killed`);
  }
  return code;
});

/** pidof: the processes of exactly these names, youngest first, `-s` only one. */
export const pidof = applet({ usage: '[-s] NAME...', short: 'so:' }, function* (call) {
  const found = call.process.system
    .processes()
    .filter((one) => one.pid !== call.process.pid && call.operands.includes(shortName(one)))
    .map((one) => one.pid)
    .sort((a, b) => b - a);
  if (found.length > 0) yield* call.out.line((call.options.has('s') ? found.slice(0, 1) : found).join(' '));
  return found.length > 0 ? 0 : 1;
});

export const clear = applet({ usage: '', short: '' }, function* (call) {
  yield* call.out.text('\x1b[H\x1b[J');
  return 0;
});

export const uptime = applet({ usage: '', short: 's' }, function* (call) {
  const averages = call.process.system.fs.readText('/proc/loadavg').split(' ').slice(0, 3).join(', ');
  const minutes = Math.floor(call.process.system.uptimeMs() / 60_000);
  const days = Math.floor(minutes / 1440);
  const up =
    (days > 0 ? `${days} day${days > 1 ? 's' : ''}, ` : '') +
    (minutes % 1440 >= 60 ? `${Math.floor((minutes % 1440) / 60)}:${two(minutes % 60)}` : `${minutes % 60} min`);
  yield* call.out.line(` ${formatDate('%T', call.process.system.now())} up ${up},  0 users,  load average: ${averages}`);
  return 0;
});

/** Full-screen programs are not simulated; they say so instead of confusing the terminal. */
export const fullScreen = applet({ usage: '[FILE]...', short: '+' }, function* (call) {
  yield* call.process.write(2, `${call.name}: full-screen programs are not simulated; use echo, sed or cat with a here-document to change files\n`);
  return 1;
});

/** Nothing can be fetched from outside the cluster, so nothing can be installed; said at once, instead of a time-out later. */
export const packageManager = applet({ usage: '[COMMAND]...', short: '', wordsOnly: true }, function* (call) {
  yield* call.process.write(2, `${call.name}: installing packages is not simulated; use an image that has the program\n`);
  return call.flavour === 'gnu' ? 100 : 1;
});
