import type { Strategy } from '../generic/strategy.ts';
import { cronJobStrategy } from './cron-jobs.ts';
import { jobStrategy } from './jobs.ts';

export { cronJobStrategy, jobStrategy };

/** The resources of batch/v1. */
export const batchStrategies = [cronJobStrategy, jobStrategy] as unknown as readonly Strategy[];
