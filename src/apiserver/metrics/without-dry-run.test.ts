import { expect, test } from 'vitest';
import { withoutDryRun } from './without-dry-run.ts';

test('dry runs and others are one series, each part of a histogram for itself', async () => {
  const sample = (suffix: string, dry_run: string, value: number, le?: string) => ({ suffix, value, labels: { verb: 'POST', dry_run, ...(le ? { le } : {}) } });
  const samples = [sample('_bucket', '', 1, '5'), sample('_bucket', 'All', 2, '5'), sample('_bucket', '', 3, '+Inf'), sample('_count', '', 4)];
  const family = withoutDryRun({ name: 'a', help: 'b', type: 'histogram', samples: () => samples });
  expect(family).toMatchObject({ name: 'a', help: 'b', type: 'histogram' });
  expect(await family.samples()).toEqual([
    { suffix: '_bucket', value: 3, labels: { verb: 'POST', le: '5' } },
    { suffix: '_bucket', value: 3, labels: { verb: 'POST', le: '+Inf' } },
    { suffix: '_count', value: 4, labels: { verb: 'POST' } },
  ]);
});
