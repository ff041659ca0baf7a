import type { HistogramValue } from '../../env/index.ts';
import type { Exposed, Series } from './families.ts';
import { inOrder, seriesOf } from './families.ts';

/** Prometheus' text format, version 0.0.4, as Go's client writes it (prometheus/common expfmt). */
export function textFormat(families: readonly Exposed[]): string {
  const text: string[] = [];
  for (const family of inOrder(families)) {
    const { name, help, type } = family;
    text.push(`# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`);
    for (const one of seriesOf(family)) text.push(lines(name, one));
  }
  return text.join('');
}

function lines(name: string, { sample: { value, histogram, timeMs }, labels }: Series): string {
  const pairs = labels.map(([key, text]) => `${key}="${escapeLabel(text)}"`).join(',');
  const end = `${timeMs === undefined ? '' : ` ${Math.round(timeMs)}`}\n`;
  const braced = pairs === '' ? '' : `{${pairs}}`;
  if (!histogram) return `${name}${braced} ${floatText(value)}${end}`;
  const bucket = (bound: string, count: number) => `${name}_bucket{${pairs === '' ? '' : `${pairs},`}le="${bound}"} ${floatText(count)}${end}`;
  const buckets = cumulative(histogram).map(({ bound, count }) => bucket(floatText(bound), count));
  return `${buckets.join('')}${bucket('+Inf', value)}${name}_sum${braced} ${floatText(histogram.sum)}${end}${name}_count${braced} ${floatText(value)}${end}`;
}

/** How much is at most as large as each bound. */
export function cumulative({ bounds, buckets }: HistogramValue): { readonly bound: number; readonly count: number }[] {
  let below = 0;
  return bounds.map((bound, index) => {
    below += buckets[index] as number;
    return { bound, count: below };
  });
}

/** As Go writes a float in its shortest form: with an exponent below 0.0001 and from a million on. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

const escapeHelp = (text: string): string => (/[\\\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : text);
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');
