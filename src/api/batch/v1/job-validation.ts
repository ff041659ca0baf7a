import type { Job, JobSpec, LabelSelector } from '../../../../generated/types/index.ts';
import { clone, semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goSelector, goStringMap } from '../../../machinery/go-syntax.ts';
import { matchesLabels, requirementsOf } from '../../../machinery/selectors/labels.ts';
import { validatePodTemplate } from '../../core/v1/pod-validation.ts';
import { mistakesOf, validateCounts, validateDomainPrefixedPath } from '../../meta/checks.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { jobLabels } from './job.ts';
import { validatePodFailurePolicy, validateSuccessPolicy } from './job-policies.ts';

const specPath = path('spec');
const manyCompletions = 100_000;

/** pkg/apis/batch/validation ValidateJob. */
export function validateJob(job: Job): FieldError[] {
  return mistakesOf((mistakes) => {
    const spec = job.spec as JobSpec;
    validateGeneratedSelector(mistakes, job);
    validateJobSpec(mistakes, spec, specPath);
    validateSelector(mistakes, spec, specPath);
    if (spec.completionMode !== 'Indexed' || !((spec.completions ?? 0) > 0)) return;
    const host = `${job.metadata?.name ?? ''}-${(spec.completions as number) - 1}`;
    if (isDns1123Label(host).length > 0)
      mistakes.invalid(path('metadata', 'name'), job.metadata?.name ?? '', `will not able to create pod with invalid DNS label: ${host}`);
  });
}

/** The selector and the labels are those that the server makes, unless the user took them over. */
function validateGeneratedSelector(mistakes: Mistakes, { metadata, spec }: Job): void {
  if (!spec || spec.manualSelector || !spec.selector) return;
  const { name = '', uid = '' } = metadata ?? {};
  const labels = spec.template.metadata?.labels ?? {};
  const own = [
    [jobLabels.legacyControllerUid, uid],
    [jobLabels.legacyJobName, name],
    [jobLabels.controllerUid, uid],
    [jobLabels.jobName, name],
  ] as const;
  for (const [key, expected] of own) {
    const at = specPath.child('template', 'metadata', 'labels').key(key);
    if (labels[key] === undefined) mistakes.required(at, `must be '${expected}'`);
    else if (labels[key] !== expected) mistakes.invalid(at, goStringMap(labels), `must be '${expected}'`);
  }
  if (isUsable(spec.selector) && !selects(spec.selector, Object.fromEntries(own)))
    mistakes.invalid(specPath.child('selector'), goSelector(spec.selector), '`selector` not auto-generated');
}

function selects(selector: LabelSelector | undefined, labels: Record<string, string> | undefined): boolean {
  const requirements = requirementsOf(selector);
  return requirements !== undefined && matchesLabels(requirements, labels);
}

/** Whether a selector selects at all: what is wrong with one that does not is told once. */
const isUsable = (selector: LabelSelector): boolean => mistakesOf((mistakes) => validateLabelSelector(mistakes, selector, specPath)).length === 0;

function validateSelector(mistakes: Mistakes, spec: JobSpec, at: FieldPath): void {
  if (!spec.selector) mistakes.required(at.child('selector'));
  else if (!validateLabelSelector(mistakes, spec.selector, at.child('selector'))) return;
  const labels = spec.template.metadata?.labels;
  if (!selects(spec.selector, labels))
    mistakes.invalid(at.child('template', 'metadata', 'labels'), goStringMap(labels), '`selector` does not match template `labels`');
}

/** What holds for a job and for the template of a cron job alike. */
export function validateJobSpec(mistakes: Mistakes, spec: JobSpec, at: FieldPath): void {
  const { parallelism, completions, activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const counts = { parallelism, completions, activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished, backoffLimitPerIndex, maxFailedIndexes };
  validateCounts(mistakes, counts, at);
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined)
    mistakes.required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified');
  if (spec.managedBy !== undefined) {
    validateDomainPrefixedPath(mistakes, spec.managedBy, at.child('managedBy'));
    if (spec.managedBy.length > 63) mistakes.tooLong(at.child('managedBy'), 63);
  }
  validateCompletionMode(mistakes, spec, at);
  if (spec.podFailurePolicy) validatePodFailurePolicy(mistakes, spec, at.child('podFailurePolicy'));
  if (spec.successPolicy && spec.completionMode !== 'Indexed')
    mistakes.invalid(at.child('successPolicy'), spec.successPolicy, 'requires indexed completion mode');
  else if (spec.successPolicy) validateSuccessPolicy(mistakes, spec, at.child('successPolicy'));
  validateReplacementPolicy(mistakes, spec, at.child('podReplacementPolicy'));
  validatePodTemplate(mistakes, spec.template ?? {}, at.child('template'));
  validateRestartPolicy(mistakes, spec, at.child('template', 'spec', 'restartPolicy'));
}

function validateCompletionMode(mistakes: Mistakes, spec: JobSpec, at: FieldPath): void {
  const mode = spec.completionMode ?? 'NonIndexed';
  if (mode !== 'NonIndexed' && mode !== 'Indexed') mistakes.notSupported(at.child('completionMode'), mode, ['NonIndexed', 'Indexed']);
  if (mode === 'Indexed') validateIndexed(mistakes, spec, at);
  if (mode !== 'NonIndexed') return;
  for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
    if (spec[field] !== undefined) mistakes.invalid(at.child(field), spec[field], 'requires indexed completion mode');
}

function validateIndexed(mistakes: Mistakes, spec: JobSpec, at: FieldPath): void {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const atMost = (limit: number, why = ''): string => `must be less than or equal to ${limit}${why}`;
  if (completions === undefined) mistakes.required(at.child('completions'), 'when completion mode is Indexed');
  if (parallelism > manyCompletions) mistakes.invalid(at.child('parallelism'), parallelism, atMost(manyCompletions, ' when completion mode is Indexed'));
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions)
    mistakes.invalid(at.child('maxFailedIndexes'), maxFailedIndexes, 'must be less than or equal to completions');
  if ((maxFailedIndexes ?? 0) > manyCompletions) mistakes.invalid(at.child('maxFailedIndexes'), maxFailedIndexes, atMost(manyCompletions));
  if ((completions ?? 0) <= manyCompletions || backoffLimitPerIndex === undefined) return;
  const why = ` when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) mistakes.required(at.child('maxFailedIndexes'), `must be specified when completions is above ${manyCompletions}`);
  if (parallelism > 10_000) mistakes.invalid(at.child('parallelism'), parallelism, atMost(10_000, why));
  if ((maxFailedIndexes ?? 0) > 10_000) mistakes.invalid(at.child('maxFailedIndexes'), maxFailedIndexes, atMost(10_000, why));
}

function validateReplacementPolicy(mistakes: Mistakes, { podReplacementPolicy: policy, podFailurePolicy }: JobSpec, at: FieldPath): void {
  if (policy === undefined) return;
  const allowed = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  if (!allowed.includes(policy)) mistakes.notSupported(at, policy, allowed);
}

function validateRestartPolicy(mistakes: Mistakes, { template, podFailurePolicy }: JobSpec, at: FieldPath): void {
  const policy = template?.spec?.restartPolicy ?? '';
  if (policy === 'Always' || policy === '') mistakes.required(at, 'valid values: "OnFailure", "Never"');
  else if (policy !== 'OnFailure' && policy !== 'Never') mistakes.notSupported(at, policy, ['OnFailure', 'Never']);
  else if (podFailurePolicy && policy !== 'Never') mistakes.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified');
}

/** ValidateJob and ValidateJobUpdate. */
export function validateJobUpdate(next: Job, previous: Readonly<Job>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    const [after, before] = [next.spec as JobSpec, previous.spec as JobSpec];
    const frozen = (field: keyof JobSpec, value: unknown, old: unknown): void => mistakes.immutable(specPath.child(field), value, semanticEqual(value, old));
    if (after.completionMode !== 'Indexed') frozen('completions', after.completions, before.completions);
    else if (after.completions !== undefined && after.completions !== before.completions && after.completions !== after.parallelism)
      mistakes.invalid(specPath.child('completions'), after.completions, 'can only be modified in tandem with spec.parallelism');
    mistakes.immutable(specPath.child('selector'), goSelector(after.selector), semanticEqual(after.selector, before.selector));
    frozen('template', after.template, mayReschedule(previous) ? withSchedulingOf(before, after) : before.template);
    for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const)
      frozen(field, after[field], before[field]);
  });
  return [...validateJob(next), ...frozen];
}

/** Where pods go may change as long as there are none. */
const mayReschedule = ({ spec, status }: Readonly<Job>): boolean => spec?.suspend === true && !status?.startTime;

function withSchedulingOf(before: JobSpec, after: JobSpec): JobSpec['template'] {
  const template = clone(before.template) as JobSpec['template'];
  const [target, source] = [(template.spec ??= { containers: [] }), after.template.spec ?? { containers: [] }];
  for (const field of ['nodeSelector', 'tolerations', 'schedulingGates'] as const) copy(target, source, field);
  for (const field of ['annotations', 'labels'] as const) copy((template.metadata ??= {}), after.template.metadata ?? {}, field);
  const affinity = { ...target.affinity };
  copy(affinity, source.affinity ?? {}, 'nodeAffinity');
  if (Object.keys(affinity).length > 0) target.affinity = affinity;
  else delete target.affinity;
  return template;
}

function copy<T extends object, K extends keyof T>(target: T, source: T, field: K): void {
  if (source[field] === undefined) delete target[field];
  else target[field] = source[field];
}
