/**
 * A tutorial is a page of Markdown whose ```console blocks a reader types. A block's lines that begin with `$ ` are commands, the others what
 * they print. A block marked ```console terminal-2 belongs to a second terminal: the first of two starts its command there, the next shows it
 * once more with all that it has printed since.
 */
export interface Block {
  readonly secondTerminal: boolean;
  /** What stands between the fences, without the last line break. */
  readonly text: string;
}

const blocks = /^```console( terminal-2)?\n(.*?)\n```$/gms;
const separator = (index: number): string => `# block ${index}`;

/** The blocks of a page, in order. */
export function consoleBlocks(page: string): Block[] {
  return [...page.matchAll(blocks)].map(([, mark, text = '']) => ({ secondTerminal: mark !== undefined, text }));
}

/** The blocks as a transcript (see transcript.ts); a remark stands before each, so that its output can be told apart. */
export function asTranscript(all: readonly Block[]): string {
  let watching = false;
  const lines: string[] = [];
  for (const [index, { secondTerminal, text }] of all.entries()) {
    const commands = text.split('\n').filter((line) => line.startsWith('$ '));
    lines.push(separator(index));
    if (!secondTerminal) lines.push(...commands);
    else if (watching) lines.push('@ stop');
    else lines.push(`${commands[0]} &`);
    watching = secondTerminal ? !watching : watching;
  }
  if (watching) throw new Error('the command in the second terminal is never shown with what it has printed');
  return `${lines.join('\n')}\n`;
}

/** What each block should hold, by the transcript of a run. Exit codes are left out, since a terminal does not show them. */
export function recordedBlocks(all: readonly Block[], transcript: string): string[] {
  const lines = transcript.trimEnd().split('\n');
  const starts = all.map((_block, index) => lines.indexOf(separator(index)));
  let watched = '';
  return all.map(({ secondTerminal }, index) => {
    const own = lines.slice((starts[index] ?? 0) + 1, starts[index + 1]).filter((line) => !/^\[exit code \d+\]$/.test(line));
    if (!secondTerminal) return own.join('\n');
    if (own[0] !== '@ stop') {
      watched = (own[0] ?? '').replace(/ &$/, '');
      return watched;
    }
    return [watched, ...own.slice(1)].join('\n');
  });
}

/** The page with other texts in its blocks. */
export function withBlocks(page: string, texts: readonly string[]): string {
  let index = 0;
  return page.replace(blocks, (_block, mark: string | undefined) => `\`\`\`console${mark ?? ''}\n${texts[index++]}\n\`\`\``);
}
