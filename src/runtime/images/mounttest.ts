import type { FileStat, Process, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';

const newFileModes: Readonly<Record<string, number>> = { new_file_0644: 0o644, new_file_0660: 0o660, new_file_0666: 0o666, new_file_0777: 0o777 };
const known = ['fs_type', 'file_mode', 'file_perm', 'file_owner', 'file_content', 'file_content_in_loop', 'break_on_expected_content', 'retry_time'];

/** agnhost mounttest: tells of mounted files by flags, in the order of upstream's checks. */
export function* mounttest(process: Process, args: readonly string[]): Syscall<number> {
  const flags = new Map<string, string>();
  for (const [index, arg] of args.entries()) {
    const match = /^--?(\w+)(?:=(.*))?$/s.exec(arg);
    if (!match) continue;
    const name = match[1] as string;
    if (!known.includes(name) && newFileModes[name] === undefined) {
      yield* process.write(2, `Error: unknown flag: --${name}\n`);
      return 1;
    }
    flags.set(name, match[2] ?? args[index + 1] ?? '');
  }
  const { fs } = process.system;
  const print = (text: string) => process.write(1, `${text}\n`);
  let failed = false;
  const each = function* (name: string, show: (path: string) => Syscall<void>): Syscall<void> {
    const path = flags.get(name);
    if (!path) return;
    try {
      yield* show(path);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      failed = true;
      yield* print(`error with ${name} of "${path}": ${error.message}`);
    }
  };
  for (const [name, mode] of Object.entries(newFileModes)) {
    yield* each(name, function* (path) {
      fs.writeFile(path, 'mount-tester new file\n', { mode });
      fs.chmod(path, mode);
      yield* print(`perms of file "${path}": ${permissionText(fs.lstat(path), false)}`);
    });
  }
  yield* each('fs_type', function* (path) {
    const mount = fs.mounts().find((one) => one.target === path);
    yield* print(`mount type of "${path}": ${mount?.type ?? fs.mounts()[0]?.type ?? 'unknown'}`);
  });
  yield* each('file_mode', function* (path) {
    yield* print(`mode of file "${path}": ${permissionText(fs.lstat(path), true)}`);
  });
  yield* each('file_perm', function* (path) {
    yield* print(`perms of file "${path}": ${permissionText(fs.lstat(path), false)}`);
  });
  yield* each('file_owner', function* (path) {
    const stat = fs.lstat(path);
    yield* print(`owner UID of "${path}": ${stat.uid}\nowner GID of "${path}": ${stat.gid}`);
  });
  yield* each('file_content', function* (path) {
    yield* print(`content of file "${path}": ${fs.readText(path)}`);
  });
  const loop = flags.get('file_content_in_loop');
  const until = process.system.now() + Number(flags.get('retry_time') ?? 180) * 1000;
  while (loop && process.system.now() < until) {
    yield* each('file_content_in_loop', function* (path) {
      yield* print(`content of file "${path}": ${fs.readText(path)}`);
    });
    yield* process.sleep(1000);
  }
  return failed ? 1 : 0;
}

/** A mode as Go's os.FileMode prints it. */
function permissionText(stat: FileStat, withType: boolean): string {
  const bits = [...'rwxrwxrwx'].map((letter, i) => (stat.mode & (0o400 >> i) ? letter : '-')).join('');
  const kind = !withType ? '-' : stat.type === 'directory' ? (stat.mode & 0o1000 ? 'dt' : 'd') : stat.type === 'symlink' ? 'L' : '-';
  return kind + bits;
}
