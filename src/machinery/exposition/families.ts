import type { MetricFamily, Sample } from '../../env/index.ts';

/** A family to be written. */
export interface Exposed {
  readonly name: string;
  readonly help: string;
  readonly type: MetricFamily['type'];
  readonly samples: readonly ExposedSample[];
}

/** With a time where the sample is of one (simulated ms since the epoch). */
export type ExposedSample = Sample & { readonly timeMs?: number };

/** A sample with its labels in the order in which they are written. */
export interface Series {
  readonly sample: ExposedSample;
  readonly labels: readonly (readonly [string, string])[];
}

/** What families say now. */
export function exposed(families: readonly MetricFamily[]): Promise<readonly Exposed[]> {
  return Promise.all(families.map(async ({ name, help, type, samples }) => ({ name, help, type, samples: await samples() })));
}

/** In the order in which they are written: by name. Those without samples are not told of. */
export function inOrder(families: readonly Exposed[]): readonly Exposed[] {
  return families.filter(({ samples }) => samples.length > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The series of a family in the order in which they are written: by the values of their labels, and these by their names. */
export function seriesOf({ samples }: Exposed): readonly Series[] {
  if (samples.length === 1) return [series(samples[0] as ExposedSample)];
  const keyed = samples.map((sample) => {
    const one = series(sample);
    return { one, key: one.labels.map(([, value]) => value).join('\u0000') };
  });
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ one }) => one);
}

function series(sample: ExposedSample): Series {
  const names = Object.keys(sample.labels).sort();
  return { sample, labels: names.map((name) => [name, sample.labels[name] as string] as const) };
}
