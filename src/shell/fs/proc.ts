import type { Caller, OpenFile, ProcessDetails, ProcessTable } from '../kernel/open-file.ts';
import { SystemError } from '../kernel/types.ts';
import type { Node } from './node.ts';
import { SpecialNode } from './node.ts';
import { linkNode, SyntheticDirectory, textNode } from './synthetic.ts';

export interface ProcFacts {
  readonly processors: number;
  memoryBytes(): number;
  mountLines(): string;
}

const stateNames = { R: 'running', S: 'sleeping', Z: 'zombie', T: 'stopped' } as const;

/** /proc of one container: the processes of its table and the files that common tools read. */
export function createProc(table: () => ProcessTable, facts: ProcFacts): SyntheticDirectory {
  const texts: Record<string, () => string> = {
    uptime: () => `${(table().uptimeMs() / 1000).toFixed(2)} ${(table().uptimeMs() / 1000).toFixed(2)}\n`,
    loadavg: () => `0.00 0.00 0.00 1/${table().pids().length} ${table().pids().at(-1) ?? 1}\n`,
    meminfo: () => meminfo(facts.memoryBytes()),
    cpuinfo: () => cpuinfo(facts.processors),
    mounts: () => facts.mountLines(),
    stat: () => `cpu  0 0 0 ${Math.floor(table().uptimeMs() / 10)} 0 0 0 0 0 0\nbtime ${Math.floor((table().now() - table().uptimeMs()) / 1000)}\n`,
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
      'sys',
    ],
    (name, caller) => {
      if (name === 'self') return linkNode(String(caller.pid), 3);
      if (name === 'net') return linkNode('self/net', 4);
      if (name === 'sys') return sysctlTree(table);
      const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
      if (text) return textNode(text(), 10 + top.indexOf(name));
      return /^[1-9]\d*$/.test(name) ? processDirectory(table, Number(name), facts, caller) : undefined;
    },
  );
}

function processDirectory(table: () => ProcessTable, pid: number, facts: ProcFacts, caller: Caller): Node | undefined {
  const process = table().process(pid);
  if (!process) return undefined;
  const mayLook = caller.uid === 0 || caller.uid === process.uid;
  const inode = pid * 1000;
  const name = baseName(process);
  const files: Record<string, () => Node> = {
    cmdline: () => textNode(process.state === 'Z' ? '' : process.argv.map((word) => `${word}\0`).join(''), inode + 1),
    comm: () => textNode(`${name}\n`, inode + 2),
    cwd: () => linkNode(process.cwd, inode + 3),
    environ: () => textNode(mayLook ? [...process.env].map(([key, value]) => `${key}=${value}\0`).join('') : '', inode + 4, 0o400),
    fd: () => descriptorDirectory(process, inode + 5, mayLook),
    mounts: () => textNode(facts.mountLines(), inode + 6),
    net: () =>
      new SyntheticDirectory(
        inode + 7,
        () => ['dev', 'route', 'tcp', 'udp'],
        (file) => netFile(file, inode),
      ),
    root: () => linkNode('/', inode + 8),
    stat: () => textNode(statLine(process, name, table()), inode + 9),
    status: () => textNode(statusText(process, name), inode + 10),
    exe: () => linkNode(process.argv[0] ?? '', inode + 11),
    limits: () =>
      textNode(
        'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 1024                 files     \n',
        inode + 12,
      ),
  };
  const names = Object.keys(files).sort();
  const directory = new SyntheticDirectory(
    inode,
    () => names,
    (file) => (Object.hasOwn(files, file) ? files[file]?.() : undefined),
  );
  directory.uid = process.uid;
  directory.gid = process.gid;
  return directory;
}

function descriptorDirectory(process: ProcessDetails, inode: number, mayLook: boolean): Node {
  const directory = new SyntheticDirectory(
    inode,
    () => process.descriptors().map(String),
    (name) => {
      const file = /^\d+$/.test(name) ? process.file(Number(name)) : undefined;
      return file && new SpecialNode('symlink', 0o700, inode * 10 + Number(name), (_caller, write) => reopen(file, write, mayLook), file.name);
    },
  );
  directory.mode = 0o500;
  directory.uid = process.uid;
  return directory;
}

/**
 * Opens what a descriptor of a process has open.
 * Differs from upstream: the open file itself is shared, offset included, where Linux opens the same file anew.
 */
function reopen(file: OpenFile, write: boolean, mayLook: boolean): OpenFile {
  if (!mayLook || (write ? !file.canWrite : !file.canRead)) throw new SystemError('EACCES');
  return file;
}

function baseName(process: ProcessDetails): string {
  return (process.argv[0] ?? '').split('/').at(-1)?.slice(0, 15) ?? '';
}

function statLine(process: ProcessDetails, name: string, table: ProcessTable): string {
  const bootedAt = table.now() - table.uptimeMs();
  const startTicks = Math.floor((process.startedAt - bootedAt) / 10);
  const cpuTicks = Math.floor(process.cpuMs / 10);
  const { pid, state, ppid, processGroup } = process;
  return `${pid} (${name}) ${state} ${ppid} ${processGroup} ${processGroup} 0 -1 4194304 0 0 0 0 ${cpuTicks} 0 0 0 20 0 1 0 ${startTicks} 4468736 256 18446744073709551615 ${'0 '.repeat(26)}0\n`;
}

function statusText(process: ProcessDetails, name: string): string {
  const { uid, gid } = process;
  const groups = [...process.groups].join(' ');
  return [
    `Name:\t${name}`,
    'Umask:\t0022',
    `State:\t${process.state} (${stateNames[process.state]})`,
    `Tgid:\t${process.pid}`,
    `Pid:\t${process.pid}`,
    `PPid:\t${process.ppid}`,
    `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
    `Gid:\t${gid}\t${gid}\t${gid}\t${gid}`,
    'FDSize:\t64',
    `Groups:\t${groups} `,
    'VmSize:\t    4364 kB',
    'VmRSS:\t    1024 kB',
    'Threads:\t1',
    '',
  ].join('\n');
}

function netFile(name: string, inode: number): Node | undefined {
  const headers: Record<string, string> = {
    dev: 'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n',
    route: 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n',
    tcp: '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n',
    udp: '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n',
  };
  const text = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return text === undefined ? undefined : textNode(text, inode + 50);
}

function sysctlTree(table: () => ProcessTable): Node {
  const values: Record<string, () => string> = {
    hostname: () => table().hostname,
    ostype: () => table().uname.system,
    osrelease: () => table().uname.release,
    version: () => table().uname.version,
    pid_max: () => '4194304',
  };
  const kernel = new SyntheticDirectory(
    6,
    () => Object.keys(values).sort(),
    (name) => (Object.hasOwn(values, name) ? textNode(`${values[name]?.()}\n`, 20) : undefined),
  );
  return new SyntheticDirectory(
    5,
    () => ['kernel'],
    (name) => (name === 'kernel' ? kernel : undefined),
  );
}

function meminfo(bytes: number): string {
  const total = Math.floor(bytes / 1024);
  const free = Math.floor(total / 2);
  const line = (name: string, value: number) => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`;
  return (
    line('MemTotal', total) +
    line('MemFree', free) +
    line('MemAvailable', free) +
    line('Buffers', 0) +
    line('Cached', 0) +
    line('SwapTotal', 0) +
    line('SwapFree', 0)
  );
}

function cpuinfo(processors: number): string {
  const one = (index: number) => `processor\t: ${index}\nvendor_id\t: Paper\nmodel name\t: Paper CPU\ncpu MHz\t\t: 2000.000\ncpu cores\t: ${processors}\n\n`;
  return Array.from({ length: processors }, (_, index) => one(index)).join('');
}
