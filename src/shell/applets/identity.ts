/** su, setpriv, nologin: programs that run others as somebody else. */
import type { Filesystem, Identity, Process, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { findCommand } from './lib/command.ts';
import { UsageError } from './lib/options.ts';
import { findGroup, findUser, groupsOf, shellOf } from './lib/users.ts';

/** su: `[-lmp] [-s SHELL] [-c COMMAND] [-] [USER]` by root; others are turned away, for nobody has a password here. */
export const su = applet(
  { usage: '[-lmp] [-s SH] [-] [USER [FILE ARGS]]', short: 'lmpfs:c:', long: { login: 'l', 'shell=': 's', 'command=': 'c', 'preserve-environment': 'm' } },
  function* (call) {
    const { process, options, flavour } = call;
    const { fs } = process.system;
    const operands = [...call.operands];
    const isLogin = options.has('l') || operands[0] === '-';
    if (operands[0] === '-') operands.shift();
    const name = operands.shift() ?? 'root';
    if (process.uid !== 0) return yield* askPassword(call);
    const user = findUser(fs, name);
    if (!user || /^\d+$/.test(name)) {
      throw new Failure(flavour === 'gnu' ? `user ${name} does not exist or the user entry does not contain all the required fields` : `unknown user ${name}`);
    }
    const shell = options.value('s') ?? (options.has('m', 'p') ? process.env.get('SHELL') : undefined) ?? shellOf(fs, name) ?? '/bin/sh';
    become(call, { uid: user.uid, gid: user.gid, groups: [...new Set([user.gid, ...groupsOf(fs, name)])] });
    const env = options.has('m', 'p') ? process.env : environmentOf(process, { name, home: user.home, shell, isLogin });
    if (isLogin && fs.exists(user.home)) process.cwd = user.home;
    const command = options.value('c');
    return yield* runShell(call, [...(command === undefined ? [] : ['-c', command]), ...operands], { shell, isLogin, env });
  },
);

/** Becomes the shell: a dash before its name makes it a login shell. */
function* runShell(
  call: Call,
  args: readonly string[],
  { shell, isLogin, env }: { readonly shell: string; readonly isLogin: boolean; readonly env: ReadonlyMap<string, string> },
): Syscall<number> {
  const base = shell.slice(shell.lastIndexOf('/') + 1);
  try {
    return yield* call.process.exec([isLogin ? `-${base}` : call.flavour === 'gnu' ? base : shell, ...args], env, shell);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new Failure(call.flavour === 'gnu' ? `failed to execute ${shell}: ${reason(error)}` : `can't execute '${shell}': ${reason(error)}`, 127);
  }
}

function* askPassword({ process, flavour }: Call): Syscall<number> {
  if (flavour === 'busybox') throw new Failure('must be suid to work properly');
  const terminal = process.terminal(0);
  yield* process.write(2, 'Password: ');
  if (terminal) terminal.echo = false;
  try {
    yield* process.read(0);
  } finally {
    if (terminal) terminal.echo = true;
  }
  yield* process.write(2, terminal ? '\n' : '');
  throw new Failure('Authentication failure');
}

function environmentOf(
  { env }: Process,
  { name, home, shell, isLogin }: { readonly name: string; readonly home: string; readonly shell: string; readonly isLogin: boolean },
): ReadonlyMap<string, string> {
  const own = new Map<string, string>([
    ['HOME', home],
    ['SHELL', shell],
  ]);
  if (isLogin || name !== 'root') own.set('USER', name).set('LOGNAME', name);
  if (!isLogin) return new Map([...env, ...own]);
  const term = env.get('TERM');
  own.set('PATH', name === 'root' ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : '/usr/local/bin:/usr/bin:/bin');
  return term === undefined ? own : own.set('TERM', term);
}

function become({ process, flavour }: Call, identity: Identity): void {
  try {
    process.become(identity);
  } catch (error) {
    throw new Failure(flavour === 'gnu' ? `cannot set groups: ${reason(error)}` : `can't set groups: ${reason(error)}`);
  }
}

/** setpriv of util-linux, as far as users and groups go. */
export const setpriv = applet(
  {
    usage: '[OPTIONS] PROG ARGS',
    short: '+',
    long: {
      'reuid=': 'reuid',
      'ruid=': 'reuid',
      'euid=': 'reuid',
      'regid=': 'regid',
      'rgid=': 'regid',
      'egid=': 'regid',
      'groups=': 'groups',
      'clear-groups': 'clear-groups',
      'init-groups': 'init-groups',
      'keep-groups': 'keep-groups',
      'no-new-privs': 'no-new-privs',
      nnp: 'no-new-privs',
      'reset-env': 'reset-env',
    },
  },
  function* (call) {
    const { process, options, operands } = call;
    const { fs } = process.system;
    if (operands.length === 0) throw new UsageError('No program specified');
    const user = options.value('reuid');
    const uid = user === undefined ? process.uid : known(findUser(fs, user)?.uid, user);
    const group = options.value('regid');
    const gid = group === undefined ? process.gid : known(findGroup(fs, group), group);
    if (group !== undefined && !options.has('groups', 'clear-groups', 'init-groups', 'keep-groups')) {
      throw new Failure('--[re]gid requires --keep-groups, --clear-groups, --init-groups, or --groups', 127);
    }
    try {
      process.become({ uid: process.uid, gid, groups: wantedGroups(call, user ?? String(uid), gid) });
    } catch (error) {
      throw new Failure(`${options.has('groups', 'clear-groups', 'init-groups') ? 'setgroups' : 'setresgid'} failed: ${reason(error)}`, 127);
    }
    try {
      process.become({ uid, gid, groups: process.groups });
    } catch (error) {
      throw new Failure(`setresuid failed: ${reason(error)}`, 127);
    }
    const path = findCommand(process, operands[0] as string);
    if (path === undefined) throw new Failure(`failed to execute ${operands[0]}: No such file or directory`, 127);
    return yield* process.exec([path, ...operands.slice(1)]);
  },
);

function known(id: number | undefined, text: string): number {
  if (id === undefined) throw new Failure(`failed to parse: '${text}'`, 127);
  return id;
}

function wantedGroups({ process, options }: Call, user: string, gid: number): readonly number[] {
  const { fs } = process.system;
  if (options.has('clear-groups')) return [];
  if (options.has('init-groups')) return [...new Set([gid, ...groupsOf(fs, nameOf(fs, user))])];
  const listed = options.value('groups');
  return listed === undefined ? process.groups : listed.split(',').map((one) => known(findGroup(fs, one), one));
}

function nameOf(fs: Filesystem, user: string): string {
  return findUser(fs, user)?.name ?? user;
}

export const nologin = applet({ usage: '', short: '+' }, function* (call) {
  yield* call.out.line('This account is currently not available.');
  return 1;
});
