/** One number of a family, with what it is about. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** `_bucket`, `_sum`, `_count`: the parts of a histogram. */
  readonly suffix?: string;
}

/** What one name stands for at `/metrics`. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Read when somebody looks; not kept. */
  samples(): readonly Sample[] | Promise<readonly Sample[]>;
}

/** Writes families as text, together with what the process says of itself. Whoever serves the API brings one. */
export type MetricsRenderer = (families: readonly MetricFamily[]) => Promise<{ readonly contentType: string; readonly text: string }>;
