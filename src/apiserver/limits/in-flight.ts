import type { Answer } from '../answers.ts';
import { textAnswer } from '../answers.ts';
import { isLongRunning } from '../metrics/index.ts';
import type { RequestInfo } from '../request-info.ts';

/** Requests at work at the same time, as kube-apiserver's --max-requests-inflight and --max-mutating-requests-inflight. */
export interface InFlightLimits {
  readonly nonMutating: number;
  readonly mutating: number;
}

export const defaultInFlightLimits: InFlightLimits = { nonMutating: 400, mutating: 200 };

const reading = new Set(['get', 'list', 'watch', 'head', 'options']);
const nothing = (): void => {};

/**
 * Keeps count of the requests at work and turns away those that are too many. Long-running ones do not count, and those who run the
 * cluster are never turned away, so that they can still look after it (apiserver/pkg/server/filters WithMaxInFlightLimit).
 *
 * Differs from upstream: there are no priority levels and no queues; the limit of all is the limit of each.
 */
export class InFlightGate {
  #reading = 0;
  #mutating = 0;

  constructor(readonly limits: InFlightLimits = defaultInFlightLimits) {}

  /** Lets a request in: returns how to say that it is done, or undefined if there are too many. */
  enter(info: RequestInfo, groups: readonly string[]): (() => void) | undefined {
    if (isLongRunning(info)) return nothing;
    const mutates = !reading.has(info.verb);
    const full = mutates ? this.#mutating >= this.limits.mutating : this.#reading >= this.limits.nonMutating;
    if (full) return groups.includes('system:masters') ? nothing : undefined;
    if (mutates) this.#mutating += 1;
    else this.#reading += 1;
    return () => {
      if (mutates) this.#mutating -= 1;
      else this.#reading -= 1;
    };
  }
}

/** What those hear who are turned away. */
export const tooManyAnswer: Answer = textAnswer(429, 'Too many requests, please try again later.\n', { 'retry-after': '1' });
