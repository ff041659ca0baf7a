export type { MetricFamily, Sample } from '../../env/index.ts';
export type { MetricsRenderer } from './renderer.ts';
export type { MeteredRequest } from './server-metrics.ts';
export { isLongRunning, ServerMetrics } from './server-metrics.ts';
