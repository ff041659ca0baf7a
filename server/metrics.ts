import type { MetricFamily, Sample } from '../src/apiserver/index.ts';

/**
 * What prom-client tells of the process at `/metrics` (process_*, nodejs_*). The library is loaded when somebody first asks, since most
 * clusters are never scraped.
 */
export function createProcessMetrics(): () => Promise<readonly MetricFamily[]> {
  let loading: Promise<import('prom-client').Registry> | undefined;
  return async () => {
    const registry = await (loading ??= loadRegistry());
    const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly ForeignMetric[];
    return metrics.map((metric) => ({ name: metric.name, help: metric.help, type: metric.type, samples: () => samplesOf(metric) }));
  };
}

/** As prom-client tells of a metric: a histogram is many values, with the bounds among the labels. */
interface ForeignMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricFamily['type'];
  readonly values: readonly { readonly labels: Readonly<Record<string, string | number>>; readonly value: number; readonly metricName?: string }[];
}

type PromClient = typeof import('prom-client');

/** A CommonJS module: in a bundle all that it exports is its default export. */
async function loadRegistry(): Promise<import('prom-client').Registry> {
  const loaded: PromClient & { default?: PromClient } = await import('prom-client');
  const { Registry, collectDefaultMetrics } = loaded.default ?? loaded;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

function samplesOf({ name, type, values }: ForeignMetric): readonly Sample[] {
  if (type !== 'histogram') return values.map(({ labels, value }) => ({ labels: texts(labels), value }));
  const made = new Map<string, { labels: Record<string, string>; bounds: number[]; counts: number[]; sum: number; value: number }>();
  for (const { labels, value, metricName } of values) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    const one = made.get(key) ?? { labels: texts(rest), bounds: [], counts: [], sum: 0, value: 0 };
    made.set(key, one);
    if (metricName === `${name}_sum`) one.sum = value;
    else if (metricName === `${name}_count`) one.value = value;
    else if (le !== '+Inf') {
      one.bounds.push(Number(le));
      one.counts.push(value);
    }
  }
  return [...made.values()].map(({ labels, bounds, counts, sum, value }) => {
    const buckets = counts.map((count, index) => count - (counts[index - 1] ?? 0));
    return { labels, value, histogram: { bounds, buckets, sum } };
  });
}

function texts(labels: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
