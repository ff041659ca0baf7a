/** du, df, mount, umount: what is where and how full. */
import { holds } from '../kernel/capabilities.ts';
import type { Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { humanSize, humanSizeGnu } from './lib/size.ts';

const sizeText = (call: Call, kib: number) => {
  if (call.options.has('h')) return call.flavour === 'gnu' ? humanSizeGnu(kib * 1024) : humanSize(kib * 1024);
  return call.options.has('m') ? String(Math.ceil(kib / 1024)) : String(kib);
};

export const du = applet({ usage: '[-ashkm] [-d N] [FILE]...', short: 'ashkmcxd:', long: { 'max-depth=': 'd', summarize: 's' } }, function* (call) {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  const limit = call.options.has('s') ? 0 : Number(call.options.value('d') ?? Number.POSITIVE_INFINITY);
  const print = (kib: number, path: string) => call.out.line(`${sizeText(call, kib)}\t${path}`);
  const measure = function* (path: string, depth: number): Syscall<number> {
    yield* call.process.step();
    const stat = fs.lstat(path, cwd);
    if (stat.type !== 'directory') {
      const kib = stat.type === 'file' ? Math.ceil(stat.size / 4096) * 4 : 0;
      if (depth === 0 || (call.options.has('a') && depth <= limit)) yield* print(kib, path);
      return kib;
    }
    let total = 4;
    for (const name of fs.readdir(path, cwd)) total += yield* measure(`${path === '/' ? '' : path}/${name}`, depth + 1);
    if (depth <= limit) yield* print(total, path);
    return total;
  };
  let code = 0;
  for (const path of call.operands.length > 0 ? call.operands : ['.']) {
    try {
      yield* measure(path, 0);
    } catch (error) {
      yield* call.warn(call.flavour === 'gnu' ? `cannot access '${path}': ${reason(error)}` : `${path}: ${reason(error)}`);
      code = 1;
    }
  }
  return code;
});

export const df = applet({ usage: '[-PkmhTa] [FILESYSTEM]...', short: 'PkmhTaiB:t:' }, function* (call) {
  const { fs } = call.process.system;
  let mounts = fs.mounts();
  if (call.operands.length > 0) {
    mounts = call.operands.map((path) => {
      const real = fs.realpath(path, call.process.cwd);
      const holding = fs.mounts().filter(({ target }) => target === '/' || real === target || real.startsWith(`${target}/`));
      return holding.reduce((best, one) => (one.target.length >= best.target.length ? one : best));
    });
  } else if (!call.options.has('a')) mounts = mounts.filter((one) => one.sizeBytes > 0);
  const human = call.options.has('h');
  const inodes = call.options.has('i');
  yield* call.out.line(`Filesystem           ${inodes ? '   Inodes' : human ? '     Size' : '1K-blocks'}      Used Available Use% Mounted on`);
  for (const { source, target, sizeBytes, usedBytes, filesMax, files } of mounts) {
    const [size, used] = inodes ? [filesMax, files] : [Math.ceil(sizeBytes / 1024), Math.ceil(usedBytes / 1024)];
    const percent = size === 0 ? 0 : Math.ceil((used * 100) / size);
    const cells = [size, used, size - used].map((one) => (inodes ? String(one) : sizeText(call, one)).padStart(9)).join(' ');
    yield* call.out.line(`${source.length > 20 ? `${source}\n${' '.repeat(20)}` : source.padEnd(20)} ${cells} ${`${percent}%`.padStart(4)} ${target}`);
  }
  return 0;
});

export const mount = applet({ usage: '[OPTIONS] [-o OPTS] DEVICE NODE', short: 'at:o:rw', long: { bind: 'b' } }, function* (call) {
  const target = call.operands.at(-1);
  if (target !== undefined) {
    if (holds(call.process, 'SYS_ADMIN')) throw new Failure(`${target}: to mount something is not simulated`, call.flavour === 'gnu' ? 32 : 1);
    if (call.flavour === 'busybox') throw new Failure('permission denied (are you root?)');
    throw call.process.uid === 0 ? new Failure(`${target}: permission denied.`, 32) : new Failure(`${target}: must be superuser to use mount.`);
  }
  for (const one of call.process.system.fs.mounts()) yield* call.out.line(`${one.source} on ${one.target} type ${one.type} (${one.options})`);
  return 0;
});
