/** RFC 3339 with whole seconds, as metav1.Time is written: `2026-11-20T12:00:00Z`. */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  // What happens now is written again and again.
  if (second !== lastFormatted.second) lastFormatted = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  return lastFormatted.text;
}

let lastFormatted = { second: Number.NaN, text: '' };

/** RFC 3339 with microseconds, as metav1.MicroTime is written. */
export function formatMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}

/** Milliseconds since the Unix epoch, or undefined if the text is no RFC 3339 time. */
export function parseTime(text: string | undefined | null): number | undefined {
  if (!text) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** How kubectl and the server's tables print a span: `45s`, `2m30s`, `5h`, `3d` (apimachinery/pkg/util/duration HumanDuration). */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(ms / 60_000);
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(ms / 3_600_000);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return withRest(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (hours < 24 * 365 * 8) return withRest(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
}

/**
 * How Go prints a time.Duration, which is what event messages carry: `1.5s`, `250ms`, `2m0s`, `1h0m0s`.
 */
export function goDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const total = Math.abs(ms);
  if (total < 1000) return total < 1 ? `${sign}${trim(total * 1000)}µs` : `${sign}${trim(total)}ms`;
  const hours = Math.trunc(total / 3_600_000);
  const minutes = Math.trunc((total % 3_600_000) / 60_000);
  const seconds = trim((total % 60_000) / 1000);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

function trim(value: number): string {
  return String(Number(value.toFixed(9)));
}
