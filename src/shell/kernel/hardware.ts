import type { HostRoom } from './host-room.ts';
import { NodeMemory } from './memory.ts';
import type { Pace } from './processor.ts';
import { Processors } from './processor.ts';

export interface HardwareOptions {
  readonly processors: number;
  readonly memoryBytes: number;
}

/** What a node has if nothing is said of it. */
export const defaultHardware: HardwareOptions = { processors: 4, memoryBytes: 8 * 1024 ** 3 };

/** The machine of one node: what its containers share, and what /proc tells of it. */
export class Hardware {
  readonly processors: Processors;
  readonly memory: NodeMemory;
  /** Processes that live on the node, whatever container they belong to. */
  processes = 0;
  /** What `date -s` has put the node's clock forward by, in ms: programs see it, timers do not. */
  clockOffsetMs = 0;
  /** Kernel parameters that somebody has changed for the whole node, by dotted name. */
  readonly parameters = new Map<string, string>();
  #lastPid = 1000;

  /** @param room what the containers of all nodes may really keep */
  constructor(
    options: HardwareOptions,
    pace: Pace,
    readonly room: HostRoom,
  ) {
    this.processors = new Processors(options.processors, pace);
    this.memory = new NodeMemory(options.memoryBytes, room);
  }

  /** A number for a process as the node itself counts them, outside all containers. */
  nextPid(): number {
    this.#lastPid += 1;
    return this.#lastPid;
  }
}
