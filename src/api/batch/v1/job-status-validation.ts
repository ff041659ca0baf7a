import type { Job, JobSpec, JobStatus } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, omitted, path } from '../../../machinery/field-error.ts';
import { goStringList, goStruct, goTime } from '../../../machinery/go-syntax.ts';
import { parseTime } from '../../../machinery/time.ts';
import { mistakesOf, validateCounts } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { countIndexes, firstSharedIndex } from './job-indexes.ts';

const at = path('status');
const conditions = at.child('conditions');

type Condition = 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet';

/** Whether a condition of that type is true. */
const isTrue = (status: JobStatus, type: Condition): boolean => (status.conditions ?? []).some((one) => one.type === type && one.status === 'True');
const isFinished = (status: JobStatus): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed');

/** Of which parts of a status it is said whether they have changed. */
type Part = keyof JobStatus | Condition | 'finished';

interface Change {
  readonly spec: JobSpec;
  readonly status: JobStatus;
  readonly before: JobStatus;
  /** Most rules look only at what has changed, so that a status which broke them before they were made can still be written. */
  changed(...parts: Part[]): boolean;
}

/** ValidateJobUpdateStatus, as it is with JobManagedBy: what any controller may make of a job's status. */
export function validateJobStatus(next: Job, previous: Readonly<Job>): FieldError[] {
  const [status, before] = [next.status ?? {}, previous.status ?? {}];
  const differs = (part: Part): boolean => !semanticEqual(partOf(status, part), partOf(before, part));
  const change: Change = { spec: next.spec as JobSpec, status, before, changed: (...parts) => parts.some(differs) };
  return mistakesOf((mistakes) => {
    const { active, succeeded, failed, ready, terminating } = status;
    validateCounts(mistakes, { active, succeeded, failed, ready, terminating }, at);
    validateUncounted(mistakes, status);
    validateCompletion(mistakes, change);
    if (isFinished(status)) validateFinished(mistakes, change);
    validateIndexes(mistakes, change);
    if (change.changed('terminating', 'finished') && isFinished(status) && (terminating ?? 0) > 0)
      mistakes.invalid(at.child('terminating'), terminating, 'terminating>0 is invalid for finished job');
    if (change.changed('ready', 'active') && (ready ?? 0) > (active ?? 0)) mistakes.invalid(at.child('ready'), ready, 'cannot set more ready pods than active');
    validateSuccess(mistakes, change);
    validateProgress(mistakes, change, previous);
  });
}

function partOf(status: JobStatus, part: Part): unknown {
  if (part === 'finished') return isFinished(status);
  if (part === 'Complete' || part === 'Failed' || part === 'FailureTarget' || part === 'SuccessCriteriaMet') return isTrue(status, part);
  if (part === 'startTime' || part === 'completionTime') return parseTime(status[part]);
  return status[part] ?? (part === 'active' ? 0 : part === 'completedIndexes' ? '' : undefined);
}

function validateUncounted(mistakes: Mistakes, { uncountedTerminatedPods }: JobStatus): void {
  const seen = new Set<string>();
  for (const field of ['succeeded', 'failed'] as const) {
    (uncountedTerminatedPods?.[field] ?? []).forEach((uid, i) => {
      const one = at.child('uncountedTerminatedPods', field).index(i);
      if (!uid) mistakes.invalid(one, uid, 'must not be empty');
      else if (seen.has(uid)) mistakes.duplicate(one, uid);
      seen.add(uid);
    });
  }
}

function validateCompletion(mistakes: Mistakes, { status, changed }: Change): void {
  const [complete, failed] = [isTrue(status, 'Complete'), isTrue(status, 'Failed')];
  const { startTime, completionTime } = status;
  const where = at.child('completionTime');
  if (changed('Complete', 'Failed') && complete && failed) mistakes.invalid(conditions, omitted, 'cannot set Complete=True and Failed=true conditions');
  if (changed('Complete', 'FailureTarget') && complete && isTrue(status, 'FailureTarget'))
    mistakes.invalid(conditions, omitted, 'cannot set Complete=True and FailureTarget=true conditions');
  if (changed('Complete', 'completionTime')) {
    if (completionTime && !complete) mistakes.invalid(where, goTime(completionTime), 'cannot set completionTime when there is no Complete=True condition');
    if (!completionTime && complete) mistakes.required(where, 'completionTime is required for Complete jobs');
  }
  if (changed('startTime', 'completionTime') && startTime && completionTime && Date.parse(completionTime) < Date.parse(startTime))
    mistakes.invalid(where, goTime(completionTime), 'completionTime cannot be set before startTime');
  if (changed('Failed', 'failedIndexes') && failed && !isTrue(status, 'FailureTarget'))
    mistakes.invalid(conditions, omitted, 'cannot set Failed=True condition without the FailureTarget=true condition');
  if (changed('Complete', 'SuccessCriteriaMet') && complete && !isTrue(status, 'SuccessCriteriaMet'))
    mistakes.invalid(conditions, omitted, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
}

function validateFinished(mistakes: Mistakes, { spec, status, changed }: Change): void {
  const { active, startTime, uncountedTerminatedPods: pods } = status;
  const neverRan = spec.suspend === true && spec.completions === 0;
  if (changed('finished', 'active') && (active ?? 0) > 0) mistakes.invalid(at.child('active'), active, 'active>0 is invalid for finished job');
  if (changed('finished', 'startTime') && !neverRan && !startTime) mistakes.required(at.child('startTime'), 'startTime is required for finished job');
  const uncounted = [...(pods?.succeeded ?? []), ...(pods?.failed ?? [])];
  if (changed('finished', 'uncountedTerminatedPods') && uncounted.length > 0) {
    const [succeeded, failed] = [goStringList(pods?.succeeded, '[]types.UID'), goStringList(pods?.failed, '[]types.UID')];
    const shown = goStruct('batch.UncountedTerminatedPods', { Succeeded: succeeded, Failed: failed });
    mistakes.invalid(at.child('uncountedTerminatedPods'), shown, 'uncountedTerminatedPods needs to be empty for finished job');
  }
}

function validateIndexes(mistakes: Mistakes, { spec, status, changed }: Change): void {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, backoffLimitPerIndex, completionMode } = spec;
  const check = (field: 'completedIndexes' | 'failedIndexes', text: string): void => {
    const count = countIndexes(text, completions ?? 0);
    if (typeof count === 'string') mistakes.invalid(at.child(field), text, `error parsing ${field}: ${count}`);
  };
  const [completedChanged, failedChanged] = [changed('completedIndexes'), changed('failedIndexes')];
  if (completedChanged && completions !== undefined) check('completedIndexes', completedIndexes);
  if (failedChanged && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) check('failedIndexes', failedIndexes);
  if (completedChanged && completedIndexes && completionMode !== 'Indexed')
    mistakes.invalid(at.child('completedIndexes'), completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode');
  if (failedChanged && backoffLimitPerIndex === undefined && failedIndexes !== undefined)
    mistakes.invalid(at.child('failedIndexes'), failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  if ((completedChanged || failedChanged) && completions !== undefined && failedIndexes !== undefined) {
    const shared = firstSharedIndex(completedIndexes, failedIndexes, completions);
    if (shared !== undefined) mistakes.invalid(at.child('failedIndexes'), failedIndexes, `failedIndexes and completedIndexes overlap at index: ${shared}`);
  }
}

function validateSuccess(mistakes: Mistakes, { spec, status }: Change): void {
  const success = isTrue(status, 'SuccessCriteriaMet');
  if (success && isTrue(status, 'Failed')) mistakes.invalid(conditions, omitted, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (success && isTrue(status, 'FailureTarget')) mistakes.invalid(conditions, omitted, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (spec.successPolicy && !success && isTrue(status, 'Complete'))
    mistakes.invalid(conditions, omitted, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
}

/** What is over stays over, and what has been counted stays counted. */
function validateProgress(mistakes: Mistakes, { spec, status, before, changed }: Change, previous: Readonly<Job>): void {
  for (const type of ['Failed', 'Complete', 'FailureTarget'] as const)
    if (isTrue(before, type) && !isTrue(status, type)) mistakes.invalid(conditions, omitted, `cannot disable the terminal ${type}=True condition`);
  if ((status.failed ?? 0) < (before.failed ?? 0)) mistakes.invalid(at.child('failed'), status.failed ?? 0, 'cannot decrease the failed counter');
  // An indexed job of which all pods run at once may shrink.
  const mayShrink = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!mayShrink && (status.succeeded ?? 0) < (before.succeeded ?? 0))
    mistakes.invalid(at.child('succeeded'), status.succeeded ?? 0, 'cannot decrease the succeeded counter');
  if (status.completionTime && before.completionTime && changed('completionTime'))
    mistakes.invalid(at.child('completionTime'), goTime(status.completionTime), 'completionTime cannot be mutated');
  if (before.startTime && changed('startTime') && !spec.suspend && !isResuming(status, previous))
    mistakes.required(at.child('startTime'), 'startTime cannot be removed for unsuspended job');
  const [success, had] = [isTrue(status, 'SuccessCriteriaMet'), isTrue(before, 'SuccessCriteriaMet')];
  if (had && !success) mistakes.invalid(conditions, omitted, 'cannot disable the SuccessCriteriaMet=True condition');
  if (isTrue(before, 'Complete') && !had && success)
    mistakes.invalid(conditions, omitted, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
}

function isResuming(status: JobStatus, { status: before }: Readonly<Job>): boolean {
  const suspended = (conditions: JobStatus['conditions'], state: string): boolean =>
    (conditions ?? []).some((one) => one.type === 'Suspended' && one.status === state);
  return suspended(before?.conditions, 'True') && suspended(status.conditions, 'False');
}
