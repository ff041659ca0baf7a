import type { FileStat } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, reason } from './lib/applet.ts';
import { formatDate } from './lib/date-format.ts';
import { modeText } from './lib/mode.ts';
import { UsageError } from './lib/options.ts';
import { groupName, userName } from './lib/users.ts';

const typeNames = { file: 'regular file', directory: 'directory', symlink: 'symbolic link', pipe: 'fifo', character: 'character special file' } as const;

/** stat: the usual block of lines, or `-c FORMAT`; `-L` follows links. */
export const stat = applet({ usage: '[-ltf] [-c FMT] FILE...', short: 'Ltfc:', long: { 'format=': 'c', dereference: 'L' } }, function* (call) {
  if (call.operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  const { fs } = call.process.system;
  let code = 0;
  for (const path of call.operands) {
    try {
      const found = call.options.has('L') ? fs.stat(path, call.process.cwd) : fs.lstat(path, call.process.cwd);
      const format = call.options.value('c');
      yield* call.out.text(format === undefined ? describeFile(call, path, found) : `${fill(call, format, path, found)}\n`);
    } catch (error) {
      yield* call.warn(call.flavour === 'gnu' ? `cannot statx '${path}': ${reason(error)}` : `can't stat '${path}': ${reason(error)}`);
      code = 1;
    }
  }
  return code;
});

const fullTime = (ms: number) => formatDate('%Y-%m-%d %H:%M:%S.%N %z', ms);
const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0');
const allocated = (file: FileStat) => (file.type === 'file' ? Math.ceil(file.size / 4096) * 8 : file.type === 'directory' ? 8 : 0);
const fileType = (file: FileStat) => (file.type === 'file' && file.size === 0 ? 'regular empty file' : typeNames[file.type]);

function describeFile(call: Call, path: string, file: FileStat): string {
  const { fs } = call.process.system;
  const owner = (id: number, name: string | undefined) => `(${String(id).padStart(5)}/${(name ?? 'UNKNOWN').padStart(8)})`;
  const target = file.type === 'symlink' ? `${call.flavour === 'gnu' ? ' ->' : ' ->'} ${fs.readlink(path, call.process.cwd)}` : '';
  const time = fullTime(file.mtimeMs);
  const ids = `Uid: ${owner(file.uid, userName(fs, file.uid))}   Gid: ${owner(file.gid, groupName(fs, file.gid))}`;
  return [
    `  File: ${path}${target}`,
    `  Size: ${String(file.size).padEnd(10)}\tBlocks: ${String(allocated(file)).padEnd(10)} IO Block: 4096   ${fileType(file)}`,
    `Device: ${file.device.toString(16)}h/${file.device}d\tInode: ${String(file.inode).padEnd(10)}  Links: ${file.nlink}`,
    `Access: (${octal(file.mode)}/${modeText(file)})  ${ids}`,
    `Access: ${time}`,
    `Modify: ${time}`,
    `Change: ${time}`,
    ...(call.flavour === 'gnu' ? [' Birth: -'] : []),
    '',
  ].join('\n');
}

function fill(call: Call, format: string, path: string, file: FileStat): string {
  const { fs } = call.process.system;
  const values: Readonly<Record<string, () => string>> = {
    n: () => path,
    N: () => `'${path}'${file.type === 'symlink' ? ` -> '${fs.readlink(path, call.process.cwd)}'` : ''}`,
    s: () => String(file.size),
    a: () => (file.mode & 0o7777).toString(8),
    A: () => modeText(file),
    f: () => file.mode.toString(16),
    F: () => fileType(file),
    u: () => String(file.uid),
    g: () => String(file.gid),
    U: () => userName(fs, file.uid) ?? 'UNKNOWN',
    G: () => groupName(fs, file.gid) ?? 'UNKNOWN',
    i: () => String(file.inode),
    h: () => String(file.nlink),
    b: () => String(allocated(file)),
    B: () => '512',
    o: () => '4096',
    d: () => String(file.device),
    y: () => fullTime(file.mtimeMs),
    Y: () => String(Math.floor(file.mtimeMs / 1000)),
    x: () => fullTime(file.mtimeMs),
    X: () => String(Math.floor(file.mtimeMs / 1000)),
    z: () => fullTime(file.mtimeMs),
    Z: () => String(Math.floor(file.mtimeMs / 1000)),
    '%': () => '%',
  };
  return format.replace(/%(.)/g, (whole, letter: string) => values[letter]?.() ?? whole);
}
