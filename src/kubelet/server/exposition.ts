import type { MetricFamily, Sample } from '../../env/index.ts';

/** A family to be written, with a time for its samples where they are of one (simulated ms since the epoch). */
export interface Exposed {
  readonly name: string;
  readonly help: string;
  readonly type: MetricFamily['type'];
  readonly samples: readonly (Sample & { readonly timeMs?: number })[];
}

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Prometheus' text format: families and labels by name; those without samples are not told of. */
export function expose(families: readonly Exposed[]): string {
  return [...families]
    .filter(({ samples }) => samples.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, help, type, samples }) => `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${samples.map((one) => line(name, one)).join('')}`)
    .join('');
}

function line(name: string, { labels, value, suffix = '', timeMs }: Exposed['samples'][number]): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${key}="${escapeLabel(labels[key] as string)}"`);
  return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${formatValue(value)}${timeMs === undefined ? '' : ` ${Math.round(timeMs)}`}\n`;
}

/** As Go writes a float in its shortest form: with an exponent below 0.0001 and from a million on. */
function formatValue(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');
