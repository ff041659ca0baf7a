import type { CronJob } from '../../../generated/types/index.ts';
import { jobSpecWarnings, setCronJobDefaults, validateCronJob, validateCronJobUpdate, workloadNameWarnings } from '../../api/index.ts';
import { path } from '../../machinery/field-error.ts';
import { ageColumn, column, containerColumns, formatSelector, nameColumn, since, wide } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import { writeRules } from './jobs.ts';

function suspended({ spec }: Readonly<CronJob>): string {
  if (spec?.suspend === undefined) return '<unset>';
  return spec.suspend ? 'True' : 'False';
}

const jobSpec = path('spec', 'jobTemplate', 'spec');

/** Upstream names the field as it says here. */
const zoneInSchedule =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

/** pkg/registry/batch/cronjob. */
export const cronJobStrategy = resourceStrategy<CronJob>({
  resource: { group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs', shortNames: ['cj'], categories: ['all'], namespaced: true },
  applyDefaults(job) {
    setCronJobDefaults(job);
    writeRules(job.spec?.jobTemplate?.spec);
  },
  statusOnCreate: () => ({}),
  countsGeneration: true,
  metadataChecks: { onUpdate: false },
  warningsOnCreate: ({ metadata, spec }) => [...workloadNameWarnings(metadata?.name ?? ''), ...jobSpecWarnings(jobSpec, spec?.jobTemplate?.spec)],
  warningsOnUpdate: (next, previous) => [
    ...(next.metadata?.generation === previous.metadata?.generation ? [] : jobSpecWarnings(jobSpec, next.spec?.jobTemplate?.spec)),
    ...(next.spec?.schedule?.includes('TZ') ? [zoneInSchedule] : []),
  ],
  validate: validateCronJob,
  validateUpdate: validateCronJobUpdate,
  columns: [
    nameColumn,
    column('Schedule', 'When it runs, in cron form.', ({ spec }) => spec?.schedule ?? ''),
    column('Timezone', 'Whose clock the schedule follows.', ({ spec }) => spec?.timeZone ?? '<none>'),
    column('Suspend', 'Whether it starts no further jobs.', suspended, 'boolean'),
    column('Active', 'How many of its jobs are running.', ({ status }) => (status?.active ?? []).length, 'integer'),
    column('Last Schedule', 'When it last started a job.', ({ status }, now) => (status?.lastScheduleTime ? since(status.lastScheduleTime, now) : '<none>')),
    ageColumn,
    ...containerColumns<CronJob>(({ spec }) => spec?.jobTemplate?.spec?.template, 1),
    wide('Selector', 'Labels of its pods.', ({ spec }) => formatSelector(spec?.jobTemplate?.spec?.selector)),
  ],
});
