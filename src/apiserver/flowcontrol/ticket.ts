import type { UserInfo } from '../../machinery/handler.ts';
import type { RequestInfo } from '../request-info.ts';
import type { Flow } from './flow.ts';
import type { FlowFigures } from './flow-metrics.ts';
import type { PriorityLevel } from './priority-level.ts';
import type { Queue } from './queue-set.ts';

/** Where a request comes under: a flow schema whose level is there. */
export interface ActiveSchema {
  readonly name: string;
  /** Empty where the schema is one that the server takes for granted while nobody has stored it. */
  readonly uid: string;
  readonly level: PriorityLevel;
  readonly figures: FlowFigures;
}

/** Why a request is turned away, as `apiserver_flowcontrol_rejected_requests_total` says it. */
export type Rejection = 'concurrency-limit' | 'queue-full' | 'time-out';

/** One request on its way through its priority level. */
export class Ticket {
  state: 'arriving' | 'waiting' | 'executing' | 'rejected' | 'done' = 'arriving';
  /** In the virtual time of its level, in seat-seconds. */
  arrivalR = 0;
  /** When it got its seats, ms; 0 before. */
  startedMs = 0;
  queue: Queue | undefined;
  /** Among those of its level that are at work. */
  place = 0;
  /** Called once when a request that waits gets its seats, or will not get any. */
  decided: (() => void) | undefined;

  constructor(
    readonly schema: ActiveSchema,
    readonly flow: Flow,
    readonly seats: number,
    readonly user: UserInfo,
    readonly info: RequestInfo,
    readonly arrivedMs: number,
  ) {}
}
