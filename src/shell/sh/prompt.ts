import type { Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { expandText } from './expand.ts';
import { parseText } from './parser.ts';
import type { Shell } from './shell.ts';
import { ShellFailure } from './shell.ts';
import { SyntaxProblem } from './syntax.ts';

/** PS1 or PS2 as it is shown: busybox and bash know `\w` and its like, and all of them expand parameters and commands. */
export function* promptText(shell: Shell, text: string): Syscall<string> {
  return yield* expandQuietly(shell, shell.flavour === 'dash' ? text : withEscapes(shell, text));
}

/** PS4, which stands before each line of `set -x`. */
export function* tracePrefix(shell: Shell): Syscall<string> {
  const text = shell.get('PS4') ?? '+ ';
  if (!/[$`\\]/.test(text)) return text;
  return yield* expandQuietly(shell, shell.flavour === 'bash' ? withEscapes(shell, text) : text);
}

/** Expands as inside double quotes; what is no valid text stays as it is. Neither `$?` nor a trace notices. */
function* expandQuietly(shell: Shell, text: string): Syscall<string> {
  if (!/[$`\\]/.test(text)) return text;
  const { status, options, substitutionStatus } = shell;
  shell.options = new Set([...options].filter((option) => option !== 'x' && option !== 'u' && option !== 'e'));
  try {
    return yield* expandText(shell, parseText(text));
  } catch (error) {
    if (!(error instanceof SyntaxProblem || error instanceof ShellFailure || error instanceof SystemError)) throw error;
    return text;
  } finally {
    shell.options = options;
    shell.status = status;
    shell.substitutionStatus = substitutionStatus;
  }
}

function withEscapes(shell: Shell, text: string): string {
  const { cwd, uid, system } = shell.process;
  const home = shell.get('HOME') ?? '';
  const shown = home.length > 1 && (cwd === home || cwd.startsWith(`${home}/`)) ? `~${cwd.slice(home.length)}` : cwd;
  const now = new Date(system.now()).toISOString();
  const values: Readonly<Record<string, string>> = {
    w: shown,
    W: shown === '~' ? '~' : cwd.split('/').at(-1) || '/',
    h: system.hostname.split('.')[0] ?? '',
    H: system.hostname,
    u: shell.get('USER') ?? userName(shell),
    s: shell.name.slice(shell.name.lastIndexOf('/') + 1),
    v: '5.2',
    V: '5.2.15',
    t: now.slice(11, 19),
    A: now.slice(11, 16),
    j: String(shell.jobs.length),
    $: uid === 0 ? '#' : '$',
    n: '\n',
    r: '\r',
    a: '\x07',
    e: '\x1b',
    '\\': '\\',
    '[': '',
    ']': '',
  };
  return text.replaceAll(/\\(?:([0-7]{1,3})|([\s\S]))/g, (whole, octal: string | undefined, letter: string) => {
    const value = octal !== undefined ? String.fromCharCode(Number.parseInt(octal, 8)) : Object.hasOwn(values, letter) ? values[letter] : undefined;
    return value === undefined ? whole : value.replaceAll(/[\\$`]/g, '\\$&');
  });
}

function userName(shell: Shell): string {
  try {
    const line = shell.process.system.fs
      .readText('/etc/passwd')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(shell.process.uid));
    return line?.split(':')[0] ?? 'I have no name!';
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return 'I have no name!';
  }
}
