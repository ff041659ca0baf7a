/** Every applet by name. Images choose from these. */
import type { Program } from '../kernel/types.ts';
import { awk } from './awk/awk.ts';
import { base64, dd, hexdump, md5sum, od, sha1sum, sha256sum, sha512sum, xxd } from './bytes.ts';
import { cat } from './cat.ts';
import { chroot } from './chroot.ts';
import { cksum, comm, fold, getopt, join, split, strings } from './columns.ts';
import { gzip } from './compress.ts';
import { cp, mv } from './copy.ts';
import { cmp, diff } from './diff.ts';
import { getent, host } from './dns-tools.ts';
import { echo } from './echo.ts';
import { basename, chmod, chown, dirname, link, ln, mkdir, mktemp, readlink, realpath, rm, rmdir, touch, truncate, unlink } from './files.ts';
import { grep } from './grep.ts';
import { head, tail } from './head-tail.ts';
import type { Applet, Flavour } from './lib/applet.ts';
import { cut, nl, paste, rev, seq, sort, tac, tee, tr, uniq, wc } from './lines.ts';
import { ls } from './ls.ts';
import { free, netstat, nproc, top } from './monitor.ts';
import { ifconfig, ip, nc, ping, telnet } from './net-tools.ts';
import { env, find, nice, nohup, printenv, setsid, time, timeout, which, xargs } from './run.ts';
import { sed } from './sed.ts';
import { stat } from './stat.ts';
import { df, du, mount } from './storage.ts';
import { sysctl } from './sysctl.ts';
import {
  clear,
  date,
  expr,
  falseApplet,
  fullScreen,
  groups,
  hostname,
  id,
  kill,
  packageManager,
  pidof,
  pkill,
  printf,
  ps,
  pwd,
  sleep,
  sync,
  trueApplet,
  uname,
  uptime,
  usleep,
  whoami,
  yes,
} from './system.ts';
import { tar } from './tar.ts';
import { stty, tty, watch } from './terminal.ts';
import { test } from './test.ts';
import { dos2unix, expand, factor, shuf, unexpand, unix2dos } from './text-forms.ts';
import { curl, wget } from './web.ts';

export { dig } from './dns-tools.ts';
export type { Applet, Flavour } from './lib/applet.ts';
export { nslookup } from './nslookup.ts';

export const applets: Readonly<Record<string, Applet>> = {
  '[': test,
  awk,
  base64,
  basename,
  cat,
  chgrp: chown,
  chmod,
  chown,
  chroot,
  cksum,
  clear,
  cmp,
  comm,
  cp,
  cut,
  date,
  dd,
  df,
  diff,
  dirname,
  dos2unix,
  du,
  echo,
  egrep: grep,
  env,
  expand,
  expr,
  factor,
  false: falseApplet,
  fgrep: grep,
  find,
  fold,
  free,
  getent,
  getopt,
  grep,
  groups,
  gunzip: gzip,
  gzip,
  hd: hexdump,
  head,
  hexdump,
  host,
  hostname,
  id,
  ifconfig,
  ip,
  join,
  kill,
  killall: pkill,
  less: cat,
  link,
  ln,
  ls,
  md5sum,
  mkdir,
  mktemp,
  more: cat,
  mount,
  mv,
  nc,
  netcat: nc,
  netstat,
  nice,
  nl,
  nohup,
  nproc,
  od,
  paste,
  pgrep: pkill,
  pidof,
  ping,
  pkill,
  printenv,
  printf,
  ps,
  pwd,
  readlink,
  realpath,
  rev,
  rm,
  rmdir,
  sed,
  seq,
  setsid,
  sha1sum,
  sha256sum,
  sha512sum,
  shuf,
  sleep,
  sort,
  split,
  ss: netstat,
  stat,
  strings,
  stty,
  sync,
  sysctl,
  tac,
  tail,
  tar,
  tee,
  telnet,
  test,
  time,
  timeout,
  top,
  touch,
  tr,
  true: trueApplet,
  truncate,
  tty,
  uname,
  unexpand,
  uniq,
  unix2dos,
  unlink,
  uptime,
  usleep,
  vi: fullScreen,
  watch,
  wc,
  wget,
  which,
  whoami,
  xargs,
  xxd,
  yes,
  zcat: gzip,
  apk: packageManager,
  apt: packageManager,
  'apt-get': packageManager,
  curl,
  nano: fullScreen,
  vim: fullScreen,
};

const notInBusybox = new Set(['apk', 'apt', 'apt-get', 'curl', 'getent', 'host', 'nano', 'vim', 'netcat', 'ss']);
/** What a slim Debian image has: coreutils, findutils, grep, sed and a few more. */
const inDebian = [
  '[',
  'apt',
  'apt-get',
  'groups',
  'nice',
  'stty',
  'tty',
  'awk',
  'cksum',
  'comm',
  'fold',
  'getopt',
  'gunzip',
  'gzip',
  'join',
  'split',
  'zcat',
  'base64',
  'basename',
  'cat',
  'chgrp',
  'chmod',
  'chown',
  'chroot',
  'clear',
  'cmp',
  'cp',
  'cut',
  'date',
  'dd',
  'df',
  'diff',
  'dirname',
  'du',
  'echo',
  'egrep',
  'env',
  'expand',
  'expr',
  'factor',
  'false',
  'fgrep',
  'find',
  'getent',
  'grep',
  'head',
  'hostname',
  'id',
  'link',
  'ln',
  'ls',
  'md5sum',
  'mkdir',
  'mktemp',
  'more',
  'mount',
  'mv',
  'nl',
  'nohup',
  'nproc',
  'od',
  'paste',
  'printenv',
  'printf',
  'pwd',
  'readlink',
  'realpath',
  'rev',
  'rm',
  'rmdir',
  'sed',
  'seq',
  'setsid',
  'sha1sum',
  'sha256sum',
  'sha512sum',
  'shuf',
  'sleep',
  'sort',
  'stat',
  'sync',
  'tac',
  'tail',
  'tar',
  'tee',
  'test',
  'timeout',
  'touch',
  'tr',
  'true',
  'truncate',
  'uname',
  'unexpand',
  'uniq',
  'unlink',
  'wc',
  'which',
  'whoami',
  'xargs',
  'yes',
] as const;

/** The programs of a busybox, by name (the shell and nslookup are the image's to add). */
export function busyboxPrograms(): [name: string, program: Program][] {
  return pick(
    'busybox',
    Object.keys(applets).filter((name) => !notInBusybox.has(name)),
  );
}

/** The programs of a slim Debian. Differs from upstream where `extra` asks for more (ps, curl and so on are not in slim images). */
export function debianPrograms(extra: readonly string[] = []): [name: string, program: Program][] {
  return pick('gnu', [...inDebian, ...extra]);
}

/** These applets in one flavour. Throws Error for a name there is not. */
export function pick(flavour: Flavour, names: readonly string[]): [name: string, program: Program][] {
  return names.map((name) => {
    const made = applets[name];
    if (!made) throw new Error(`there is no applet ${name}`);
    return [name, made(flavour)];
  });
}
