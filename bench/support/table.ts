import type { Row } from './measure.ts';

const header = ['FIGURE', 'MEASURED', 'GOAL', 'UNIT', 'CPU MS/OP', 'P50 MS', 'P99 MS'];
const leftAligned = new Set([0, 3]);

/** The rows as a table for people; what a row does not have stays empty. */
export function formatRows(rows: readonly Row[]): string {
  const lines = [header, ...rows.map(cellsOf)];
  const widths = header.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return leftAligned.has(column) ? cell.padEnd(width) : cell.padStart(width);
  };
  return lines.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
}

function cellsOf(row: Row): string[] {
  const goal = row.goal === undefined ? '' : `${row.better === 'lower' ? '<' : '>'} ${row.goal}`;
  return [row.name, digits(row.value), goal, row.unit, digits(row.cpuMs), digits(row.p50), digits(row.p99)];
}

/** Three significant digits: more would be noise. */
function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(value >= 1 ? 2 : 3);
}
