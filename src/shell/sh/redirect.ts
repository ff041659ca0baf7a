import type { Syscall } from '../kernel/types.ts';
import { errorTexts, SystemError } from '../kernel/types.ts';
import { expandText, expandWords } from './expand.ts';
import type { Shell } from './shell.ts';
import type { Redirection } from './syntax.ts';

/** A redirection that could not be made; the command is not run. */
export class RedirectionFailure extends Error {}

/** What descriptors were before; undefined for one that was closed. */
export type SavedDescriptors = { readonly fd: number; readonly saved: number | undefined }[];

/** Descriptors from here on are the shell's own and not inherited. */
const firstPrivate = 10;

/** Makes redirections in order. With `saved`, notes there how to undo them. Throws RedirectionFailure. */
export function* redirect(shell: Shell, redirections: readonly Redirection[], saved?: SavedDescriptors): Syscall<void> {
  for (const redirection of redirections) {
    const { fd } = redirection;
    if (redirection.operator === '<<') {
      place(shell, yield* hereDocument(shell, yield* expandText(shell, redirection.target)), fd, saved);
      continue;
    }
    const target = (yield* expandWords(shell, [redirection.target])).join(' ');
    if (redirection.operator === '<&' || redirection.operator === '>&') duplicate(shell, fd, target, saved);
    else place(shell, yield* shell.process.opened(openTarget(shell, redirection, target)), fd, saved);
    if (redirection.both || (redirection.operator === '>&' && !/^(?:\d+|-)$/.test(target))) duplicate(shell, 2, String(fd), saved);
  }
}

/** Puts descriptors back, last change first. */
export function restore(shell: Shell, saved: SavedDescriptors): void {
  for (const { fd, saved: before } of saved.reverse()) {
    if (before === undefined) close(shell, fd);
    else {
      shell.process.dup(before, fd);
      shell.process.close(before);
    }
  }
}

function noClobberText(shell: Shell, path: string): string {
  if (shell.flavour === 'bash') return `${path}: cannot overwrite existing file`;
  return shell.flavour === 'ash' ? `can't create ${path}: File exists` : `cannot create ${path}: File exists`;
}

function openTarget(shell: Shell, { operator }: Redirection, path: string): number {
  const noClobber = operator === '>' && shell.options.has('C') && isRegular(shell, path);
  if (noClobber) throw new RedirectionFailure(noClobberText(shell, path));
  const flags = {
    '<': { read: true },
    '>': { write: true, create: true, truncate: true },
    '>|': { write: true, create: true, truncate: true },
    '>>': { write: true, create: true, append: true },
    '<>': { read: true, write: true, create: true },
  }[operator as '<'];
  try {
    return shell.process.open(path, flags);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const verb = operator === '<' ? 'open' : 'create';
    const missing = error.code === 'ENOENT' ? (operator === '<' ? 'No such file' : 'Directory nonexistent') : errorTexts[error.code];
    if (shell.flavour === 'dash') throw new RedirectionFailure(`cannot ${verb} ${path}: ${missing}`);
    if (shell.flavour === 'bash') throw new RedirectionFailure(`${path}: ${errorTexts[error.code]}`);
    const text = error.code === 'ENOENT' ? (operator === '<' ? 'no such file' : 'nonexistent directory') : errorTexts[error.code];
    throw new RedirectionFailure(`can't ${verb} ${path}: ${text}`);
  }
}

function isRegular(shell: Shell, path: string): boolean {
  const { fs } = shell.process.system;
  return fs.exists(path, shell.process.cwd) && fs.stat(path, shell.process.cwd).type === 'file';
}

function duplicate(shell: Shell, fd: number, target: string, saved: SavedDescriptors | undefined): void {
  if (target === '-') {
    keep(shell, fd, saved);
    close(shell, fd);
    return;
  }
  const source = Number(target);
  if (!/^\d+$/.test(target)) {
    const opened = openTarget(shell, { fd, operator: '>', target: { parts: [] }, both: false }, target);
    place(shell, opened, fd, saved);
    return;
  }
  if (!shell.process.descriptors().includes(source)) throw new RedirectionFailure(`${target}: Bad file descriptor`);
  keep(shell, fd, saved);
  shell.process.dup(source, fd);
}

/** Moves an opened descriptor to its number. */
function place(shell: Shell, opened: number, fd: number, saved: SavedDescriptors | undefined): void {
  if (opened === fd) {
    saved?.push({ fd, saved: undefined });
    return;
  }
  keep(shell, fd, saved);
  shell.process.dup(opened, fd);
  shell.process.close(opened);
}

function keep(shell: Shell, fd: number, saved: SavedDescriptors | undefined): void {
  if (!saved) return;
  const open = shell.process.descriptors();
  if (!open.includes(fd)) {
    saved.push({ fd, saved: undefined });
    return;
  }
  let free = firstPrivate;
  while (open.includes(free)) free += 1;
  shell.process.dup(fd, free);
  saved.push({ fd, saved: free });
}

function close(shell: Shell, fd: number): void {
  if (shell.process.descriptors().includes(fd)) shell.process.close(fd);
}

/** What fits into a pipe is put there; more is written by a process of its own. */
function* hereDocument(shell: Shell, text: string): Syscall<number> {
  const data = new TextEncoder().encode(text);
  const [read, write] = shell.process.pipe();
  if (data.length <= 65_536) yield* shell.process.write(write, data);
  else {
    shell.process.spawn({
      argv: shell.process.argv,
      fds: new Map([[1, write]]),
      *program(writer) {
        yield* writer.write(1, data);
        return 0;
      },
    });
  }
  shell.process.close(write);
  return read;
}
