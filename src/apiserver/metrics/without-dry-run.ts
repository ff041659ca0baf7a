import type { MetricFamily, Sample } from '../../env/index.ts';

/** The same family for requests of both sorts together: what was counted apart by the label `dry_run` is added up. */
export function withoutDryRun(family: MetricFamily): MetricFamily {
  return { ...family, samples: async () => addedUp(await family.samples()) };
}

function addedUp(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>();
  for (const { labels, value, suffix } of samples) {
    const { dry_run: _, ...rest } = labels;
    const key = `${suffix} ${JSON.stringify(rest)}`;
    sums.set(key, { labels: rest, value: value + (sums.get(key)?.value ?? 0), ...(suffix ? { suffix } : {}) });
  }
  return [...sums.values()];
}
