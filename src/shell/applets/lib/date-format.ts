const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

const two = (value: number, fill = '0') => String(value).padStart(2, fill);

/** strftime in UTC: a container without a zone file has no other. `ms` since the Unix epoch. */
export function formatDate(format: string, ms: number): string {
  const date = new Date(ms);
  return format.replace(/%([-_0^]?)([a-zA-Z%])/g, (whole, flag: string, letter: string) => {
    const value = field(letter, date, ms);
    if (value === undefined) return whole;
    if (flag === '-') return value.replace(/^[0 ]+(?=.)/, '');
    if (flag === '_') return value.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length));
    return flag === '^' ? value.toUpperCase() : value;
  });
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  const thursday = new Date(day + (4 - (date.getUTCDay() || 7)) * 86_400_000);
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / 604_800_000) + 1 };
}

function field(letter: string, date: Date, ms: number): string | undefined {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const [hour, minute, second] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  const hour12 = hour % 12 || 12;
  const dayOfYear = Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
  const fields: Readonly<Record<string, () => string>> = {
    '%': () => '%',
    a: () => (days[date.getUTCDay()] as string).slice(0, 3),
    A: () => days[date.getUTCDay()] as string,
    b: () => (months[month] as string).slice(0, 3),
    h: () => (months[month] as string).slice(0, 3),
    B: () => months[month] as string,
    c: () => formatDate('%a %b %e %H:%M:%S %Y', ms),
    C: () => two(Math.floor(year / 100)),
    d: () => two(day),
    D: () => formatDate('%m/%d/%y', ms),
    e: () => two(day, ' '),
    F: () => formatDate('%Y-%m-%d', ms),
    H: () => two(hour),
    I: () => two(hour12),
    j: () => String(dayOfYear).padStart(3, '0'),
    k: () => two(hour, ' '),
    l: () => two(hour12, ' '),
    m: () => two(month + 1),
    M: () => two(minute),
    n: () => '\n',
    N: () =>
      String(ms % 1000)
        .padStart(3, '0')
        .padEnd(9, '0'),
    p: () => (hour < 12 ? 'AM' : 'PM'),
    r: () => formatDate('%I:%M:%S %p', ms),
    R: () => formatDate('%H:%M', ms),
    s: () => String(Math.floor(ms / 1000)),
    S: () => two(second),
    t: () => '\t',
    T: () => formatDate('%H:%M:%S', ms),
    u: () => String(date.getUTCDay() || 7),
    U: () => two(Math.floor((dayOfYear + 6 - date.getUTCDay()) / 7)),
    W: () => two(Math.floor((dayOfYear + 6 - ((date.getUTCDay() + 6) % 7)) / 7)),
    V: () => two(isoWeek(date).week),
    G: () => String(isoWeek(date).year),
    g: () => two(isoWeek(date).year % 100),
    w: () => String(date.getUTCDay()),
    x: () => formatDate('%m/%d/%y', ms),
    X: () => formatDate('%H:%M:%S', ms),
    y: () => two(year % 100),
    Y: () => String(year),
    z: () => '+0000',
    Z: () => 'UTC',
  };
  return fields[letter]?.();
}
