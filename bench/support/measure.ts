/** One figure of a benchmark run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** What the figure should reach, where somebody has said so. */
  readonly goal?: number | undefined;
  /** Processor time of the server per operation, in milliseconds: steadier than anything measured by the wall clock. */
  readonly cpuMs?: number | undefined;
  /** Latencies in milliseconds. */
  readonly p50?: number | undefined;
  readonly p99?: number | undefined;
  readonly all?: readonly number[] | undefined;
}

export interface Question {
  readonly name: string;
  readonly about: string;
  run(options: { readonly quick: boolean }): Promise<Row[]>;
}

type Extra = Partial<Omit<Row, 'name' | 'value' | 'unit' | 'better'>>;

export function lower(name: string, value: number, unit: string, extra: Extra = {}): Row {
  return { name, value, unit, better: 'lower', ...extra };
}

export function higher(name: string, value: number, unit: string, extra: Extra = {}): Row {
  return { name, value, unit, better: 'higher', ...extra };
}

/** The value below which the share `q` (0 to 1) of the values lies; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function latencies(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}

/** Milliseconds that `work` takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
