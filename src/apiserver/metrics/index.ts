export type { MetricFamily, Sample } from '../../env/index.ts';
export type { MetricsRenderer } from './renderer.ts';
export { isLongRunning, ServerMetrics } from './server-metrics.ts';
