/** rm, mkdir, rmdir, touch, ln, chmod, chown, readlink, realpath, basename, dirname, mktemp, truncate: small work on paths. */
import { holds } from '../kernel/capabilities.ts';
import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { removeTree } from './copy.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { withoutLast, withoutSlashes } from './lib/ends.ts';
import { changedMode } from './lib/mode.ts';
import { UsageError } from './lib/options.ts';
import { parseSize } from './lib/size.ts';
import { findGroup, findUser } from './lib/users.ts';

/** Does `act` for each operand; words what goes wrong with the flavour's phrase. Returns 1 if anything did. */
function* eachOperand(call: Call, busybox: string, gnu: string, act: (path: string) => Syscall<void>): Syscall<number> {
  if (call.operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  let code = 0;
  for (const path of call.operands) {
    yield* call.process.step();
    try {
      yield* act(path);
    } catch (error) {
      const phrase = (call.flavour === 'gnu' ? gnu : busybox).replace('%', `'${path}'`).replace('$', path);
      yield* call.warn(`${phrase}: ${reason(error)}`);
      code = 1;
    }
  }
  return code;
}

export const rm = applet({ usage: '[-irf] FILE...', short: 'irRfvd', long: { recursive: 'r', force: 'f', verbose: 'v' } }, function* (call) {
  const { fs } = call.process.system;
  if (call.operands.length === 0 && call.options.has('f')) return 0;
  return yield* eachOperand(call, "can't remove %", 'cannot remove %', function* (path) {
    try {
      const last = withoutSlashes(path).split('/').pop();
      if (last === '.' || last === '..') throw new SystemError('EINVAL');
      if (fs.lstat(path, call.process.cwd).type === 'directory' && !call.options.has('r', 'R')) throw new SystemError('EISDIR');
      yield* removeTree(call, path);
      if (call.options.has('v')) yield* call.out.line(`removed '${path}'`);
    } catch (error) {
      if (!(error instanceof SystemError && error.code === 'ENOENT' && call.options.has('f'))) throw error;
    }
  });
});

export const mkdir = applet({ usage: '[-m MODE] [-p] DIRECTORY...', short: 'pm:v', long: { parents: 'p', 'mode=': 'm' } }, function* (call) {
  const { fs } = call.process.system;
  const { cwd, umask } = call.process;
  const mode = call.options.value('m');
  return yield* eachOperand(call, "can't create directory %", 'cannot create directory %', function* (path) {
    if (call.options.has('p') && fs.exists(path, cwd) && fs.stat(path, cwd).type === 'directory') return;
    fs.mkdir(path, { cwd, recursive: call.options.has('p'), mode: 0o777 & ~umask });
    if (mode !== undefined) fs.chmod(path, changedMode(mode, 0o777, true) ?? 0o777, cwd);
    if (call.options.has('v')) yield* call.out.line(`created directory: '${path}'`);
  });
});

/** mkfifo, and mknod for named pipes alone: devices are not made here. */
export const mkfifo = applet({ usage: '[-m MODE] NAME...', short: 'm:', long: { 'mode=': 'm' } }, function* (call) {
  // biome-ignore lint/correctness/useYield: one of many acts, and this one never waits.
  return yield* eachOperand(call, '$', 'cannot create fifo %', function* (path) {
    makeFifo(call, path);
  });
});

export const mknod = applet({ usage: '[-m MODE] NAME TYPE [MAJOR MINOR]', short: 'm:', long: { 'mode=': 'm' } }, function* (call) {
  const [path, type = '', ...numbers] = call.operands;
  if (path === undefined || !/^[bcup]$/.test(type) || numbers.length !== (type === 'p' ? 0 : 2))
    throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  return yield* eachOperand({ ...call, operands: [path] }, '$', '$', function* () {
    yield* call.process.step();
    if (type === 'p') return makeFifo(call, path);
    if (!holds(call.process, 'MKNOD')) throw new SystemError('EPERM');
    throw new Failure(`${path}: devices are not simulated`);
  });
});

function makeFifo({ process, options, flavour }: Call, path: string): void {
  const { fs } = process.system;
  const text = options.value('m');
  const mode = text === undefined ? undefined : changedMode(text, 0o666, false);
  if (text !== undefined && mode === undefined) throw new Failure(flavour === 'gnu' ? 'invalid mode' : `invalid mode '${text}'`);
  fs.mkfifo(path, 0o666, process.cwd);
  if (mode !== undefined) fs.chmod(path, mode, process.cwd);
}

export const rmdir = applet({ usage: '[-p] DIRECTORY...', short: 'p', long: { parents: 'p' } }, function* (call) {
  return yield* eachOperand(call, '%', 'failed to remove %', function* (path) {
    call.process.system.fs.rmdir(path, call.process.cwd);
    if (!call.options.has('p')) return;
    const parentOf = (child: string) => withoutSlashes(child).slice(0, Math.max(0, withoutSlashes(child).lastIndexOf('/')));
    for (let parent = parentOf(path); parent; parent = parentOf(parent)) call.process.system.fs.rmdir(parent, call.process.cwd);
  });
});

export const touch = applet(
  { usage: '[-cham] [-d DATE] [-r FILE] FILE...', short: 'camhd:t:r:', long: { 'no-create': 'c', 'date=': 'd', 'reference=': 'r' } },
  function* (call) {
    const { fs } = call.process.system;
    const { cwd } = call.process;
    const text = call.options.value('d');
    const reference = call.options.value('r');
    const when = reference
      ? fs.stat(reference, cwd).mtimeMs
      : text
        ? text.startsWith('@')
          ? Number(text.slice(1)) * 1000
          : Date.parse(`${text.replace(' ', 'T')}Z`)
        : 'now';
    if (when !== 'now' && Number.isNaN(when)) throw new Failure(call.flavour === 'gnu' ? `invalid date format '${text}'` : `invalid date '${text}'`);
    // biome-ignore lint/correctness/useYield: one of many acts, and this one never waits.
    return yield* eachOperand(call, '$', 'cannot touch %', function* (path) {
      if (!fs.exists(path, cwd)) {
        if (call.options.has('c')) return;
        call.process.close(call.process.open(path, { write: true, create: true, mode: 0o666 }));
      }
      fs.utimes(path, when, cwd);
    });
  },
);

export const ln = applet({ usage: '[-sfnbtv] TARGET... LINK|DIR', short: 'sfnTvr', long: { symbolic: 's', force: 'f' } }, function* (call) {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  const operands = [...call.operands];
  if (operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing file operand' : '');
  const last = operands.length > 1 ? (operands.pop() as string) : '.';
  const isFolder = fs.exists(last, cwd) && fs.stat(last, cwd).type === 'directory' && !(call.options.has('n', 'T') && fs.lstat(last, cwd).type === 'symlink');
  for (const target of operands) {
    const link = isFolder ? `${withoutSlashes(last)}/${withoutSlashes(target).split('/').pop()}` : last;
    try {
      if (call.options.has('f') && exists(call, link)) fs.unlink(link, cwd);
      if (call.options.has('s')) fs.symlink(target, link, cwd);
      else fs.link(target, link, cwd);
      if (call.options.has('v')) yield* call.out.line(`'${link}' -> '${target}'`);
    } catch (error) {
      const kind = call.options.has('s') ? 'symbolic link' : 'hard link';
      yield* call.warn(call.flavour === 'gnu' ? `failed to create ${kind} '${link}': ${reason(error)}` : `${link}: ${reason(error)}`);
      return 1;
    }
  }
  return 0;
});

/** Unlike `fs.exists`, true for a link that leads nowhere. */
function exists(call: Call, path: string): boolean {
  try {
    call.process.system.fs.lstat(path, call.process.cwd);
    return true;
  } catch {
    return false;
  }
}

/** A path and, with -R, all that is below it. */
function* tree(call: Call, path: string): Generator<string> {
  const { fs } = call.process.system;
  yield path;
  if (!call.options.has('R') || fs.lstat(path, call.process.cwd).type !== 'directory') return;
  for (const name of fs.readdir(path, call.process.cwd)) yield* tree(call, `${withoutSlashes(path)}/${name}`);
}

export const chmod = applet({ usage: '[-Rcvf] MODE[,MODE]... FILE...', short: '+Rcvf', long: { recursive: 'R' } }, function* (call) {
  const [change, ...paths] = call.operands;
  if (change === undefined || paths.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  const { fs } = call.process.system;
  const { cwd, umask } = call.process;
  return yield* eachOperand({ ...call, operands: paths }, '$', 'cannot access %', function* (start) {
    for (const path of tree(call, start)) {
      const stat = fs.stat(path, cwd);
      const mode = changedMode(change, stat.mode, stat.type === 'directory', umask);
      if (mode === undefined) throw new Failure(call.flavour === 'gnu' ? `invalid mode: '${change}'` : `invalid mode '${change}'`);
      fs.chmod(path, mode, cwd);
      yield* call.process.step();
    }
  });
});

export const chown = applet({ usage: '[-Rhcvf] USER[:[GRP]] FILE...', short: '+RhcvfLHP', long: { recursive: 'R' } }, function* (call) {
  const [owner, ...paths] = call.operands;
  if (owner === undefined || paths.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  const { fs } = call.process.system;
  const groupOnly = call.name === 'chgrp';
  const [userText, groupText] = groupOnly ? ['', owner] : (owner.split(/[:.]/) as [string, string | undefined]);
  const user = userText ? findUser(fs, userText) : undefined;
  const group = groupText ? findGroup(fs, groupText) : undefined;
  if (userText && !user) throw new Failure(call.flavour === 'gnu' ? `invalid user: '${owner}'` : `unknown user ${userText}`);
  if (groupText && group === undefined) throw new Failure(call.flavour === 'gnu' ? `invalid group: '${owner}'` : `unknown group ${groupText}`);
  return yield* eachOperand({ ...call, operands: paths }, '$', 'changing ownership of %', function* (start) {
    for (const path of tree(call, start)) {
      const stat = fs.lstat(path, call.process.cwd);
      fs.chown(path, user?.uid ?? stat.uid, group ?? (groupText === '' ? user?.gid : undefined) ?? stat.gid, call.process.cwd);
      yield* call.process.step();
    }
  });
});

export const readlink = applet({ usage: '[-fnv] FILE', short: 'fenmvsqz', long: { canonicalize: 'f' } }, function* (call) {
  const { fs } = call.process.system;
  let code = 0;
  if (call.operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  for (const path of call.operands) {
    try {
      const text = call.options.has('f', 'e', 'm') ? resolved(call, path) : fs.readlink(path, call.process.cwd);
      yield* call.out.text(text + (call.options.has('n') ? '' : '\n'));
    } catch {
      code = 1;
    }
  }
  return code;
});

/** The canonical path; the last part need not exist. */
function resolved(call: Call, path: string, links = 0): string {
  const { fs } = call.process.system;
  if (fs.exists(path, call.process.cwd)) return fs.realpath(path, call.process.cwd);
  const trimmed = withoutSlashes(path);
  const at = trimmed.lastIndexOf('/');
  const parent = fs.realpath(at < 0 ? '.' : trimmed.slice(0, at) || '/', call.process.cwd);
  const whole = `${parent === '/' ? '' : parent}/${trimmed.slice(at + 1)}`;
  const target = linkTarget(call, whole);
  if (target === undefined || links >= linksMax) return whole;
  return resolved(call, target.startsWith('/') ? target : `${parent}/${target}`, links + 1);
}

const linksMax = 40;

/** Where a link points that leads nowhere. */
function linkTarget({ process }: Call, path: string): string | undefined {
  try {
    return process.system.fs.readlink(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}

export const realpath = applet({ usage: 'FILE...', short: 'emqsz' }, function* (call) {
  return yield* eachOperand(call, '$', '$', function* (path) {
    yield* call.out.line(call.flavour === 'gnu' ? resolved(call, path) : call.process.system.fs.realpath(path, call.process.cwd));
  });
});

/** unlink and link: one name less, one name more, without options. */
export const unlink = applet({ usage: 'FILE', short: '' }, function* (call) {
  const [path] = call.operands;
  if (path === undefined || call.operands.length > 1) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  return yield* eachOperand(call, "can't remove %", 'cannot unlink %', function* (one) {
    call.process.system.fs.unlink(one, call.process.cwd);
    yield* call.process.step();
  });
});

export const link = applet({ usage: 'FILE LINK', short: '' }, function* (call) {
  const [target, path] = call.operands;
  if (target === undefined || path === undefined || call.operands.length > 2) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  try {
    call.process.system.fs.link(target, path, call.process.cwd);
    return 0;
  } catch (error) {
    yield* call.warn(
      call.flavour === 'gnu' ? `cannot create link '${path}' to '${target}': ${reason(error)}` : `can't create link '${path}' to '${target}': ${reason(error)}`,
    );
    return 1;
  }
});

export const basename = applet({ usage: 'FILE [SUFFIX] | -a FILE... | -s SUFFIX FILE...', short: '+as:z' }, function* (call) {
  const { operands, options } = call;
  if (operands.length === 0 || (operands.length > 2 && !options.has('a', 's'))) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  const many = options.has('a', 's');
  const suffix = options.value('s') ?? (many ? '' : (operands[1] ?? ''));
  for (const path of many ? operands : operands.slice(0, 1)) {
    const name = withoutSlashes(path, 1).replace(/^.*\/(?=.)/s, '');
    yield* call.out.line(suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name);
  }
  return 0;
});

export const dirname = applet({ usage: 'FILENAME', short: '+z' }, function* (call) {
  if (call.operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '');
  for (const path of call.operands) {
    const trimmed = withoutSlashes(path, 1);
    const at = trimmed.lastIndexOf('/');
    yield* call.out.line(at < 0 ? '.' : withoutSlashes(trimmed.slice(0, at)) || '/');
  }
  return 0;
});

const nameLetters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export const mktemp = applet({ usage: '[-dqtu] [-p DIR] [TEMPLATE]', short: 'dqtup:' }, function* (call) {
  const { fs } = call.process.system;
  const folder = call.options.value('p') ?? call.process.env.get('TMPDIR') ?? '/tmp';
  const template = call.operands[0];
  const base =
    template === undefined
      ? `${folder}/tmp.${call.flavour === 'gnu' ? 'XXXXXXXXXX' : 'XXXXXX'}`
      : call.options.has('t', 'p')
        ? `${folder}/${template}`
        : template;
  if (!/X{6}$/.test(base)) throw new Failure(call.flavour === 'gnu' ? `too few X's in template '${base}'` : `${base}: Invalid argument`);
  const start = withoutLast(base, 'X');
  const letters = Array.from(base.slice(start.length), () => nameLetters[Math.floor(call.process.system.random() * nameLetters.length)]);
  const path = start + letters.join('');
  if (!call.options.has('u')) {
    if (call.options.has('d')) fs.mkdir(path, { mode: 0o700, cwd: call.process.cwd });
    else fs.writeFile(path, '', { mode: 0o600, cwd: call.process.cwd });
  }
  yield* call.out.line(path);
  return 0;
});

export const truncate = applet({ usage: '[-c] -s SIZE FILE...', short: 'cs:' }, function* (call) {
  const size = parseSize(call.options.value('s') ?? '');
  if (size === undefined) throw new UsageError('');
  // biome-ignore lint/correctness/useYield: one of many acts, and this one never waits.
  return yield* eachOperand(call, '$', '$', function* (path) {
    if (!call.process.system.fs.exists(path, call.process.cwd)) call.process.close(call.process.open(path, { write: true, create: true, mode: 0o666 }));
    call.process.system.fs.truncate(path, size, call.process.cwd);
  });
});
