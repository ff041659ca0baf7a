/** `1.5K`, `243.0M`: busybox' three significant places with -h. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < 5) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)}${'KMGTPE'[unit]}`;
}

/** `1.5K`, `16K`, `243M`: coreutils' -h, rounded up. */
export function humanSizeGnu(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < 5) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${'KMGTPE'[unit]}`;
}

const multipliers: Readonly<Record<string, number>> = { '': 1, b: 512, k: 1024, K: 1024, kB: 1000, M: 1_048_576, MB: 1_000_000, G: 1_073_741_824 };

/** Reads `512`, `4k`, `1M`; undefined if it is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)(b|k|K|kB|M|MB|G)?$/.exec(text);
  return match ? Number(match[1]) * (multipliers[match[2] ?? ''] as number) : undefined;
}
