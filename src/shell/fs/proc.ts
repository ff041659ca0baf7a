import type { Hardware } from '../kernel/hardware.ts';
import type { ProcessTable } from '../kernel/open-file.ts';
import { mountLines } from './mount.ts';
import type { ProcFacts } from './process-directory.ts';
import { processDirectory } from './process-directory.ts';
import { linkNode, SyntheticDirectory, textNode } from './synthetic.ts';

/** /proc of one container: the processes of its table and the files that common tools read. */
export function createProc(table: () => ProcessTable, facts: ProcFacts): SyntheticDirectory {
  const texts: Record<string, () => string> = {
    uptime: () => uptime(table()),
    loadavg: () => loadAverage(table()),
    meminfo: () => meminfo(table().hardware),
    cpuinfo: () => cpuinfo(table().hardware.processors.count),
    mounts: () => mountLines(facts.mounts()),
    stat: () => stat(table()),
    version: () => `${table().uname.system} version ${table().uname.release} ${table().uname.version}\n`,
    filesystems: () => 'nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n',
    cmdline: () => 'BOOT_IMAGE=/boot/vmlinuz quiet\n',
  };
  const top = Object.keys(texts).sort();
  return new SyntheticDirectory(
    1,
    () => [
      ...table()
        .pids()
        .map((pid) => String(pid)),
      ...top,
      'net',
      'self',
      'sys', // Mounted over it.
      'thread-self',
    ],
    (name, caller) => {
      if (name === 'self') return linkNode(String(caller.pid), 3);
      if (name === 'thread-self') return linkNode(`${caller.pid}/task/${caller.pid}`, 5);
      if (name === 'net') return linkNode('self/net', 4);
      const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
      if (text) return textNode(text(), 10 + top.indexOf(name));
      return /^[1-9]\d*$/.test(name) ? processDirectory(table, Number(name), facts, caller) : undefined;
    },
  );
}

function uptime(table: ProcessTable): string {
  const { processors } = table.hardware;
  const idleMs = Math.max(0, table.uptimeMs() * processors.count - processors.usedMs);
  return `${(table.uptimeMs() / 1000).toFixed(2)} ${(idleMs / 1000).toFixed(2)}\n`;
}

function loadAverage(table: ProcessTable): string {
  const { processors, processes } = table.hardware;
  const averages = processors.loadAverages(table.now()).map((average) => average.toFixed(2));
  // Who reads it runs.
  return `${averages.join(' ')} ${Math.max(1, processors.busy)}/${processes} ${table.pids().at(-1) ?? 1}\n`;
}

/** Processor time in hundredths of a second: all of it is the programs' own. */
function stat(table: ProcessTable): string {
  const { processors } = table.hardware;
  const uptimeMs = table.uptimeMs();
  const line = (name: string, usedMs: number, totalMs: number) =>
    `${name} ${Math.floor(usedMs / 10)} 0 0 ${Math.floor(Math.max(0, totalMs - usedMs) / 10)} 0 0 0 0 0 0\n`;
  const each = processors.usedMs / processors.count;
  return [
    line('cpu ', processors.usedMs, uptimeMs * processors.count),
    ...Array.from({ length: processors.count }, (_, index) => line(`cpu${index}`, each, uptimeMs)),
    `btime ${Math.floor((table.now() - uptimeMs) / 1000)}\n`,
    `procs_running ${Math.max(1, processors.busy)}\nprocs_blocked 0\n`,
  ].join('');
}

/** Of the node, as containers see it whatever their own limit is. */
function meminfo({ memory }: Hardware): string {
  const total = Math.floor(memory.capacityBytes / 1024);
  const free = Math.max(0, Math.floor((memory.capacityBytes - memory.usedBytes) / 1024));
  const shared = Math.floor(memory.sharedBytes / 1024);
  const line = (name: string, value: number) => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`;
  return (
    line('MemTotal', total) +
    line('MemFree', free) +
    line('MemAvailable', free) +
    line('Buffers', 0) +
    line('Cached', shared) +
    line('SwapCached', 0) +
    line('SwapTotal', 0) +
    line('SwapFree', 0) +
    line('Shmem', shared)
  );
}

function cpuinfo(processors: number): string {
  const one = (index: number) => `processor\t: ${index}\nvendor_id\t: Paper\nmodel name\t: Paper CPU\ncpu MHz\t\t: 2000.000\ncpu cores\t: ${processors}\n\n`;
  return Array.from({ length: processors }, (_, index) => one(index)).join('');
}
