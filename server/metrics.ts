import type { MetricFamily, MetricsRenderer, Sample } from '../src/apiserver/index.ts';

/** What prom-client asks of a metric; it offers no way to set a histogram that somebody else has counted. */
interface ForeignMetric {
  readonly name: string;
  get(): Promise<{
    name: string;
    help: string;
    type: string;
    aggregator: string;
    values: { labels: Record<string, string>; value: number; metricName: string }[];
  }>;
}

/**
 * Writes `/metrics`: what the API server counts, and what prom-client tells of the process (process_*, nodejs_*).
 * The library is loaded when somebody first asks, since most clusters are never scraped.
 */
export function createMetricsRenderer(): MetricsRenderer {
  let loading: Promise<PromClient> | undefined;
  let processRegistry: import('prom-client').Registry | undefined;
  return async (families, { alone = false } = {}) => {
    const { Registry, collectDefaultMetrics } = await (loading ??= loadPromClient());
    if (!processRegistry) {
      processRegistry = new Registry();
      collectDefaultMetrics({ register: processRegistry });
    }
    const registry = new Registry();
    for (const family of families) registry.registerMetric(foreignMetric(family) as never);
    const text = await registry.metrics();
    return { contentType: `${registry.contentType}; escaping=underscores`, text: alone ? text : `${text}\n${await processRegistry.metrics()}` };
  };
}

type PromClient = typeof import('prom-client');

/** A CommonJS module: in a bundle all that it exports is its default export. */
async function loadPromClient(): Promise<PromClient> {
  const loaded: PromClient & { default?: PromClient } = await import('prom-client');
  return loaded.default ?? loaded;
}

function foreignMetric(family: MetricFamily): ForeignMetric {
  const { name, help, type } = family;
  const shown = ({ labels, value, suffix = '' }: Sample) => ({ labels: { ...labels }, value, metricName: name + suffix });
  return { name, get: async () => ({ name, help, type, aggregator: 'sum', values: (await family.samples()).map(shown) }) };
}
