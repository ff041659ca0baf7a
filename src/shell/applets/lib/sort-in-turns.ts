import type { Process, Syscall } from '../../kernel/types.ts';

/** What is sorted at a stretch. */
const runLength = 64;

/** The same list in order, equals as they came; others run meanwhile. A comparison counts as a quarter of a step. */
export function* sortInTurns<T>(process: Process, list: readonly T[], compare: (a: T, b: T) => number): Syscall<T[]> {
  let from: T[] = [];
  for (let at = 0; at < list.length; at += runLength) {
    for (const one of list.slice(at, at + runLength).sort(compare)) from.push(one);
    process.charge(runLength);
    yield* process.step();
  }
  for (let length = runLength; length < from.length; length *= 2) {
    const to: T[] = [];
    for (let at = 0; at < from.length; at += 2 * length) yield* merge(process, from, at, length, to, compare);
    from = to;
  }
  return from;
}

/** Appends two neighbouring runs, which are in order, as one. */
function* merge<T>(process: Process, from: readonly T[], begin: number, length: number, to: T[], compare: (a: T, b: T) => number): Syscall<void> {
  const middle = Math.min(begin + length, from.length);
  const end = Math.min(middle + length, from.length);
  let [left, right] = [begin, middle];
  while (left < middle || right < end) {
    const takesLeft = left < middle && (right >= end || compare(from[left] as T, from[right] as T) <= 0);
    to.push(from[takesLeft ? left++ : right++] as T);
    if (to.length % runLength !== 0) continue;
    process.charge(runLength / 4);
    yield* process.step();
  }
}
