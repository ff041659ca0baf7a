import type { Histograms } from '../../env/index.ts';
import type { Discipline } from './queue-set.ts';

/** Upstream observes at the end of every nanosecond. */
const nanosecondsPerMs = 1_000_000;

/** What of a level is in use at a moment. */
export interface Use {
  readonly executing: readonly unknown[];
  readonly waiting: number;
  readonly seatsInUse: number;
  readonly seatsWaiting: number;
}

/** Where it is noted, for all levels together. */
export interface LoadHistograms {
  readonly demand: Histograms;
  readonly seats: Histograms;
  /** By phase, too. */
  readonly requests: Histograms;
}

type Weigh = (value: number, times: number) => void;

/** For how long how much of a priority level was in use, as parts of what it has (util/flowcontrol/metrics timing_ratio_histogram.go). */
export class LevelLoad {
  readonly #demand: Weigh;
  readonly #seats: Weigh;
  readonly #executing: Weigh;
  readonly #waiting: Weigh;
  #seatLimit = 1;
  #queueCapacity = 1;

  constructor(
    level: string,
    { demand, seats, requests }: LoadHistograms,
    /** Of the whole server. */
    readonly serverSeats: number,
  ) {
    this.#demand = demand.weigher(level);
    this.#seats = seats.weigher('executing', level);
    this.#executing = requests.weigher('executing', level);
    this.#waiting = requests.weigher('waiting', level);
  }

  /** From now on the level has so many seats; one without any is measured by a tenth of the server's. */
  setLimits(discipline: Discipline, seats: number): void {
    this.#seatLimit = seats > 0 ? seats : Math.max(1, Math.round(this.serverSeats / 10));
    this.#queueCapacity = typeof discipline === 'object' ? discipline.queues * Math.max(1, discipline.queueLengthLimit) : 1;
  }

  /** So it has been for so long. */
  passed(ms: number, { executing, waiting, seatsInUse, seatsWaiting }: Use): void {
    const times = ms * nanosecondsPerMs;
    this.#demand((seatsInUse + seatsWaiting) / this.#seatLimit, times);
    this.#seats(seatsInUse / this.#seatLimit, times);
    this.#executing(executing.length / this.#seatLimit, times);
    this.#waiting(waiting / this.#queueCapacity, times);
  }
}
