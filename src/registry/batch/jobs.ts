import type { Job, JobSpec } from '../../../generated/types/index.ts';
import {
  generateJobSelector,
  jobSpecWarnings,
  labelJobLikeTemplate,
  setJobDefaults,
  validateJob,
  validateJobStatus,
  validateJobUpdate,
  workloadNameWarnings,
} from '../../api/index.ts';
import { path } from '../../machinery/field-error.ts';
import { humanDuration, parseTime } from '../../machinery/time.ts';
import { ageColumn, column, containerColumns, formatSelector, nameColumn, wide } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

/** `2/5`, or `0/1 of 3` while any one of several pods may complete it. */
function completions({ spec, status }: Readonly<Job>): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration({ status }: Readonly<Job>, now: number): string {
  const start = parseTime(status?.startTime);
  if (start === undefined) return '';
  return humanDuration((parseTime(status?.completionTime) ?? now) - start);
}

function state({ metadata, status }: Readonly<Job>): string {
  const is = (type: string): boolean => status?.conditions?.find((one) => one.type === type)?.status === 'True';
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (metadata?.deletionTimestamp) return 'Terminating';
  if (is('Suspended')) return 'Suspended';
  return is('FailureTarget') ? 'FailureTarget' : 'Running';
}

const podsStay =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** A policy always says its rules: null if there are none. */
export function writeRules(spec: JobSpec | undefined): void {
  const policy = spec?.podFailurePolicy;
  if (policy && !policy.rules?.length) policy.rules = null as never;
}

/** pkg/registry/batch/job. Its pods stay when it is deleted, unless the client says otherwise. */
export const jobStrategy = resourceStrategy<Job>({
  resource: { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', categories: ['all'], namespaced: true },
  applyDefaults(job) {
    setJobDefaults(job);
    writeRules(job.spec);
  },
  statusOnCreate: () => ({}),
  countsGeneration: true,
  defaultPropagation: 'Orphan',
  beforeDelete(_job, { propagationPolicy, orphanDependents }, context) {
    if (propagationPolicy === undefined && orphanDependents === undefined) context.warn(podsStay);
  },
  prepareForCreate(job) {
    if (!job.spec?.manualSelector) generateJobSelector(job);
  },
  canonicalize: labelJobLikeTemplate,
  warningsOnCreate: ({ metadata, spec }) => [...workloadNameWarnings(metadata?.name ?? ''), ...jobSpecWarnings(path('spec'), spec)],
  warningsOnUpdate: (next, previous) => (next.metadata?.generation === previous.metadata?.generation ? [] : jobSpecWarnings(path('spec'), next.spec)),
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  validateStatus: validateJobStatus,
  columns: [
    nameColumn,
    column('Status', 'How far it is.', state),
    column('Completions', 'How many pods have succeeded, of how many.', completions),
    column('Duration', 'How long it has been running, or took.', duration),
    ageColumn,
    ...containerColumns<Job>(({ spec }) => spec?.template, 1),
    wide('Selector', 'Labels of its pods.', ({ spec }) => formatSelector(spec?.selector)),
  ],
  selectableFields: (job) => ({ 'status.successful': String(job.status?.succeeded ?? 0) }),
  unsupportedField: (field) => `field label "${field}" not supported for Job`,
});
