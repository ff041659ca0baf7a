import type { Clock, Env, Log, Loop, RandomStream } from '../../env/index.ts';
import type { ContainerSystemOptions } from './container-system.ts';
import { ContainerSystem } from './container-system.ts';
import { Scheduler } from './scheduler.ts';

export interface KernelOptions {
  /**
   * Processors that busy processes share. Each does 2,000 steps in 10 ms of simulated time, so this also bounds
   * how much of the real processor endless loops can take.
   */
  readonly processors?: number;
}

/** A simulated kernel: one run queue for all containers of a cluster (or of a node). */
export class Kernel {
  readonly clock: Clock;
  readonly loop: Loop;
  readonly log: Log;
  readonly random: RandomStream;
  readonly scheduler: Scheduler;
  /** Simulated ms since the epoch. */
  readonly bootedAt: number;

  constructor(env: Pick<Env, 'clock' | 'loop' | 'random' | 'log'>, options: KernelOptions = {}) {
    this.clock = env.clock;
    this.loop = env.loop;
    this.log = env.log;
    this.random = env.random.stream('containers');
    this.bootedAt = env.clock.now();
    this.scheduler = new Scheduler(env.loop, env.clock, options.processors ?? 1);
  }

  /** A process table with its file system and network; `start` its first process next. */
  createContainerSystem(options: ContainerSystemOptions): ContainerSystem {
    return new ContainerSystem(this, options);
  }
}
