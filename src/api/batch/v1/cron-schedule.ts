interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: Readonly<Record<string, number>>;
}

const numbered = (names: string, first: number): Record<string, number> => Object.fromEntries(names.split(' ').map((name, i) => [name, i + first]));

/** Minute, hour, day of month, month, day of week. */
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: numbered('jan feb mar apr may jun jul aug sep oct nov dec', 1) },
  { min: 0, max: 6, names: numbered('sun mon tue wed thu fri sat', 0) },
];
const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

class ScheduleError extends Error {}

/** What is wrong with a schedule, in the words of upstream's parser (github.com/robfig/cron v3, standard form); undefined if nothing is. */
export function findScheduleError(text: string): string | undefined {
  if (text === '') return 'empty spec string';
  const schedule = text.startsWith('TZ=') || text.startsWith('CRON_TZ=') ? text.slice(text.indexOf(' ') + 1).trim() : text;
  if (schedule.startsWith('@')) return findDescriptorError(schedule);
  const parts = schedule.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== fields.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`;
  try {
    parts.forEach((part, i) => {
      for (const range of part.split(',').filter((one) => one !== '')) checkRange(range, fields[i] as Bounds);
    });
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleError) return error.message;
    throw error;
  }
}

function findDescriptorError(text: string): string | undefined {
  if (descriptors.includes(text)) return undefined;
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const duration = text.slice('@every '.length);
  if (/^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$/.test(duration)) return undefined;
  return `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`;
}

/** `*`, `5`, `1-5`, each with `/step`. */
function checkRange(text: string, bounds: Bounds): void {
  const parts = text.split('/');
  const ends = (parts[0] as string).split('-');
  let [start, end] = [bounds.min, bounds.max];
  if (ends[0] !== '*' && ends[0] !== '?') {
    start = numberOrName(ends[0] as string, bounds);
    if (ends.length > 2) throw new ScheduleError(`too many hyphens: ${text}`);
    end = ends.length === 2 ? numberOrName(ends[1] as string, bounds) : start;
  }
  let step = 1;
  if (parts.length > 2) throw new ScheduleError(`too many slashes: ${text}`);
  if (parts.length === 2) {
    step = parseNumber(parts[1] as string);
    if (ends.length === 1) end = bounds.max;
  }
  if (start < bounds.min) throw new ScheduleError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  if (end > bounds.max) throw new ScheduleError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${text}`);
}

function numberOrName(text: string, { names }: Bounds): number {
  return names?.[text.toLowerCase()] ?? parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (value < 0) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`);
  return value;
}
