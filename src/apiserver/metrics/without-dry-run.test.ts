import { expect, test } from 'vitest';
import type { MetricFamily } from '../../env/index.ts';
import { fromBound, withoutDryRun } from './without-dry-run.ts';

const sample = (dry_run: string, buckets: readonly number[], sum: number, value: number) => ({
  labels: { verb: 'POST', dry_run },
  value,
  histogram: { bounds: [1, 5, 10], buckets, sum },
});
const family: MetricFamily = { name: 'a', help: 'b', type: 'histogram', samples: () => [sample('', [1, 0, 2], 9, 4), sample('All', [0, 2, 0], 4, 2)] };

test('dry runs and others are one series', async () => {
  const one = withoutDryRun(family);
  expect(one).toMatchObject({ name: 'a', help: 'b', type: 'histogram' });
  expect(await one.samples()).toEqual([{ labels: { verb: 'POST' }, value: 6, histogram: { bounds: [1, 5, 10], buckets: [1, 2, 2], sum: 13 } }]);
});

test('what lay below a bound that is left out lies below the next one', async () => {
  const [one] = await fromBound(5, withoutDryRun(family)).samples();
  expect(one?.histogram).toEqual({ bounds: [5, 10], buckets: [3, 2], sum: 13 });
});
