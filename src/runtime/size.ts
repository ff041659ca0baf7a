import { parseSize } from '../shell/applets/lib/size.ts';

/** A size as a configuration file has it: bytes, or `12Mi`, `1.5Gi`, `500M`; undefined if it is none. */
export function parseBytes(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G)?$/.exec(value);
  if (!match) return parseSize(value);
  const factors: Readonly<Record<string, number>> = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, k: 1e3, M: 1e6, G: 1e9 };
  return Math.round(Number(match[1]) * (factors[match[2] ?? ''] ?? 1));
}
