/** install, fallocate, umount, mountpoint, nsenter, unshare, dmesg, ionice, stdbuf, who, logger, reset, arch: small tools of administrators. */
import type { Capability } from '../kernel/capabilities.ts';
import { holds } from '../kernel/capabilities.ts';
import type { Syscall } from '../kernel/types.ts';
import type { Applet, Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { runOrExplain } from './lib/command.ts';
import { changedMode } from './lib/mode.ts';
import { UsageError } from './lib/options.ts';
import { parseSize } from './lib/size.ts';
import { findGroup, findUser } from './lib/users.ts';

/** install: copies with a mode (`-m`, 755) and an owner (`-o`, `-g`); `-d` makes folders, `-D` those that are missing. */
export const install = applet({ usage: '[-cdDsp] [-o USER] [-g GRP] [-m MODE] [SOURCE]... DEST', short: 'cdDspvTo:g:m:t:' }, function* (call) {
  const { process, options, operands, flavour } = call;
  const { fs } = process.system;
  const { cwd } = process;
  const text = options.value('m') ?? '755';
  const mode = changedMode(text, 0, false);
  if (mode === undefined) throw new Failure(`invalid mode '${text}'`);
  const finish = (path: string) => {
    fs.chmod(path, mode, cwd);
    const [user, group] = [options.value('o'), options.value('g')];
    if (user === undefined && group === undefined) return;
    const stat = fs.stat(path, cwd);
    const uid = user === undefined ? stat.uid : findUser(fs, user)?.uid;
    const gid = group === undefined ? stat.gid : findGroup(fs, group);
    if (uid === undefined || gid === undefined) throw new Failure(uid === undefined ? `unknown user ${user}` : `unknown group ${group}`);
    fs.chown(path, uid, gid, cwd);
  };
  if (options.has('d')) {
    for (const path of operands) {
      fs.mkdir(path, { recursive: true, cwd });
      finish(path);
      yield* process.step();
    }
    return 0;
  }
  const folder = options.value('t');
  const sources = folder === undefined ? operands.slice(0, -1) : operands;
  const last = folder ?? operands.at(-1);
  if (last === undefined || sources.length === 0) throw new UsageError(flavour === 'gnu' ? 'missing file operand' : '');
  if (options.has('D')) fs.mkdir(last.replace(/\/?[^/]*$/, '') || '/', { recursive: true, cwd });
  const isFolder = fs.exists(last, cwd) && fs.stat(last, cwd).type === 'directory';
  for (const source of sources) {
    const target = isFolder ? `${last}/${source.slice(source.lastIndexOf('/') + 1)}` : last;
    const code = yield* runOrExplain(process, call.name, ['cp', source, target]);
    if (code !== 0) return code;
    finish(target);
  }
  return 0;
});

/** fallocate: makes a file so long; nothing is ever sparse here. */
export const fallocate = applet({ usage: '[-o OFS] -l LEN FILE', short: 'l:o:n', long: { 'length=': 'l', 'offset=': 'o' } }, function* (call) {
  const { process, options } = call;
  const [path] = call.operands;
  if (path === undefined || !options.has('l')) throw new UsageError(call.flavour === 'gnu' ? 'no length argument specified' : '');
  const length = parseSize(options.value('l') as string);
  const offset = parseSize(options.value('o') ?? '0');
  if (!length || offset === undefined) throw new Failure(call.flavour === 'gnu' ? 'invalid length value specified' : `invalid number '${options.value('l')}'`);
  const { fs } = process.system;
  if (!fs.exists(path, process.cwd)) process.close(process.open(path, { write: true, create: true, mode: 0o666 }));
  const end = offset + length;
  try {
    if (end > fs.stat(path, process.cwd).size) fs.truncate(path, end, process.cwd);
  } catch (error) {
    throw new Failure(`fallocate '${path}': ${reason(error)}`);
  }
  yield* process.step();
  return 0;
});

export const umount = applet({ usage: '[-rlfda] [-t FSTYPE] FILESYSTEM|DIRECTORY', short: 'rlfdanvt:O:D' }, function* (call) {
  const { process, flavour } = call;
  let code = 0;
  if (call.operands.length === 0 && !call.options.has('a')) throw new UsageError('');
  for (const path of call.operands) {
    const isMounted = process.system.fs.mounts().some(({ target }) => target === path.replace(/(?<=.)\/$/, ''));
    const why = !holds(process, 'SYS_ADMIN') ? 'Operation not permitted' : isMounted ? 'to unmount something is not simulated' : 'Invalid argument';
    if (flavour === 'busybox') yield* call.warn(`can't unmount ${path}: ${why}`);
    else
      yield* call.warn(why === 'Operation not permitted' ? `${path}: must be superuser to unmount.` : isMounted ? `${path}: ${why}` : `${path}: not mounted.`);
    code = flavour === 'gnu' ? 32 : 1;
  }
  return code;
});

export const mountpoint = applet({ usage: '[-q] { [-dn] DIR | -x DEVICE }', short: 'qdnx' }, function* (call) {
  const [path] = call.operands;
  if (path === undefined) throw new UsageError('');
  const { fs } = call.process.system;
  let real: string;
  try {
    real = fs.realpath(path, call.process.cwd);
  } catch (error) {
    if (call.options.has('q')) return 1;
    throw new Failure(`${path}: ${reason(error)}`);
  }
  const isMounted = fs.mounts().some(({ target }) => target === real);
  if (!call.options.has('q')) yield* call.out.line(`${path} is ${isMounted ? '' : 'not '}a mountpoint`);
  return isMounted ? 0 : 1;
});

/** What takes a capability: refused as the kernel refuses it, and by name where somebody has it. */
const refused = (capability: Capability, what: string, words: (call: Call) => string): Applet =>
  applet({ usage: '[OPTIONS] [PROG ARGS]', short: '', wordsOnly: true }, function* (call) {
    yield* call.out.flush();
    throw new Failure(holds(call.process, capability) ? `${what} is not simulated` : words(call));
  });

export const nsenter = refused('SYS_ADMIN', 'to enter the namespaces of others', ({ flavour }) =>
  flavour === 'gnu' ? "reassociate to namespace 'ns/mnt' failed: Operation not permitted" : 'setns(mnt): Operation not permitted',
);
export const unshare = refused('SYS_ADMIN', 'to make namespaces', ({ flavour }) =>
  flavour === 'gnu' ? 'unshare failed: Operation not permitted' : 'unshare(0x0): Operation not permitted',
);
export const dmesg = refused('SYSLOG', 'the log of the kernel', ({ flavour }) =>
  flavour === 'gnu' ? 'read kernel buffer failed: Operation not permitted' : 'klogctl: Operation not permitted',
);

/** Programs that change how another one runs in a way that shows nowhere here. */
const runsAsIs = (short: string, usage: string): Applet =>
  applet({ usage, short: `+${short}` }, function* (call) {
    if (call.operands.length > 0) return yield* runOrExplain(call.process, call.name, call.operands);
    throw new UsageError('');
  });
export const ionice = runsAsIs('c:n:t', '[-c 1-3] [-n 0-7] [-t] PROG ARGS');
export const stdbuf = runsAsIs('i:o:e:', 'OPTION... COMMAND');

/** Nobody has logged in. */
const silent: Applet = () =>
  // biome-ignore lint/correctness/useYield: ends at once.
  function* (): Syscall<number> {
    return 0;
  };
export const who = silent;
/** Nobody listens on /dev/log. */
export const logger = silent;

export const reset = applet({ usage: '', short: '' }, function* (call) {
  const terminal = call.process.terminal(1);
  if (terminal) Object.assign(terminal, { echo: true, canonical: true, signals: true, mapReturn: true, postProcess: true });
  yield* call.out.text('\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h');
  return 0;
});

export const arch = applet({ usage: '', short: '' }, function* (call) {
  yield* call.out.line(call.process.system.uname.machine);
  return 0;
});
