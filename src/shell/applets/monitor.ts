/** top, free, nproc: what /proc tells of the machine. */
import { virtualBytes } from '../kernel/memory.ts';
import type { Process, ProcessInfo, Syscall, Terminal } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure } from './lib/applet.ts';
import { userName } from './lib/users.ts';

/** A field of /proc/meminfo in KiB; 0 if it has none. */
function memoryField(process: Process, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(process.system.fs.readText('/proc/meminfo'))?.[1] ?? 0);
}

function memory(process: Process) {
  const total = memoryField(process, 'MemTotal');
  const free = memoryField(process, 'MemFree');
  const cached = memoryField(process, 'Buffers') + memoryField(process, 'Cached');
  const shared = memoryField(process, 'Shmem');
  return { total, free, cached, shared, used: Math.max(0, total - free - cached), available: memoryField(process, 'MemAvailable') || free };
}

const processors = (process: Process) => (process.system.fs.readText('/proc/cpuinfo').match(/^processor\s*:/gm) ?? []).length || 1;

export const free = applet({ usage: '[-bkmgh]', short: 'bkmgh' }, function* (call) {
  const { options } = call;
  const { total, used, free: unused, shared, cached, available } = memory(call.process);
  const shown = (kib: number) => {
    if (options.has('h')) return kib >= 1_048_576 ? `${(kib / 1_048_576).toFixed(1)}G` : kib >= 1024 ? `${(kib / 1024).toFixed(1)}M` : `${kib}K`;
    return String(options.has('b') ? kib * 1024 : options.has('m') ? Math.floor(kib / 1024) : options.has('g') ? Math.floor(kib / 1_048_576) : kib);
  };
  const row = (name: string, values: readonly number[]) => `${name.padEnd(6)}${values.map((value) => shown(value).padStart(12)).join('')}`;
  yield* call.out.line(
    `      ${'total used free shared buff/cache available'
      .split(' ')
      .map((cell) => cell.padStart(12))
      .join('')}`,
  );
  yield* call.out.line(row('Mem:', [total, used, unused, shared, cached, available]));
  yield* call.out.line(row('Swap:', [0, 0, 0]));
  return 0;
});

export const nproc = applet({ usage: '[--all] [--ignore=N]', short: '', long: { all: 'a', 'ignore=': 'i' } }, function* (call) {
  yield* call.out.line(String(Math.max(1, processors(call.process) - Number(call.options.value('i') ?? 0))));
  return 0;
});

/** top: busybox' table, again each `-d SECONDS` (5), `-n TIMES`; on a terminal, unless with `-b`, as much of it as fits, until `q`. */
export const top = applet({ usage: '[-bmH] [-n COUNT] [-d SECONDS]', short: 'bmHn:d:' }, function* (call) {
  const { options, process } = call;
  const screen = options.has('b') ? undefined : process.terminal(1);
  const keys = screen && process.terminal(0);
  if (!keys) return yield* tables(call, screen, undefined);
  const before = { echo: keys.echo, canonical: keys.canonical };
  Object.assign(keys, { echo: false, canonical: false });
  const reader = keyReader(process);
  let code = 0;
  // So that the terminal and the reader are left as they should be.
  process.onSignal('INT', () => {
    code = 130;
  });
  try {
    yield* tables(call, screen, reader);
    stop(process, reader);
    yield* process.wait(reader);
    return code;
  } finally {
    Object.assign(keys, before);
  }
});

/** A child that waits for keys, so that either side may wait: `q` and the end of input interrupt this process. */
function keyReader(process: Process): number {
  const parent = process.pid;
  process.onSignal('USR1', () => {});
  return process.spawn({
    argv: process.argv,
    *program(child) {
      let data = yield* child.read(0);
      while (data !== null && !Buffer.from(data).includes('q')) data = yield* child.read(0);
      child.kill(parent, 'USR1');
      return 0;
    },
  });
}

function stop(process: Process, pid: number): void {
  try {
    process.kill(pid, 'KILL');
  } catch {
    // It has ended by itself.
  }
}

function* tables(call: Call, screen: Terminal | undefined, reader: number | undefined): Syscall<number> {
  const { options, process } = call;
  const times = Number(options.value('n') ?? Number.POSITIVE_INFINITY);
  const everyMs = Number(options.value('d') ?? 5) * 1000;
  if (!(everyMs >= 0) || Number.isNaN(times)) throw new Failure('invalid number');
  let before = new Map<number, number>();
  let busyBefore = { used: 0, total: 0 };
  let sinceMs = Math.max(1, process.system.uptimeMs());
  for (let i = 0; i < times; i++) {
    if (i > 0) {
      if (!(yield* slept(process, Math.max(everyMs, 10)))) break;
      sinceMs = Math.max(everyMs, 10);
    }
    const list = process.system.processes().filter((one) => one.pid !== reader);
    const now = processorTime(process);
    const busy = { used: now.used - busyBefore.used, total: now.total - busyBefore.total };
    busyBefore = now;
    const lines = table(call, list, before, sinceMs, busy);
    yield* call.out.text(screen ? onScreen(lines, screen) : lines.map((line) => `${line}\n`).join(''));
    yield* call.out.flush();
    before = new Map(list.map((one) => [one.pid, one.cpuMs]));
  }
  if (screen) yield* call.out.text('\n');
  return 0;
}

/** False if a key has ended the wait. */
function* slept(process: Process, ms: number): Syscall<boolean> {
  try {
    yield* process.sleep(ms);
    return true;
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}

/** From the upper left corner on, as much as fits; the heads of the columns stand out. */
function onScreen(lines: readonly string[], { rows, columns }: Terminal): string {
  const shown = lines.slice(0, Math.max(1, (rows || 24) - 1)).map((line) => line.slice(0, columns || 80));
  return `\x1b[H\x1b[J${shown.map((line, i) => (i === headRow ? `\x1b[7m${line.padEnd(columns || 80)}\x1b[m` : line)).join('\n')}\r`;
}

/** Which of a table's lines has the heads of the columns. */
const headRow = 3;

interface ProcessorTime {
  readonly used: number;
  readonly total: number;
}

/** Of the whole machine, since it began. */
function processorTime(process: Process): ProcessorTime {
  const fields = (process.system.fs.readText('/proc/stat').split('\n')[0] ?? '').split(/\s+/).slice(1).map(Number);
  const total = fields.reduce((sum, one) => sum + one, 0);
  return { used: total - (fields[3] ?? 0), total };
}

function table({ process }: Call, list: readonly ProcessInfo[], before: ReadonlyMap<number, number>, sinceMs: number, time: ProcessorTime): string[] {
  const { fs } = process.system;
  const { total, used, free: unused, shared, cached } = memory(process);
  const count = processors(process);
  const shares = new Map(list.map((one) => [one, Math.min(100, ((one.cpuMs - (before.get(one.pid) ?? 0)) * 100) / sinceMs / count)]));
  const share = (one: ProcessInfo) => shares.get(one) as number;
  const users = new Map([...new Set(list.map(({ uid }) => uid))].map((uid) => [uid, (userName(fs, uid) ?? String(uid)).slice(0, 8).padEnd(8)]));
  const busy = time.total > 0 ? Math.round((time.used * 100) / time.total) : 0;
  const lines = [
    `Mem: ${used}K used, ${unused}K free, ${shared}K shrd, 0K buff, ${cached}K cached`,
    `CPU:  ${String(busy).padStart(2)}% usr   0% sys   0% nic ${String(100 - busy).padStart(3)}% idle   0% io   0% irq   0% sirq`,
    `Load average: ${fs.readText('/proc/loadavg').trim()}`,
    '  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND',
  ];
  for (const one of [...list].sort((a, b) => share(b) - share(a) || a.pid - b.pid)) {
    lines.push(
      `${String(one.pid).padStart(5)} ${String(one.ppid).padStart(5)} ${users.get(one.uid)} ${one.state.padEnd(4)} ${sizeInFive(virtualBytes(one) / 1024)} ${String(Math.min(100, Math.round(virtualBytes(one) / 10.24 / total))).padStart(3)}%   0 ${String(Math.round(share(one))).padStart(3)}% ${one.argv.join(' ')}`,
    );
  }
  return lines;
}

/** KiB in five places, as busybox' top writes them. */
function sizeInFive(kib: number): string {
  return (kib < 100_000 ? String(Math.floor(kib)) : kib < 10_240_000 ? `${Math.floor(kib / 1024)}m` : `${Math.floor(kib / 1_048_576)}g`).padStart(5);
}

const socketTables = applet({ usage: '[-tuanlp]', short: 'tuanlpoemi46srW' }, function* (call) {
  yield* call.warn('the list of sockets is not simulated; nc -z HOST PORT says whether somebody listens');
  return 1;
});
export const netstat = socketTables;
