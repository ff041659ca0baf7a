import type { Job, JobSpec } from '../../../../generated/types/index.ts';
import { setPodTemplateDefaults } from '../../core/v1/pod-defaults.ts';

/** Labels that bind a job and its pods; the ones without a domain are older. */
export const jobLabels = {
  controllerUid: 'batch.kubernetes.io/controller-uid',
  jobName: 'batch.kubernetes.io/job-name',
  legacyControllerUid: 'controller-uid',
  legacyJobName: 'job-name',
} as const;

const maxInt32 = 2 ** 31 - 1;

/** pkg/apis/batch/v1 SetDefaults_Job. */
export function setJobDefaults(job: Job): void {
  const spec = (job.spec ??= {} as JobSpec);
  job.status ??= {};
  setPodTemplateDefaults((spec.template ??= {}));
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = spec.parallelism = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : maxInt32;
  const labels = spec.template.metadata?.labels;
  const metadata = (job.metadata ??= {});
  // The very same map: what the selector adds to the template's labels shows on the job too.
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
}

/** The selector and labels that only this job has (pkg/registry/batch/job generateSelector). */
export function generateJobSelector(job: Job): void {
  const spec = job.spec as JobSpec;
  const { name = '', uid = '' } = job.metadata ?? {};
  const template = (spec.template.metadata ??= {});
  const shared = job.metadata?.labels !== undefined && job.metadata.labels === template.labels;
  const own = { [jobLabels.legacyJobName]: name, [jobLabels.jobName]: name, [jobLabels.legacyControllerUid]: uid, [jobLabels.controllerUid]: uid };
  // A label that the user has set stays; validation says what is wrong with it.
  template.labels = Object.fromEntries(Object.entries({ ...own, ...template.labels }).sort(([a], [b]) => (a < b ? -1 : 1)));
  const selector = (spec.selector ??= {});
  selector.matchLabels = { [jobLabels.controllerUid]: uid, ...selector.matchLabels };
  if (shared) job.metadata!.labels = { ...template.labels };
}

/** A job without labels has those of its template for whoever reads it from storage. */
export function labelJobLikeTemplate({ metadata, spec }: Job): void {
  const labels = spec?.template.metadata?.labels;
  if (labels && Object.keys(metadata?.labels ?? {}).length === 0) metadata!.labels = { ...labels };
}
