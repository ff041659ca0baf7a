import type { Clock, ClockMode } from './clock.ts';
import type { Ids } from './ids.ts';
import { RandomIds } from './ids.ts';
import type { Log } from './log.ts';
import type { Loop, Machine } from './loop.ts';
import { EventLoop } from './loop.ts';
import { Metrics } from './metrics.ts';
import type { Random } from './random.ts';
import { SeededRandom } from './random.ts';

/** Time, order, chance, identity, log lines and counts. Everything below takes it; nothing has a default. */
export interface Env {
  readonly clock: Clock;
  readonly loop: Loop;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface EnvOptions {
  readonly machine: Machine;
  readonly log: Log;
  readonly seed: number;
  /** Simulated time to begin with, in milliseconds since the Unix epoch. */
  readonly start: number;
  readonly mode: ClockMode;
}

/** Puts an Env together; `nodeMachine` makes it real, a test's options make it a simulation. */
export function createEnv(options: EnvOptions): Env {
  const loop = new EventLoop(options.machine, options.log, { start: options.start, mode: options.mode });
  const random = new SeededRandom(options.seed);
  return { clock: loop.clock, loop, random, ids: new RandomIds(random), log: options.log, metrics: new Metrics() };
}
