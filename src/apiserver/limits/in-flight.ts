import type { Answer } from '../answers.ts';
import { textAnswer } from '../answers.ts';
import { isLongRunning } from '../metrics/index.ts';
import type { RequestInfo } from '../request-info.ts';

/**
 * Requests at work at the same time, as kube-apiserver's --max-requests-inflight and --max-mutating-requests-inflight. With API
 * priority and fairness their sum counts; without it, each for itself, and 0 is no limit.
 */
export interface InFlightLimits {
  readonly nonMutating: number;
  readonly mutating: number;
}

/** As flags have it; what is absent is as upstream has it by default. */
export interface RequestLimits extends Partial<{ readonly [key in keyof InFlightLimits]: number | undefined }> {
  /** Whether flow schemas and priority levels decide who has to wait (--enable-priority-and-fairness). */
  readonly priorityAndFairness?: boolean | undefined;
}

/** Upstream's --max-requests-inflight and --max-mutating-requests-inflight. */
export function inFlightLimits({ nonMutating = 400, mutating = 200 }: RequestLimits): InFlightLimits {
  return { nonMutating, mutating };
}

const reading = new Set(['get', 'list', 'watch', 'head', 'options']);
const nothing = (): void => {};

/**
 * Keeps count of the requests at work and turns away those that are too many. Long-running ones do not count, and those who run the
 * cluster are never turned away, so that they can still look after it (apiserver/pkg/server/filters WithMaxInFlightLimit). What
 * there is instead of API priority and fairness.
 */
export class InFlightGate {
  #reading = 0;
  #mutating = 0;

  constructor(readonly limits: InFlightLimits) {}

  /** Lets a request in: returns how to say that it is done, or undefined if there are too many. */
  enter(info: RequestInfo, groups: readonly string[]): (() => void) | undefined {
    if (isLongRunning(info)) return nothing;
    const mutates = !reading.has(info.verb);
    const limit = mutates ? this.limits.mutating : this.limits.nonMutating;
    if (limit === 0) return nothing;
    if ((mutates ? this.#mutating : this.#reading) >= limit) return groups.includes('system:masters') ? nothing : undefined;
    if (mutates) this.#mutating += 1;
    else this.#reading += 1;
    return () => {
      if (mutates) this.#mutating -= 1;
      else this.#reading -= 1;
    };
  }
}

/** What those hear who are turned away: when they may come back, in seconds. */
export function tooManyAnswer(retryAfterSeconds = 1): Answer {
  return textAnswer(429, 'Too many requests, please try again later.\n', { 'retry-after': String(retryAfterSeconds) });
}
