/** One number of a family, with what it is about. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram, how much it has counted altogether. */
  readonly value: number;
  readonly histogram?: HistogramValue;
}

export interface HistogramValue {
  /** Upper bounds, ascending; infinity is not among them. */
  readonly bounds: readonly number[];
  /** What lies between the bound before and this one, not added up. */
  readonly buckets: readonly number[];
  readonly sum: number;
}

/** What one name stands for at `/metrics`. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Read when somebody looks; not kept. */
  samples(): readonly Sample[] | Promise<readonly Sample[]>;
}

/** Between the values of labels in a key; no label holds it. */
const separator = '\u0001';

/** A family of numbers by label values. Counting costs one look-up by a joined key. */
export class Counters {
  readonly #values = new Map<string, { value: number }>();

  constructor(
    readonly name: string,
    readonly help: string,
    /** In the order in which `add` gets their values. */
    readonly labels: readonly string[],
    readonly type: 'counter' | 'gauge' = 'counter',
  ) {}

  add(amount: number, ...values: readonly string[]): void {
    this.#box(values).value += amount;
  }

  /** For who counts the same labels again and again: saves the look-up. */
  adder(...values: readonly string[]): (amount: number) => void {
    const box = this.#box(values);
    return (amount) => {
      box.value += amount;
    };
  }

  set(value: number, ...values: readonly string[]): void {
    this.#box(values).value = value;
  }

  reset(): void {
    for (const box of this.#values.values()) box.value = 0;
  }

  family(): MetricFamily {
    return {
      name: this.name,
      help: this.help,
      type: this.type,
      // What was never counted, or not since the last reset, is not told, unless there is but one number.
      samples: () => {
        if (this.labels.length === 0) return [{ labels: {}, value: this.#box([]).value }];
        return [...this.#values]
          .filter(([, { value }]) => value !== 0 || this.type === 'gauge')
          .map(([key, { value }]) => ({ labels: labelled(this.labels, key), value }));
      },
    };
  }

  #box(values: readonly string[]): { value: number } {
    const key = keyOf(values);
    let box = this.#values.get(key);
    if (!box) this.#values.set(key, (box = { value: 0 }));
    return box;
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
    this.#add(this.#histogram(keyOf(values)), value);
  }

  /** For who observes the same labels again and again: saves the look-up. */
  observer(...values: readonly string[]): (value: number) => void {
    const histogram = this.#histogram(keyOf(values));
    return (value) => this.#add(histogram, value);
  }

  /** For who observes the same value many times at once. */
  weigher(...values: readonly string[]): (value: number, times: number) => void {
    const histogram = this.#histogram(keyOf(values));
    return (value, times) => this.#add(histogram, value, times);
  }

  #histogram(key: string): Histogram {
    let histogram = this.#histograms.get(key);
    if (!histogram) this.#histograms.set(key, (histogram = { buckets: new Array<number>(this.bounds.length).fill(0), sum: 0, count: 0 }));
    return histogram;
  }

  #add(histogram: Histogram, value: number, times = 1): void {
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at += 1;
    if (at < this.bounds.length) histogram.buckets[at] = (histogram.buckets[at] as number) + times;
    histogram.sum += value * times;
    histogram.count += times;
  }

  reset(): void {
    for (const one of this.#histograms.values()) {
      one.buckets.fill(0);
      one.sum = 0;
      one.count = 0;
    }
  }

  family(): MetricFamily {
    return {
      name: this.name,
      help: this.help,
      type: 'histogram',
      samples: () => {
        if (this.labels.length === 0) this.#histogram('');
        return [...this.#histograms].filter(([, { count }]) => count > 0 || this.labels.length === 0).map(([key, one]) => this.#sample(key, one));
      },
    };
  }

  #sample(key: string, { buckets, sum, count }: Histogram): Sample {
    return { labels: labelled(this.labels, key), value: count, histogram: { bounds: this.bounds, buckets: [...buckets], sum } };
  }
}

function keyOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : values.join(separator);
}

function labelled(names: readonly string[], key: string): Record<string, string> {
  if (names.length === 0) return {};
  const values = key.split(separator);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

/** Upper bounds that grow by a factor: 0.001, 0.002, 0.004 … Each is reckoned from the one before, as Go does: they are labels, to the last digit. */
export function exponentialBounds(first: number, factor: number, count: number): readonly number[] {
  const bounds: number[] = [];
  for (let bound = first; bounds.length < count; bound *= factor) bounds.push(bound);
  return bounds;
}

/** Upper bounds that grow by a step. */
export function linearBounds(first: number, step: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** What the components of one cluster count, by name. Whoever asks for a name that is there gets what is there. */
export class Metrics {
  readonly #all = new Map<string, Counters | Histograms>();
  readonly #read = new Map<string, MetricFamily>();

  counters(name: string, help: string, labels: readonly string[] = [], type: 'counter' | 'gauge' = 'counter'): Counters {
    const known = this.#all.get(name);
    if (known instanceof Counters) return known;
    const made = new Counters(name, help, labels, type);
    this.#all.set(name, made);
    return made;
  }

  histograms(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histograms {
    const known = this.#all.get(name);
    if (known instanceof Histograms) return known;
    const made = new Histograms(name, help, labels, bounds);
    this.#all.set(name, made);
    return made;
  }

  /** A gauge that is read when somebody looks. Several readers may share a name; where they share labels, too, their values are added up. */
  gauge(name: string, help: string, samples: MetricFamily['samples']): void {
    const before = this.#read.get(name)?.samples;
    const all = before ? async () => summed([...(await before()), ...(await samples())]) : samples;
    this.#read.set(name, { name, help, type: 'gauge', samples: all });
  }

  /** One that somebody keeps for themselves, and is read when somebody looks. */
  family(family: MetricFamily): void {
    this.#read.set(family.name, family);
  }

  families(): readonly MetricFamily[] {
    return [...[...this.#all.values()].map((one) => one.family()), ...this.#read.values()];
  }

  /** Counts begin at nothing again; gauges that are read say what is. */
  reset(): void {
    for (const one of this.#all.values()) if (!(one instanceof Counters && one.type === 'gauge')) one.reset();
  }
}

function summed(samples: readonly Sample[]): Sample[] {
  const byLabels = new Map<string, Sample>();
  for (const one of samples) {
    const key = JSON.stringify(one.labels);
    byLabels.set(key, { ...one, value: one.value + (byLabels.get(key)?.value ?? 0) });
  }
  return [...byLabels.values()];
}
