export { deadlineMs, requestTimeoutMs, timedOut, withDeadline } from './deadline.ts';
export type { InFlightLimits, RequestLimits } from './in-flight.ts';
export { InFlightGate, inFlightLimits, tooManyAnswer } from './in-flight.ts';
