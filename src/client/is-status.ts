import type { Status } from '../machinery/status-error.ts';

/** Whether a piece of API data is a Status object. */
export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && (value as Status).kind === 'Status';
}
