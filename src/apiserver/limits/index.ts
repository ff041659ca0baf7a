export { deadlineMs, requestTimeoutMs, timedOut, withDeadline } from './deadline.ts';
export type { InFlightLimits } from './in-flight.ts';
export { defaultInFlightLimits, InFlightGate, tooManyAnswer } from './in-flight.ts';
