import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../src/env/index.ts';
import { collectGarbage } from './heap.ts';

test('garbage goes when it is asked for, and a timer that was cancelled keeps nothing of what it would have done', async () => {
  const { loop } = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const later = (kept: object) => {
    const timer = loop.after(86_400_000, 'far away', () => void kept);
    return { timer, seen: new WeakRef(kept) };
  };
  const [called, cancelled] = [later({ a: 1 }), later({ b: 2 })];
  cancelled.timer.cancel();
  await setImmediate(); // A weak reference is a strong one until the turn ends that made it.
  collectGarbage();
  expect(cancelled.seen.deref()).toBeUndefined();
  expect(called.seen.deref()).toEqual({ a: 1 });
  called.timer.cancel();
});
