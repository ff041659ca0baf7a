import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from './deadlines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what is not called off by its deadline expires once, at most a second late', () => {
  const deadlines = new Deadlines();
  const expired: string[] = [];
  deadlines.add(10_000, () => expired.push('first'));
  vi.advanceTimersByTime(500);
  deadlines.add(10_000, () => expired.push('second'));
  const callOff = deadlines.add(10_000, () => expired.push('called off'));
  vi.advanceTimersByTime(9_499);
  callOff();
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['first']);
  vi.advanceTimersByTime(1_000);
  expect(expired).toEqual(['first', 'second']);
  expect(vi.getTimerCount()).toBe(0);
});

test('no timer runs on once nothing waits', () => {
  const deadlines = new Deadlines();
  deadlines.add(60_000, () => {})();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
});
