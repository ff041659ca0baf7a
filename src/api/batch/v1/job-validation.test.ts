import { describe, expect, test } from 'vitest';
import type { CronJob, Job, JobSpec } from '../../../../generated/types/index.ts';
import { clone } from '../../../machinery/deep.ts';
import { setCronJobDefaults, validateCronJob } from './cron-job.ts';
import { generateJobSelector, setJobDefaults } from './job.ts';
import { validateJob, validateJobUpdate } from './job-validation.ts';

function job(spec: Partial<JobSpec> = {}): Job {
  const made: Job = {
    metadata: { name: 'j', namespace: 'n', uid: 'u' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }, ...spec },
  };
  setJobDefaults(made);
  if (!made.spec!.manualSelector) generateJobSelector(made);
  return made;
}

const mistakes = (next: Job): string[] => validateJob(next).map((one) => `${one.field}: ${one.body()}`);

test('a job says that its selector was not chosen by hand', () => {
  expect(job().spec!.manualSelector).toBe(false);
  expect(mistakes(job())).toEqual([]);
});

test('a selector that cannot be used is told once, not held against labels', () => {
  expect(mistakes(job({ selector: { matchExpressions: [{ key: 'a', operator: 'Odd' }] } }))).toEqual([
    'spec.selector.matchExpressions[0].operator: Invalid value: "Odd": not a valid selector operator',
  ]);
});

test('indexes that cannot be read are none, and too many failures are those that somebody asked for', () => {
  const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 1 };
  expect(mistakes(job({ ...indexed, successPolicy: { rules: [{ succeededIndexes: 'x', succeededCount: 2 }] } }))).toEqual([
    'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "x": error parsing succeededIndexes: cannot convert string to integer for index: "x"',
    'spec.successPolicy.rules[0].succeededCount: Invalid value: 2: must be less than or equal to 0 (the number of indexes in the specified succeededIndexes field)',
  ]);
  expect(mistakes(job({ ...indexed, completions: -1 }))).toEqual(['spec.completions: Invalid value: -1: must be greater than or equal to 0']);
});

describe('a changed job', () => {
  test('still has the selector and the labels that were made for it', () => {
    const next = clone(job());
    next.spec!.selector = { matchLabels: { a: 'b' } };
    next.spec!.template.metadata = {};
    const own = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name'];
    expect(validateJobUpdate(next, job()).map((one) => one.field)).toEqual([
      ...own.map((label) => `spec.template.metadata.labels[${label}]`),
      'spec.selector',
      'spec.template.metadata.labels',
      'spec.selector',
      'spec.template',
    ]);
    expect(validateJobUpdate(job({ parallelism: 5, completions: 1 }), job())).toEqual([]);
  });
});

test('a failure policy within a cron job says which status it means, within a job it need not', () => {
  const podFailurePolicy = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'X' } as never] }] };
  expect(mistakes(job({ podFailurePolicy: clone(podFailurePolicy) }))).toEqual([]);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
  const cron: CronJob = { metadata: { name: 'c' }, spec: { schedule: '* * * * *', jobTemplate: { spec: { template, podFailurePolicy } } } };
  setCronJobDefaults(cron);
  expect(validateCronJob(cron).map(String)).toEqual([
    'spec.jobTemplate.spec.podFailurePolicy.rules[0].onPodConditions[0].status: Required value: valid values: ["False" "True" "Unknown"]',
  ]);
});
