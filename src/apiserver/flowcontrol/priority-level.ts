import type { PriorityLevelConfiguration } from '../../../generated/types/index.ts';
import { Demand } from './demand.ts';
import type { LevelLoad } from './level-load.ts';
import type { SeatLimits, Shares } from './limits.ts';
import type { Discipline } from './queue-set.ts';
import { QueueSet } from './queue-set.ts';
import { RetryAfter } from './retry-after.ts';
import { handMistake } from './shuffle-sharding.ts';

const noSeats = { nominal: 0, least: 0, most: 0, current: 0, target: 0 };
/** No request takes more seats than this, nor a larger part of its level's. */
const requestSeatsMax = 10;
const requestSeatsPart = 0.15;

/** A priority level at work: who has its seats, and who waits for them. */
export class PriorityLevel {
  readonly demand: Demand;
  readonly queues: QueueSet;
  readonly retryAfter = new RetryAfter();
  limits: SeatLimits & { readonly current: number; readonly target: number } = noSeats;
  /** It is no longer wanted, but not everybody has left. */
  quiescing = false;
  /** The most seats that one of its requests is given. */
  requestSeatsMax = requestSeatsMax;

  constructor(
    public object: Readonly<PriorityLevelConfiguration>,
    load: LevelLoad,
    nowMs: number,
  ) {
    this.demand = new Demand(nowMs);
    this.queues = new QueueSet(this.demand, load, nowMs);
  }

  get name(): string {
    return this.object.metadata?.name ?? '';
  }

  get uid(): string {
    return this.object.metadata?.uid ?? '';
  }

  get exempt(): boolean {
    return this.object.spec?.type === 'Exempt';
  }

  get shares(): Shares {
    const { limited, exempt } = this.object.spec ?? {};
    const { nominalConcurrencyShares = 0, lendablePercent = 0 } = limited ?? exempt ?? {};
    return { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent: limited?.borrowingLimitPercent };
  }

  /** Whether there are several queues to choose from. */
  get hasQueues(): boolean {
    return !this.exempt && (this.object.spec?.limited?.limitResponse?.queuing?.queues ?? 0) > 1;
  }

  get discipline(): Discipline {
    if (this.exempt) return 'exempt';
    const { queues = 0, handSize = 0, queueLengthLimit = 0 } = this.object.spec?.limited?.limitResponse?.queuing ?? {};
    return queues > 0 ? { queues, handSize, queueLengthLimit } : 'reject';
  }

  /** From now on it has these seats: their division, and what lending makes of it. */
  setLimits(limits: PriorityLevel['limits'], nowMs: number): void {
    const { discipline } = this;
    this.limits = limits;
    if (typeof discipline === 'object') {
      const most = Math.min(Math.ceil(limits.nominal * requestSeatsPart), Math.floor(limits.nominal / discipline.handSize));
      this.requestSeatsMax = Math.min(requestSeatsMax, Math.max(1, most));
    } else this.requestSeatsMax = requestSeatsMax;
    this.queues.configure(discipline, limits.current, nowMs);
  }
}

/** Why a stored level cannot be put to work, if so (util/flowcontrol queueSetCompleterForPL): it counts as missing then. */
export function levelMistake({ metadata, spec }: Readonly<PriorityLevelConfiguration>): string | undefined {
  const { type, limited, exempt } = spec ?? {};
  if ((type === 'Limited') !== (limited !== undefined)) return 'broken union structure at the top, for Limited';
  if ((type === 'Exempt') !== (exempt !== undefined)) return 'broken union structure at the top, for Exempt';
  if ((type === 'Exempt') !== (metadata?.name === 'exempt')) return 'non-alignment between name and type';
  if (!limited) return undefined;
  const queuing = limited.limitResponse?.queuing;
  if ((limited.limitResponse?.type === 'Reject') !== (queuing === undefined)) return 'broken union structure for limit response';
  return queuing && (queuing.queues ?? 0) > 0 ? handMistake(queuing.queues ?? 0, queuing.handSize ?? 0) : undefined;
}
