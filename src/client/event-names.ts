import type { Env } from '../env/index.ts';

interface Sequence {
  ms: number;
  count: number;
}

/** One count for each cluster, which a clock stands for: recorders of different components must not make the same name. */
const sequences = new WeakMap<object, Sequence>();

/**
 * The name of an event about an object: `<object>.<hexadecimal nanoseconds>`.
 *
 * Differs from upstream: the clock has milliseconds, so the nanoseconds count the events made within one.
 */
export function eventName(objectName: string, { clock }: Pick<Env, 'clock'>): string {
  const ms = clock.now();
  const last = sequences.get(clock) ?? { ms: -1, count: 0 };
  const sequence = { ms, count: last.ms === ms ? last.count + 1 : 0 };
  sequences.set(clock, sequence);
  return `${objectName}.${(BigInt(ms) * 1_000_000n + BigInt(sequence.count)).toString(16)}`;
}
