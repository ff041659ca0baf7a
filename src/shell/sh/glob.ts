import { HeldMemory } from '../kernel/held-memory.ts';
import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { hasPattern, patternOf, unquotePattern } from './pattern.ts';
import type { Shell } from './shell.ts';

/** What a name takes besides its text. */
const pathBytes = 64;

/** File names that match, sorted; `text` itself if none does. */
export function* glob(shell: Shell, pattern: string, text: string): Syscall<string[]> {
  const absolute = pattern.startsWith('/');
  let found = [absolute ? '/' : ''];
  // Each `*` of a pattern like /*/../*/../* multiplies the names.
  const memory = new HeldMemory(shell.process);
  let [bytes, held] = [0, 0];
  const parts = pattern.split('/').filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const next: string[] = [];
    for (const prefix of found) {
      yield* shell.process.step();
      for (const path of matchesIn(shell, prefix, part)) {
        next.push(isLast && !pattern.endsWith('/') ? path : `${path}/`);
        bytes += path.length + pathBytes;
      }
      memory.add(bytes - held);
      held = bytes;
    }
    found = next;
  }
  const { fs } = shell.process.system;
  memory.add(-held);
  const existing: string[] = [];
  for (const path of found) {
    yield* shell.process.step();
    if (path.endsWith('/') ? isDirectory(shell, path) : exists(path)) existing.push(path);
  }
  return existing.length > 0 ? existing.sort() : [text];

  function exists(path: string): boolean {
    try {
      fs.lstat(path, shell.process.cwd);
      return true;
    } catch {
      return false;
    }
  }
}

function matchesIn(shell: Shell, prefix: string, part: string): string[] {
  if (!hasPattern(part)) return [`${prefix}${unquotePattern(part)}`];
  const pattern = patternOf(part);
  const { fs } = shell.process.system;
  try {
    const listed = fs.readdir(prefix || '.', shell.process.cwd);
    // Hidden names match only patterns that begin with a dot; bash leaves `.` and `..` out.
    const names = part.startsWith('.') && shell.flavour !== 'bash' ? ['.', '..', ...listed] : listed;
    return names.filter((name) => (name.startsWith('.') ? part.startsWith('.') : true) && pattern.matches(name)).map((name) => `${prefix}${name}`);
  } catch (error) {
    if (error instanceof SystemError) return [];
    throw error;
  }
}

function isDirectory(shell: Shell, path: string): boolean {
  try {
    return shell.process.system.fs.stat(path, shell.process.cwd).type === 'directory';
  } catch {
    return false;
  }
}
