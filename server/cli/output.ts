import picocolors from 'picocolors';
import type { CliDeps, OutputStream } from './context.ts';

/** Colours for one stream: only on a terminal, and never where NO_COLOR is set. */
export function coloursFor(stream: OutputStream, env: CliDeps['env']) {
  return picocolors.createColors(Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb');
}

/** Lines with their first column padded, as kubectl's are. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([first]) => first.length)) + 2;
  return rows.map(([first, second]) => `${first.padEnd(width)}${second}\n`).join('');
}

export function printJson(stream: OutputStream, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}
