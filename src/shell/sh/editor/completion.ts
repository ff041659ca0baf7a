import { SystemError } from '../../kernel/types.ts';
import type { Shell } from '../shell.ts';

export interface Completion {
  /** Where the word begins that is to be completed. */
  readonly start: number;
  /** Whole words, sorted; folders end with a slash. */
  readonly matches: readonly string[];
}

/** What a word before the cursor could become: commands where one is expected, files otherwise. */
export function completionsOf(shell: Shell, line: string, names: readonly string[]): Completion {
  const start = wordStart(line);
  const word = line.slice(start).replaceAll(/\\([\s\S])/g, '$1');
  const before = line.slice(0, start).trimEnd();
  const isCommand = (before === '' || /[;|&(`]$|(?:^|\s)(?:if|then|else|elif|do|while|until|!|\{)$/.test(before)) && !word.includes('/');
  const matches = isCommand ? commands(shell, word, names) : files(shell, word);
  return { start, matches: [...new Set(matches)].sort() };
}

/** Makes a name into a word that the shell reads as it is. */
export function quoteWord(word: string): string {
  return word.replaceAll(/[\s\\'"$`&|;<>()*?[\]#!{}]/g, '\\$&');
}

function wordStart(line: string): number {
  let start = 0;
  for (let i = 0; i < line.length; i += 1) {
    if (line[i] === '\\') i += 1;
    else if (/[\s;|&<>()`=]/.test(line[i] as string)) start = i + 1;
  }
  return Math.min(start, line.length);
}

function commands(shell: Shell, word: string, names: readonly string[]): string[] {
  const found = names.filter((name) => name.startsWith(word));
  for (const name of shell.functions.keys()) if (name.startsWith(word)) found.push(name);
  for (const name of shell.aliases.keys()) if (name.startsWith(word)) found.push(name);
  const { fs } = shell.process.system;
  for (const folder of (shell.get('PATH') ?? '').split(':')) {
    for (const name of list(shell, folder || '.')) {
      if (!name.startsWith(word)) continue;
      try {
        const stat = fs.stat(`${folder || '.'}/${name}`, shell.process.cwd);
        if (stat.type === 'file' && (stat.mode & 0o111) !== 0) found.push(name);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
      }
    }
  }
  return found;
}

function files(shell: Shell, word: string): string[] {
  const slash = word.lastIndexOf('/') + 1;
  const shown = word.slice(0, slash);
  const name = word.slice(slash);
  const folder = shown.replace(/^~(?=\/)/, shell.get('HOME') ?? '~') || '.';
  const { fs } = shell.process.system;
  return list(shell, folder)
    .filter((entry) => entry.startsWith(name) && (name.startsWith('.') || !entry.startsWith('.')))
    .map((entry) => {
      let isFolder = false;
      try {
        isFolder = fs.stat(`${folder}/${entry}`, shell.process.cwd).type === 'directory';
      } catch (error) {
        if (!(error instanceof SystemError)) throw error; // A link that leads nowhere.
      }
      return `${shown}${entry}${isFolder ? '/' : ''}`;
    });
}

function list(shell: Shell, folder: string): readonly string[] {
  try {
    return shell.process.system.fs.readdir(folder, shell.process.cwd);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return [];
  }
}
