import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InputHolds } from './input-holds.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function connection() {
  const seen: string[] = [];
  return { seen, pause: () => seen.push('pause'), resume: () => seen.push('resume'), ping: () => seen.push('ping') };
}

test('input flows again when the last one lets go of it, however often he does', () => {
  const one = connection();
  const holds = new InputHolds(one);
  const [first, second] = [holds.hold(), holds.hold()];
  first();
  first();
  expect([holds.held, one.seen]).toEqual([true, ['pause']]);
  second();
  expect([holds.held, one.seen]).toEqual([false, ['pause', 'resume']]);
});

test('a client whose input is held is pinged now and then, since its going shows in nothing else', () => {
  const one = connection();
  const holds = new InputHolds(one);
  const release = holds.hold();
  vi.advanceTimersByTime(11_000);
  expect(one.seen).toEqual(['pause', 'ping', 'ping']);
  release();
  vi.advanceTimersByTime(11_000);
  expect(one.seen).toEqual(['pause', 'ping', 'ping', 'resume']);
});

test('a connection that is gone is neither pinged nor resumed', () => {
  const one = connection();
  const holds = new InputHolds(one);
  const release = holds.hold();
  holds.close();
  vi.advanceTimersByTime(11_000);
  release();
  holds.hold();
  expect(one.seen).toEqual(['pause']);
});
