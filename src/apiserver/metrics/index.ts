export type { MetricFamily, MetricsRenderer, Sample } from './family.ts';
export { isLongRunning, ServerMetrics } from './server-metrics.ts';
