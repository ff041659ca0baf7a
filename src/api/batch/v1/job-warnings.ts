import type { JobSpec } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import { podTemplateWarnings } from '../../core/v1/pod-warnings.ts';

/** Up to so many, the indexes that have failed can be told from those that have not, whatever fails. */
const [completionsMax, parallelismMax] = [100_000, 10_000];

/** What a job, or a template of jobs, is warned of (pkg/api/job WarningsForJobSpec). */
export function jobSpecWarnings(at: FieldPath, spec: Readonly<JobSpec> | undefined): string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = spec ?? {};
  const isTooWide = completionMode === 'Indexed' && completions > completionsMax && parallelism > parallelismMax;
  const tooWide = `${at}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  return [...(isTooWide ? [tooWide] : []), ...podTemplateWarnings(template, at.child('template'))];
}
