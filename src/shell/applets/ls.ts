import type { FileStat, Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, reason } from './lib/applet.ts';
import { formatDate } from './lib/date-format.ts';
import { modeText } from './lib/mode.ts';
import { humanSize, humanSizeGnu } from './lib/size.ts';
import { sortInTurns } from './lib/sort-in-turns.ts';
import { groupName, userName } from './lib/users.ts';

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: FileStat;
}

/** ls: `-l -a -A -1 -C -R -h -d -i -n -F -p -r -t -S`, columns on a terminal, coloured nowhere. */
export const ls = applet(
  {
    usage: '[-1AaCdFhilnpRrSt] [FILE]...',
    short: '1AaCdFhiLlnpRrStsUqg',
    long: { all: 'a', 'almost-all': 'A', recursive: 'R', 'human-readable': 'h', color: 'q', 'full-time': 'l' },
  },
  function* (call) {
    const files: Entry[] = [];
    const folders: Entry[] = [];
    let code = 0;
    for (const path of call.operands.length > 0 ? [...call.operands].sort(byName) : ['.']) {
      const entry = yield* look(call, path, path, true);
      if (!entry) code = call.flavour === 'gnu' ? 2 : 1;
      else (entry.stat.type === 'directory' && !call.options.has('d') ? folders : files).push(entry);
    }
    if (files.length > 0) yield* print(call, yield* sorted(call, files));
    const headed = call.options.has('R') || folders.length > 1 || files.length > 0 || code !== 0;
    let first = files.length === 0;
    for (const folder of yield* sorted(call, folders)) {
      if (!(yield* list(call, folder.path, headed, first))) code = 1;
      first = false;
    }
    return code;
  },
);

function* look(call: Call, path: string, name: string, named: boolean): Syscall<Entry | undefined> {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  try {
    // Busybox takes a named link for what it leads to, which has to be there; coreutils then show the link.
    const busybox = call.flavour === 'busybox' && !call.options.has('l', 'i', 's', 'F');
    const follow = named && (busybox || !call.options.has('l', 'd')) ? busybox || fs.exists(path, cwd) : call.options.has('L');
    return { name, path, stat: follow ? fs.stat(path, cwd) : fs.lstat(path, cwd) };
  } catch (error) {
    yield* call.warn(call.flavour === 'gnu' ? `cannot access '${path}': ${reason(error)}` : `${path}: ${reason(error)}`);
    return undefined;
  }
}

function* list(call: Call, folder: string, headed: boolean, first: boolean): Syscall<boolean> {
  const { fs } = call.process.system;
  let names: readonly string[];
  try {
    names = fs.readdir(folder, call.process.cwd);
  } catch (error) {
    yield* call.warn(call.flavour === 'gnu' ? `cannot open directory '${folder}': ${reason(error)}` : `can't open '${folder}': ${reason(error)}`);
    return false;
  }
  if (headed) yield* call.out.text(`${first ? '' : '\n'}${folder}:\n`);
  const entries: Entry[] = [];
  const shown = call.options.has('a') ? ['.', '..', ...names] : names.filter((name) => call.options.has('A') || !name.startsWith('.'));
  for (const name of shown) {
    yield* call.process.step();
    const entry = yield* look(call, `${folder === '/' ? '' : folder}/${name}`, name, false);
    if (entry) entries.push(entry);
  }
  if (call.options.has('l', 'n', 's', 'g')) yield* call.out.text(`total ${entries.reduce((sum, one) => sum + blocks(one.stat), 0)}\n`);
  const order = yield* sorted(call, entries);
  yield* print(call, order);
  if (!call.options.has('R')) return true;
  let good = true;
  for (const entry of order) {
    if (entry.stat.type !== 'directory' || entry.name === '.' || entry.name === '..') continue;
    if (!(yield* list(call, entry.path, true, false))) good = false;
  }
  return good;
}

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function* sorted(call: Call, entries: readonly Entry[]): Syscall<Entry[]> {
  const { options } = call;
  const compare = (a: Entry, b: Entry) =>
    (options.has('t') ? b.stat.mtimeMs - a.stat.mtimeMs : options.has('S') ? b.stat.size - a.stat.size : 0) || byName(a.name, b.name);
  const order = options.has('U') ? [...entries] : yield* sortInTurns(call.process, entries, compare);
  return options.has('r') ? order.reverse() : order;
}

/** Allocated kibibytes: whole pages, as most file systems give them. */
function blocks(stat: FileStat): number {
  if (stat.type === 'directory') return 4;
  return stat.type === 'file' ? Math.ceil(stat.size / 4096) * 4 : 0;
}

function* print(call: Call, entries: readonly Entry[]): Syscall<void> {
  const { options, process } = call;
  if (options.has('l', 'n', 'g')) {
    yield* printLong(call, entries);
    return;
  }
  const names = entries.map(
    (entry) => (options.has('i') ? `${String(entry.stat.inode).padStart(7)} ` : '') + sizeColumn(call, entry.stat) + entry.name + indicator(call, entry.stat),
  );
  const terminal = process.terminal(1);
  const columns = options.has('1') ? 0 : (terminal?.columns ?? (options.has('C') ? 80 : 0));
  if (columns === 0) {
    for (const name of names) yield* call.out.line(name);
    return;
  }
  const width = names.reduce((most, name) => Math.max(most, name.length), 0) + 2;
  const across = Math.max(1, Math.floor((columns + 1) / width));
  const rows = Math.ceil(names.length / across);
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let i = row; i < names.length; i += rows) line += i + rows < names.length ? (names[i] as string).padEnd(width) : names[i];
    yield* call.out.line(line);
  }
}

/** `-s`: allocated kibibytes before the name. */
function sizeColumn({ options, flavour }: Call, stat: FileStat): string {
  if (!options.has('s')) return '';
  return flavour === 'gnu' ? `${blocks(stat)} ` : `${String(blocks(stat)).padStart(6)} `;
}

function indicator(call: Call, stat: FileStat): string {
  if (stat.type === 'directory') return call.options.has('F', 'p') ? '/' : '';
  if (!call.options.has('F')) return '';
  if (stat.type === 'symlink') return '@';
  return stat.type === 'pipe' ? '|' : stat.type === 'file' && stat.mode & 0o111 ? '*' : '';
}

function* printLong(call: Call, entries: readonly Entry[]): Syscall<void> {
  const { fs } = call.process.system;
  const gnu = call.flavour === 'gnu';
  const known = new Map<string, string>();
  const names = (id: number, find: typeof userName) => {
    if (call.options.has('n')) return String(id);
    const key = `${find.name} ${id}`;
    const name = known.get(key) ?? find(fs, id) ?? String(id);
    known.set(key, name);
    return name;
  };
  const sizeOf = (stat: FileStat) => {
    if (stat.type === 'character') return gnu ? '1, 3' : '1,   3';
    return call.options.has('h') ? (gnu ? humanSizeGnu(stat.size) : humanSize(stat.size)) : String(stat.size);
  };
  const rowOf = (entry: Entry) => ({
    entry,
    links: String(entry.stat.nlink),
    user: names(entry.stat.uid, userName),
    group: names(entry.stat.gid, groupName),
    size: sizeOf(entry.stat),
  });
  const rows: ReturnType<typeof rowOf>[] = [];
  for (const entry of entries) {
    rows.push(rowOf(entry));
    yield* call.process.step();
  }
  // Busybox has fixed columns; coreutils makes them as wide as what is in them.
  const width = (of: (row: (typeof rows)[number]) => string) => (gnu ? rows.reduce((most, row) => Math.max(most, of(row).length), 0) : 0);
  const [links, user, group, size] = [width((row) => row.links), width((row) => row.user), width((row) => row.group), width((row) => row.size)];
  for (const row of rows) {
    yield* call.process.step();
    const { stat } = row.entry;
    const when = listDate(stat.mtimeMs, call.process.system.now());
    const front = gnu
      ? `${modeText(stat)} ${row.links.padStart(links)} ${row.user.padEnd(user)} ${row.group.padEnd(group)} ${row.size.padStart(size)} ${when} `
      : `${modeText(stat)} ${row.links.padStart(4)} ${row.user.padEnd(8)} ${row.group.padEnd(8)} ${row.size.padStart(9)} ${when} `;
    const target = stat.type === 'symlink' ? ` -> ${fs.readlink(row.entry.path, call.process.cwd)}` : '';
    yield* call.out.line(
      (call.options.has('i') ? `${String(stat.inode).padStart(7)} ` : '') + sizeColumn(call, stat) + front + row.entry.name + target + indicator(call, stat),
    );
  }
}

/** The time of day for the last half year, the year before that. */
function listDate(mtimeMs: number, nowMs: number): string {
  const age = nowMs - mtimeMs;
  return formatDate(age >= 0 && age < 15_768_000_000 ? '%b %e %H:%M' : '%b %e  %Y', mtimeMs);
}
