import type { CronJob, CronJobSpec, JobSpec } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goSelector } from '../../../machinery/go-syntax.ts';
import { setPodTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { findScheduleError } from './cron-schedule.ts';
import { validateJobSpec } from './job-validation.ts';

/** The controller appends eleven characters to the name for each job. */
const maxNameLength = 52;

/** pkg/apis/batch/v1 SetDefaults_CronJob. */
export function setCronJobDefaults(cron: CronJob): void {
  const spec = (cron.spec ??= {} as CronJobSpec);
  cron.status ??= {};
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  const template = (spec.jobTemplate ??= {});
  (template.metadata ??= {}).creationTimestamp ??= null as never;
  // What a job's own spec gets beyond this, the template's does not: it is filled in when the job is made.
  setPodTemplateDefaults(((template.spec ??= {} as JobSpec).template ??= {}));
}

const specPath = path('spec');

/** pkg/apis/batch/validation ValidateCronJobCreate. */
export function validateCronJob(cron: CronJob): FieldError[] {
  const name = cron.metadata?.name ?? '';
  const tooLong = mistakesOf((mistakes) => {
    if (name.length > maxNameLength) mistakes.invalid(path('metadata', 'name'), name, `must be no more than ${maxNameLength} characters`);
  });
  return [...validateCronJobSpec(cron.spec as CronJobSpec, false), ...tooLong];
}

/** ValidateCronJobUpdate: a schedule that names its time zone is only borne where it is old. */
export function validateCronJobUpdate(next: CronJob, previous: Readonly<CronJob>): FieldError[] {
  return validateCronJobSpec(next.spec as CronJobSpec, (previous.spec?.schedule ?? '').includes('TZ'), previous.spec?.timeZone);
}

function validateCronJobSpec(spec: CronJobSpec, mayNameZone: boolean, oldZone?: string): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!spec.schedule) mistakes.required(specPath.child('schedule'));
    else validateSchedule(mistakes, spec, mayNameZone, specPath.child('schedule'));
    mistakes.nonNegative(specPath.child('startingDeadlineSeconds'), spec.startingDeadlineSeconds);
    if (spec.timeZone !== undefined && spec.timeZone !== oldZone) validateTimeZone(mistakes, spec.timeZone, specPath.child('timeZone'));
    mistakes.oneOf(specPath.child('concurrencyPolicy'), spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
    const job = spec.jobTemplate?.spec;
    const at = specPath.child('jobTemplate', 'spec');
    if (job) validateJobSpec(mistakes, job, at);
    if (job?.selector) mistakes.invalid(at.child('selector'), goSelector(job.selector), '`selector` will be auto-generated');
    if (job?.manualSelector) mistakes.notSupported(at.child('manualSelector'), job.manualSelector, ['nil', 'false']);
    mistakes.nonNegative(specPath.child('successfulJobsHistoryLimit'), spec.successfulJobsHistoryLimit);
    mistakes.nonNegative(specPath.child('failedJobsHistoryLimit'), spec.failedJobsHistoryLimit);
  });
}

function validateSchedule(mistakes: Mistakes, { schedule, timeZone }: CronJobSpec, mayNameZone: boolean, at: FieldPath): void {
  const error = findScheduleError(schedule);
  if (error !== undefined) mistakes.invalid(at, schedule, error);
  if (!schedule.includes('TZ')) return;
  if (!mayNameZone) mistakes.invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
  else if (timeZone !== undefined) mistakes.invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule');
}

function validateTimeZone(mistakes: Mistakes, zone: string, at: FieldPath): void {
  const unknown = `unknown time zone ${zone}`;
  if (zone === '') mistakes.invalid(at, zone, 'timeZone must be nil or non-empty string');
  else if (zone.split('/').some((part) => part === '.' || part === '..' || !/^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$/.test(part)))
    mistakes.invalid(at, zone, unknown);
  else if (zone.toLowerCase() === 'local') {
    mistakes.invalid(at, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
    // Only in this very spelling is it a zone, that of the server.
    if (zone !== 'Local') mistakes.invalid(at, zone, unknown);
  } else if (!isTimeZone(zone)) mistakes.invalid(at, zone, unknown);
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
