import type { Env } from '../../env/index.ts';
import { badRequest, failure, type StatusError } from '../../machinery/status-error.ts';

/** How long a request may take that is not long-running (kube-apiserver --request-timeout). */
export const requestTimeoutMs = 60_000;

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * The time a request has, in milliseconds: what its `timeout` asks for, at most what the server gives.
 * @throws StatusError 400 for a text that is no duration
 */
export function deadlineMs(query: URLSearchParams, limitMs = requestTimeoutMs): number {
  const text = query.size > 0 ? query.get('timeout') : null;
  if (text === null || text === '') return limitMs;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  const known = parts.map((part) => part[0]).join('') === text.replace(/^[+-]/, '') && parts.length > 0;
  if (!known && !/^[+-]?0$/.test(text)) {
    const unit = /^\d+$/.test(text) ? `time: missing unit in duration ${JSON.stringify(text)}` : `time: invalid duration ${JSON.stringify(text)}`;
    throw badRequest(`invalid timeout specified in the request URL - ${unit}`);
  }
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit as string] as number), 0);
  return text.startsWith('-') || ms === 0 || ms > limitMs ? limitMs : ms;
}

/** 504: nobody waits for the answer any more (apiserver/pkg/server/filters timeout.go). */
export function timedOut(): StatusError {
  return failure(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout', {});
}

/**
 * Resolves or rejects as `work` does, or rejects with 504 after `ms` of simulated time, and says so to `overdue` first. What `work`
 * still does then is nobody's business.
 */
export function withDeadline<T>(env: Pick<Env, 'loop'>, ms: number, work: Promise<T>, overdue: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = env.loop.after(ms, 'request timeout', () => {
      overdue();
      reject(timedOut());
    });
    const settle =
      <A>(how: (value: A) => void) =>
      (value: A) => {
        timer.cancel();
        how(value);
      };
    work.then(settle(resolve), settle(reject));
  });
}
