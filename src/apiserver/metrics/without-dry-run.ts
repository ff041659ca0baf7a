import type { HistogramValue, MetricFamily, Sample } from '../../env/index.ts';

/** The same family for requests of both sorts together: what was counted apart by the label `dry_run` is added up. */
export function withoutDryRun(family: MetricFamily): MetricFamily {
  return { ...family, samples: async () => addedUp(await family.samples()) };
}

/** The same histograms without their lowest bounds. */
export function fromBound(lowest: number, family: MetricFamily): MetricFamily {
  return { ...family, samples: async () => (await family.samples()).map((one) => (one.histogram ? { ...one, histogram: cut(one.histogram, lowest) } : one)) };
}

function cut({ bounds, buckets, sum }: HistogramValue, lowest: number): HistogramValue {
  const first = bounds.findIndex((bound) => bound >= lowest);
  const below = buckets.slice(0, first + 1).reduce((all, one) => all + one, 0);
  return { bounds: bounds.slice(first), buckets: [below, ...buckets.slice(first + 1)], sum };
}

function addedUp(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>();
  for (const { labels, value, histogram } of samples) {
    const { dry_run: _, ...rest } = labels;
    const key = JSON.stringify(rest);
    const before = sums.get(key);
    sums.set(key, { labels: rest, value: value + (before?.value ?? 0), ...(histogram ? { histogram: together(histogram, before?.histogram) } : {}) });
  }
  return [...sums.values()];
}

function together(one: HistogramValue, other: HistogramValue | undefined): HistogramValue {
  if (!other) return one;
  return { bounds: one.bounds, buckets: one.buckets.map((count, index) => count + (other.buckets[index] as number)), sum: one.sum + other.sum };
}
