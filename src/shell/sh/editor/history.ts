import type { Filesystem } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';

/** Lines that a shell remembers at most (busybox' and bash's defaults are of this order). */
const historyMax = 500;

/** What was typed before, oldest first; kept in a file as far as the container's file system lets it. */
export class History {
  readonly lines: string[] = [];
  /** What was cut last, which ^Y brings back. */
  killed = '';

  constructor(
    readonly fs: Filesystem,
    readonly file: string | undefined,
  ) {
    if (!file) return;
    try {
      this.lines.push(...fs.readText(file).split('\n').filter(Boolean).slice(-historyMax));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  /** Remembers a line unless it is empty or that of before. */
  add(line: string): boolean {
    if (line === '' || this.lines.at(-1) === line) return false;
    this.lines.push(line);
    if (this.lines.length > historyMax) this.lines.shift();
    return true;
  }

  /** Adds lines to the file; a read-only file system is nothing to complain about. */
  save(lines: readonly string[]): void {
    if (!this.file || lines.length === 0) return;
    try {
      this.fs.writeFile(this.file, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, append: true });
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }
}
