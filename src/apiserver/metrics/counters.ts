import type { MetricFamily, Sample } from './family.ts';

/** Between the values of labels in a key; no label holds it. */
const separator = '\u0001';

/** A family of numbers by label values. Counting costs one look-up by a joined key. */
export class Counters {
  readonly #values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
    /** In the order in which `add` gets their values. */
    readonly labels: readonly string[],
    readonly type: 'counter' | 'gauge' = 'counter',
  ) {}

  add(amount: number, ...values: readonly string[]): void {
    const key = values.length === 1 ? (values[0] as string) : values.join(separator);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  family(): MetricFamily {
    return {
      name: this.name,
      help: this.help,
      type: this.type,
      samples: () => [...this.#values].map(([key, value]) => ({ labels: labelled(this.labels, key), value })),
    };
  }
}

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** A family of histograms by label values. */
export class Histograms {
  readonly #histograms = new Map<string, Histogram>();

  constructor(
    readonly name: string,
    readonly help: string,
    readonly labels: readonly string[],
    /** Upper bounds, ascending; the last one, infinity, is added. */
    readonly bounds: readonly number[],
  ) {}

  observe(value: number, ...values: readonly string[]): void {
    const key = values.join(separator);
    let histogram = this.#histograms.get(key);
    if (!histogram) this.#histograms.set(key, (histogram = { buckets: new Array<number>(this.bounds.length).fill(0), sum: 0, count: 0 }));
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at += 1;
    if (at < this.bounds.length) histogram.buckets[at] = (histogram.buckets[at] as number) + 1;
    histogram.sum += value;
    histogram.count += 1;
  }

  family(): MetricFamily {
    return {
      name: this.name,
      help: this.help,
      type: 'histogram',
      samples: () => [...this.#histograms].flatMap(([key, one]) => this.#samples(labelled(this.labels, key), one)),
    };
  }

  #samples(labels: Readonly<Record<string, string>>, { buckets, sum, count }: Histogram): Sample[] {
    let below = 0;
    const bounded = buckets.map((inside, index) => {
      below += inside;
      return { labels: { ...labels, le: String(this.bounds[index]) }, value: below, suffix: '_bucket' };
    });
    return [
      ...bounded,
      { labels: { ...labels, le: '+Inf' }, value: count, suffix: '_bucket' },
      { labels, value: sum, suffix: '_sum' },
      { labels, value: count, suffix: '_count' },
    ];
  }
}

function labelled(names: readonly string[], key: string): Record<string, string> {
  const values = key.split(separator);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
