import type { Clock, Env, Log, Loop, RandomStream } from '../../env/index.ts';
import type { ContainerSystemOptions } from './container-system.ts';
import { ContainerSystem } from './container-system.ts';
import type { HardwareOptions } from './hardware.ts';
import { defaultHardware, Hardware } from './hardware.ts';
import { HostRoom } from './host-room.ts';
import { NamespaceNumbers } from './namespaces.ts';
import { Pace } from './processor.ts';
import { Scheduler } from './scheduler.ts';

export interface KernelOptions {
  /**
   * How many processors' worth of steps busy processes do together, whatever processors their nodes have. Each is 2,000 steps in 10 ms of
   * simulated time, so this bounds how much of the real processor endless loops can take. Default 1.
   */
  readonly processors?: number;
  /** Gives memory back to the machine, if that can be done; called a moment after containers have let go of much. */
  readonly reclaimMemory?: (() => void) | undefined;
}

/** What was let go is garbage by then. */
const reclaimAfterMs = 500;
/** Containers that take much and let it go, again and again, are not to stop the server each time: it takes some 50 ms. */
const reclaimEveryMs = 30_000;

/** A simulated kernel: one run queue for all containers of a cluster (or of a node). */
export class Kernel {
  readonly clock: Clock;
  readonly loop: Loop;
  readonly log: Log;
  readonly random: RandomStream;
  readonly scheduler: Scheduler;
  /** Simulated ms since the epoch. */
  readonly bootedAt: number;
  /** What its containers may really keep. */
  readonly room: HostRoom;
  readonly namespaceNumbers = new NamespaceNumbers();
  readonly #pace: Pace;
  #defaultHardware: Hardware | undefined;

  constructor(env: Pick<Env, 'clock' | 'loop' | 'random' | 'log'>, options: KernelOptions = {}) {
    this.clock = env.clock;
    this.loop = env.loop;
    this.log = env.log;
    this.random = env.random.stream('containers');
    this.bootedAt = env.clock.now();
    this.scheduler = new Scheduler(env.loop);
    this.#pace = new Pace(options.processors ?? 1);
    const { reclaimMemory } = options;
    let due = false;
    let last = Number.NEGATIVE_INFINITY;
    this.room = new HostRoom(() => {
      if (!reclaimMemory || due) return;
      due = true;
      env.loop.at(Math.max(env.clock.now() + reclaimAfterMs, last + reclaimEveryMs), 'memory reclaim', () => {
        due = false;
        last = env.clock.now();
        reclaimMemory();
      });
    });
  }

  /** The machine of one more node. */
  createHardware(options: HardwareOptions): Hardware {
    return new Hardware(options, this.#pace, this.room);
  }

  /** What containers run on that nobody has put on a node. */
  get defaultHardware(): Hardware {
    this.#defaultHardware ??= this.createHardware(defaultHardware);
    return this.#defaultHardware;
  }

  /** A process table with its file system and network; `start` its first process next. */
  createContainerSystem(options: ContainerSystemOptions): ContainerSystem {
    return new ContainerSystem(this, options);
  }
}
