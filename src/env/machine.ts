import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import type { Machine } from './loop.ts';

// Taken at import, so that a test which fakes the global timers of its own program does not stop the cluster.
const { performance } = globalThis;
const readPerformance = performance.now.bind(performance);
const readDate = Date.now;

/** The machine that Node.js runs on. */
export const nodeMachine: Machine = {
  monotonic: readPerformance,
  nextTurn: (callback) => {
    setImmediate(callback);
  },
  wakeAfter: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The machine's wall clock, in milliseconds since the Unix epoch: where a real cluster's time begins. */
export function wallClock(): number {
  return readDate();
}
