/** One figure of a benchmark run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What DESIGN's budgets allow, where they name a figure. */
  readonly budget?: number;
  readonly all?: readonly number[];
}

export interface Question {
  readonly name: string;
  readonly about: string;
  run(options: { quick: boolean }): Promise<Row[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Runs `work` `count` times with so many at once; returns operations per second. */
export async function rate(count: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const began = performance.now();
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (count * 1000) / (performance.now() - began);
}

export function formatRows(rows: readonly Row[]): string {
  const cells = [
    ['FIGURE', 'MEASURED', 'BUDGET', 'UNIT'],
    ...rows.map((row) => [row.name, round(row.value), row.budget === undefined ? '' : String(row.budget), row.unit]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => (row[column] as string).length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === 1 || column === 2 ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
