import { allCapabilities } from '../kernel/capabilities.ts';
import type { Hardware } from '../kernel/hardware.ts';
import { virtualBytes } from '../kernel/memory.ts';
import { idMap } from '../kernel/namespaces.ts';
import type { Caller, OpenFile, ProcessDetails, ProcessTable } from '../kernel/open-file.ts';
import { privilegeLines } from '../kernel/privileges.ts';
import type { FileStat } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { MountEntry } from './mount.ts';
import { mountInfoLines, mountLines } from './mount.ts';
import type { Node, RootTable } from './node.ts';
import { RootLink, SpecialNode } from './node.ts';
import { mayLookInto } from './permissions.ts';
import { linkNode, SyntheticDirectory, TextFile, textNode } from './synthetic.ts';

export interface ProcFacts {
  mounts(): readonly MountEntry[];
  /** The mounts that a process of another container sees; undefined for those of this one. */
  rootOf(process: ProcessDetails): RootTable | undefined;
}

const stateNames = { R: 'running', S: 'sleeping', Z: 'zombie', T: 'stopped' } as const;

/** /proc/PID; `asTask` below /proc/PID/task, where there are no tasks again. */
export function processDirectory(table: () => ProcessTable, pid: number, facts: ProcFacts, caller: Caller, asTask = false): Node | undefined {
  const process = table().process(pid);
  if (!process) return undefined;
  const mayLook = mayLookInto(caller, process);
  const inode = pid * 1000;
  const name = process.comm;
  const files: Record<string, () => Node> = {
    attr: () => attributes(process, inode + 20),
    cmdline: () => textNode(process.state === 'Z' ? '' : process.argv.map((word) => `${word}\0`).join(''), inode + 1),
    cgroup: () => textNode('0::/\n', inode + 16), // The container has a control group namespace of its own.
    comm: () => textNode(`${name}\n`, inode + 2),
    cwd: () => linkNode(process.cwd, inode + 3),
    environ: () => environment(process, inode + 4, mayLook),
    fd: () => descriptorDirectory(process, inode + 5, mayLook),
    mounts: () => textNode(mountLines(facts.mounts()), inode + 6),
    mountinfo: () => textNode(mountInfoLines(facts.mounts()), inode + 17),
    net: () =>
      new SyntheticDirectory(
        inode + 7,
        () => ['dev', 'route', 'tcp', 'udp'],
        (file) => netFile(file, inode),
      ),
    root: () => rootLink(process, inode + 8, facts, mayLook),
    oom_score: () => textNode(`${oomScore(process, table().hardware)}\n`, inode + 13),
    oom_score_adj: () => textNode(`${process.oomScoreAdj}\n`, inode + 14),
    stat: () => textNode(statLine(process, name, table()), inode + 9),
    statm: () => textNode(statm(process), inode + 15),
    status: () => textNode(statusText(process, name), inode + 10),
    task: () =>
      new SyntheticDirectory(
        inode + 18,
        () => [String(pid)],
        (name, asking) => (name === String(pid) ? processDirectory(table, pid, facts, asking, true) : undefined),
      ),
    gid_map: () => textNode(idMap(process.container.userNamespace), inode + 21),
    ns: () => namespaceLinks(process, inode + 23),
    uid_map: () => textNode(idMap(process.container.userNamespace), inode + 24),
    exe: () => linkNode(executableOf(process, caller), inode + 11),
    limits: () =>
      textNode(
        'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 1024                 files     \n',
        inode + 12,
      ),
  };
  if (asTask) delete files.task;
  const names = Object.keys(files).sort();
  const directory = new SyntheticDirectory(
    inode,
    () => names,
    (file) => {
      const node = Object.hasOwn(files, file) ? files[file]?.() : undefined;
      if (node && !(node instanceof RootLink)) belongsTo(node, process);
      return node;
    },
  );
  belongsTo(directory, process);
  return directory;
}

/** What tells of a process is its user's, and as old as it is. */
function belongsTo(node: Node, { uid, gid, startedAt }: ProcessDetails): void {
  node.uid = uid;
  node.gid = gid;
  node.mtimeMs = startedAt;
}

/** By its own name, whatever links led to it. */
function executableOf({ exe, container }: ProcessDetails, caller: Caller): string {
  try {
    return container.fs.view({ ...caller, uid: 0, capabilities: allCapabilities }).realpath(exe);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return `${exe} (deleted)`;
  }
}

/** What a security module has to say of a process: on these nodes that is AppArmor. */
function attributes(process: ProcessDetails, inode: number): SyntheticDirectory {
  const text = `${process.container.privileges.appArmor}\n`;
  const current = () => textNode(text, inode + 1, 0o666);
  const own = new SyntheticDirectory(
    inode + 2,
    () => ['current'],
    (name) => (name === 'current' ? current() : undefined),
  );
  return new SyntheticDirectory(
    inode,
    () => ['apparmor', 'current'],
    (name) => (name === 'current' ? current() : name === 'apparmor' ? own : undefined),
  );
}

/** Links that lead nowhere, but whose texts are the same in the same namespace. */
function namespaceLinks({ container }: ProcessDetails, inode: number): SyntheticDirectory {
  const numbers = container.namespaces();
  return new SyntheticDirectory(
    inode,
    () => Object.keys(numbers).sort(),
    (name) => (Object.hasOwn(numbers, name) ? linkNode(`${name.replace('_for_children', '')}:[${numbers[name]}]`, numbers[name] as number) : undefined),
  );
}

/** What a process was started with, for whoever may look into it. */
function environment(process: ProcessDetails, inode: number, mayLook: boolean): SpecialNode {
  const facts: FileStat = { type: 'file', mode: 0o400, uid: process.uid, gid: process.gid, size: 0, nlink: 1, mtimeMs: 0, inode, device: 1 };
  const text = () => [...process.env].map(([key, value]) => `${key}=${value}\0`).join('');
  const refuse = () => {
    throw new SystemError('EACCES');
  };
  const node = new SpecialNode('file', facts.mode, inode, () => (mayLook ? new TextFile(`/proc/${process.pid}/environ`, text, refuse, facts) : refuse()));
  node.uid = process.uid;
  node.gid = process.gid;
  return node;
}

/** Leads to the files of a process's own container, for whoever may look into it. */
function rootLink(process: ProcessDetails, inode: number, facts: ProcFacts, mayLook: boolean): Node {
  const table = facts.rootOf(process);
  if (!table) return linkNode('/', inode);
  return new RootLink({ mode: 0o777, uid: process.uid, gid: process.gid, mtimeMs: 0 }, inode, () => {
    if (!mayLook) throw new SystemError('EACCES');
    return table;
  });
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

function statLine(process: ProcessDetails, name: string, table: ProcessTable): string {
  const bootedAt = table.now() - table.uptimeMs();
  const startTicks = Math.floor((process.startedAt - bootedAt) / 10);
  const cpuTicks = Math.floor(process.cpuMs / 10);
  const { pid, state, ppid, processGroup } = process;
  return `${pid} (${name}) ${state} ${ppid} ${processGroup} ${processGroup} 0 -1 4194304 0 0 0 0 ${cpuTicks} 0 0 0 20 0 1 0 ${startTicks} ${virtualBytes(process)} ${process.memoryBytes / pageBytes} 18446744073709551615 ${'0 '.repeat(26)}0\n`;
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
    `VmSize:\t${kib(virtualBytes(process))} kB`,
    `VmRSS:\t${kib(process.memoryBytes)} kB`,
    `VmData:\t${kib(process.memoryBytes)} kB`,
    'VmSwap:\t       0 kB',
    `Threads:\t${process.threads}`,
    ...privilegeLines(process.container.privileges, uid),
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

const pageBytes = 4096;
const kib = (bytes: number) => String(Math.floor(bytes / 1024)).padStart(8);

function statm(process: ProcessDetails): string {
  const [size, resident] = [virtualBytes(process), process.memoryBytes].map((bytes) => Math.floor(bytes / pageBytes));
  return `${size} ${resident} 0 256 0 ${resident} 0\n`;
}

/** As the kernel shows it: two thirds of a scale from 0 to 2000 (fs/proc/base.c). */
function oomScore(process: ProcessDetails, { memory }: Hardware): number {
  return Math.max(0, Math.floor(((1000 + memory.score(process.memoryBytes) + process.oomScoreAdj) * 2) / 3));
}
