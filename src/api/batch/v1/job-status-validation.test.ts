import { expect, test } from 'vitest';
import type { Job, JobSpec, JobStatus } from '../../../../generated/types/index.ts';
import { validateJobStatus } from './job-status-validation.ts';

const start = '2026-01-01T00:00:00Z';
const end = '2026-01-01T00:01:00Z';
const template = { spec: { containers: [{ name: 'c', image: 'busybox' }] } };
const conditions = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
const job = (status: JobStatus, spec: Partial<JobSpec> = {}): Job => ({ metadata: { name: 'j' }, spec: { completions: 3, template, ...spec }, status });

/** What is wrong with a status that comes after another one. */
const mistakes = (next: JobStatus, previous: JobStatus = {}, spec: Partial<JobSpec> = {}): string[] =>
  validateJobStatus(job(next, spec), job(previous, spec)).map(String);

test('a job that has succeeded, or failed, says all that belongs to it', () => {
  const done = { startTime: start, completionTime: end, succeeded: 3, conditions: conditions('SuccessCriteriaMet', 'Complete') };
  expect(mistakes(done)).toEqual([]);
  expect(mistakes({ startTime: start, conditions: conditions('FailureTarget', 'Failed') })).toEqual([]);
  expect(mistakes({ conditions: conditions('Complete') })).toEqual([
    'status.completionTime: Required value: completionTime is required for Complete jobs',
    'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    'status.startTime: Required value: startTime is required for finished job',
  ]);
  expect(mistakes({ ...done, active: 1, terminating: 2, uncountedTerminatedPods: { succeeded: ['u'] } })).toEqual([
    'status.active: Invalid value: 1: active>0 is invalid for finished job',
    'status.uncountedTerminatedPods: Invalid value: batch.UncountedTerminatedPods{Succeeded:[]types.UID{"u"}, Failed:[]types.UID(nil)}: ' +
      'uncountedTerminatedPods needs to be empty for finished job',
    'status.terminating: Invalid value: 2: terminating>0 is invalid for finished job',
  ]);
});

test('conditions that exclude each other are not set together', () => {
  const found = mistakes({ startTime: start, completionTime: end, conditions: conditions('Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet') });
  expect(found).toEqual([
    'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
    'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
    'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
    'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
  ]);
});

test('what is over stays over, and what has been counted stays counted', () => {
  const done = { startTime: start, completionTime: end, succeeded: 3, failed: 1, conditions: conditions('SuccessCriteriaMet', 'Complete') };
  expect(mistakes({ startTime: end, completionTime: start, succeeded: 2, conditions: conditions('SuccessCriteriaMet', 'Complete') }, done)).toEqual([
    'status.completionTime: Invalid value: 2026-01-01 00:00:00 +0000 UTC: completionTime cannot be set before startTime',
    'status.failed: Invalid value: 0: cannot decrease the failed counter',
    'status.succeeded: Invalid value: 2: cannot decrease the succeeded counter',
    'status.completionTime: Invalid value: 2026-01-01 00:00:00 +0000 UTC: completionTime cannot be mutated',
    'status.startTime: Required value: startTime cannot be removed for unsuspended job',
  ]);
  expect(mistakes({ ...done, completionTime: undefined, conditions: [] } as unknown as JobStatus, done)).toEqual([
    'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
    'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
  ]);
});

test('indexes are named in order, below the number of completions, and either completed or failed', () => {
  const indexed = { completionMode: 'Indexed', backoffLimitPerIndex: 1 };
  expect(mistakes({ completedIndexes: '0,2', failedIndexes: '1' }, {}, indexed)).toEqual([]);
  expect(mistakes({ completedIndexes: '0-2', failedIndexes: '1' }, {}, indexed)).toEqual([
    'status.failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap at index: 1',
  ]);
  expect(mistakes({ completedIndexes: '2,1', failedIndexes: '3' }, {}, indexed)).toEqual([
    'status.completedIndexes: Invalid value: "2,1": error parsing completedIndexes: non-increasing order, previous: 2, current: 1',
    'status.failedIndexes: Invalid value: "3": error parsing failedIndexes: too large index: "3"',
  ]);
  expect(mistakes({ completedIndexes: '0', failedIndexes: '1' })).toEqual([
    'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    'status.failedIndexes: Invalid value: "1": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
  ]);
});

test('a mistake that was there before is no reason to refuse what does not touch it', () => {
  const wrong = { active: 1, conditions: conditions('Failed'), completedIndexes: 'x' };
  expect(mistakes({ ...wrong, failed: 1 }, wrong)).toEqual([]);
});
