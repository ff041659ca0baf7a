export type { MetricFamily, Sample } from '../../env/index.ts';
export type { MeteredRequest } from './server-metrics.ts';
export { isLongRunning, ServerMetrics } from './server-metrics.ts';
export { writtenMetrics } from './written-metrics.ts';
