import type { MetricFamily } from '../../env/index.ts';

/** Writes families as text, `alone` or with what the process says of itself. Whoever serves the API brings one. */
export type MetricsRenderer = (
  families: readonly MetricFamily[],
  options?: { readonly alone?: boolean },
) => Promise<{ readonly contentType: string; readonly text: string }>;
