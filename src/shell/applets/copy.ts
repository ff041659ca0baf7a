import type { FileStat, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { withoutSlashes } from './lib/ends.ts';
import { UsageError } from './lib/options.ts';

/** cp: `-r -R -a -p -f -d -n -v`. */
export const cp = applet(
  { usage: '[-arpdfnv] SOURCE... DEST', short: 'arRpPdfinvLHTt:', long: { recursive: 'r', archive: 'a', force: 'f', verbose: 'v', 'no-clobber': 'n' } },
  function* (call) {
    return yield* intoTarget(call, function* (from, to) {
      return yield* copyOne(call, from, to);
    });
  },
);

/** mv: `-f -n -v`; across file systems it copies and removes. */
export const mv = applet({ usage: '[-finTt] SOURCE... DEST', short: 'finvTt:' }, function* (call) {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  return yield* intoTarget(call, function* (from, to) {
    if (call.options.has('n') && fs.exists(to, cwd)) return true;
    try {
      fs.rename(from, to, cwd);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== 'EXDEV') {
        yield* call.warn(
          call.flavour === 'gnu'
            ? `cannot ${fs.exists(from, cwd) ? 'move' : 'stat'} '${from}'${fs.exists(from, cwd) ? ` to '${to}'` : ''}: ${reason(error)}`
            : `can't rename '${from}': ${reason(error)}`,
        );
        return false;
      }
      if (!(yield* copyOne(call, from, to, true))) return false;
      yield* removeTree(call, from);
    }
    if (call.options.has('v')) yield* call.out.line(`'${from}' -> '${to}'`);
    return true;
  });
});

function baseName(path: string): string {
  const trimmed = withoutSlashes(path);
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** Works out each source's place in the last operand, a folder or not. */
function* intoTarget(call: Call, act: (from: string, to: string) => Syscall<boolean>): Syscall<number> {
  const operands = [...call.operands];
  const target = call.options.value('t') ?? operands.pop();
  if (target === undefined || operands.length === 0)
    throw new UsageError(call.flavour === 'gnu' ? (target ? `missing destination file operand after '${target}'` : 'missing file operand') : '');
  const { fs } = call.process.system;
  const { cwd } = call.process;
  const isFolder = !call.options.has('T') && fs.exists(target, cwd) && fs.stat(target, cwd).type === 'directory';
  if (operands.length > 1 && !isFolder)
    throw new Failure(call.flavour === 'gnu' ? `target '${target}' is not a directory` : `can't stat '${target}': No such file or directory`);
  let code = 0;
  for (const from of operands) {
    if (!(yield* act(from, isFolder ? `${withoutSlashes(target)}/${baseName(from)}` : target))) code = 1;
  }
  return code;
}

function* copyOne(call: Call, from: string, to: string, always = false): Syscall<boolean> {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  const { options } = call;
  const keep = always || options.has('a', 'p');
  const deep = always || options.has('r', 'R', 'a');
  try {
    const stat = always || options.has('a', 'd', 'P') ? fs.lstat(from, cwd) : fs.stat(from, cwd);
    if (stat.type === 'directory') {
      if (!deep) {
        yield* call.warn(call.flavour === 'gnu' ? `-r not specified; omitting directory '${from}'` : `omitting directory '${from}'`);
        return false;
      }
      if (!fs.exists(to, cwd)) fs.mkdir(to, { mode: stat.mode & 0o7777, cwd });
      let good = true;
      for (const name of fs.readdir(from, cwd)) {
        yield* call.process.step();
        if (!(yield* copyOne(call, `${withoutSlashes(from)}/${name}`, `${to}/${name}`, always))) good = false;
      }
      if (keep) yield* keepAttributes(call, to, stat);
      return good;
    }
    if (options.has('n') && fs.exists(to, cwd)) return true;
    if (stat.type === 'symlink') fs.symlink(fs.readlink(from, cwd), absolute(cwd, to));
    else if (stat.type === 'pipe' && deep) fs.mkfifo(to, stat.mode, cwd);
    else {
      yield* copyData(call, from, to, stat.mode & 0o7777);
      if (keep) yield* keepAttributes(call, to, stat);
    }
    if (options.has('v')) yield* call.out.line(`'${from}' -> '${to}'`);
    return true;
  } catch (error) {
    const why = reason(error);
    const missing = !fs.exists(from, cwd);
    if (call.flavour === 'gnu') yield* call.warn(missing ? `cannot stat '${from}': ${why}` : `cannot create regular file '${to}': ${why}`);
    else yield* call.warn(missing ? `can't stat '${from}': ${why}` : `can't create '${to}': ${why}`);
    return false;
  }
}

function absolute(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd}/${path}`;
}

function* copyData(call: Call, from: string, to: string, mode: number): Syscall<void> {
  const { process } = call;
  const source = yield* process.opened(process.open(from, { read: true }));
  try {
    const target = process.open(to, { write: true, create: true, truncate: true, mode });
    for (let data = yield* process.read(source); data !== null; data = yield* process.read(source)) yield* process.write(target, data);
    process.close(target);
  } finally {
    process.close(source);
  }
}

/** As its original's; busybox tells when it may not give the copy to the same owner, coreutils do not. */
function* keepAttributes(call: Call, path: string, stat: Pick<FileStat, 'mode' | 'uid' | 'gid' | 'mtimeMs'>): Syscall<void> {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  fs.utimes(path, stat.mtimeMs, cwd);
  try {
    fs.chown(path, stat.uid, stat.gid, cwd);
  } catch (error) {
    if (call.flavour === 'busybox') yield* call.warn(`can't preserve ownership of '${path}': ${reason(error)}`);
  }
  fs.chmod(path, stat.mode & 0o7777, cwd);
}

/** Removes a file or a folder with all that is in it. Throws SystemError. */
export function* removeTree(call: Call, path: string): Syscall<void> {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  if (fs.lstat(path, cwd).type !== 'directory') {
    fs.unlink(path, cwd);
    return;
  }
  for (const name of fs.readdir(path, cwd)) {
    yield* call.process.step();
    yield* removeTree(call, `${path}/${name}`);
  }
  fs.rmdir(path, cwd);
}
