import type { CronJob } from '../../../generated/types/index.ts';
import { setCronJobDefaults, validateCronJob, validateCronJobUpdate } from '../../api/index.ts';
import { ageColumn, column, containerColumns, formatSelector, nameColumn, since, wide } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

function suspended({ spec }: Readonly<CronJob>): string {
  if (spec?.suspend === undefined) return '<unset>';
  return spec.suspend ? 'True' : 'False';
}

/** pkg/registry/batch/cronjob. */
export const cronJobStrategy = resourceStrategy<CronJob>({
  resource: { group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs', shortNames: ['cj'], categories: ['all'], namespaced: true },
  applyDefaults: setCronJobDefaults,
  statusOnCreate: () => ({}),
  countsGeneration: true,
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
