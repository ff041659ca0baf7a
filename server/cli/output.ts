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

/** Rows with every column but the last padded, as kubectl's are. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)) + 3);
  return rows.map((row) => `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('')}\n`).join('');
}

export function printJson(stream: OutputStream, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}
