import { expect, test } from 'vitest';
import { exponentialBounds, Metrics } from './metrics.ts';

const told = async (metrics: Metrics) =>
  (
    await Promise.all(
      metrics.families().map(async ({ name, samples }) => (await samples()).map(({ labels, value, suffix = '' }) => [name + suffix, labels, value])),
    )
  ).flat();

test('who asks for a counter by its name counts together with all others who have', async () => {
  const metrics = new Metrics();
  metrics.counters('adds', '', ['name']).add(1, 'a');
  const add = metrics.counters('adds', '', ['name']).adder('a');
  metrics.counters('adds', '', ['name']).adder('never');
  add(2);
  metrics.gauge('depth', '', () => [{ labels: { name: 'a' }, value: 0 }]);
  metrics.gauge('depth', '', () => [{ labels: { name: 'b' }, value: 7 }]);
  metrics.gauge('depth', '', () => [{ labels: { name: 'b' }, value: 1 }]);
  expect(await told(metrics)).toEqual([
    ['adds', { name: 'a' }, 3],
    ['depth', { name: 'a' }, 0],
    ['depth', { name: 'b' }, 8],
  ]);
  metrics.reset();
  add(1);
  expect((await told(metrics))[0]).toEqual(['adds', { name: 'a' }, 1]);
});

test('a histogram counts what is at most as much as each bound', async () => {
  const metrics = new Metrics();
  const observe = metrics.histograms('took', '', ['of'], exponentialBounds(0.1, 10, 2)).observer('x');
  for (const value of [0.1, 0.5, 3]) observe(value);
  expect(await told(metrics)).toEqual([
    ['took_bucket', { of: 'x', le: '0.1' }, 1],
    ['took_bucket', { of: 'x', le: '1' }, 2],
    ['took_bucket', { of: 'x', le: '+Inf' }, 3],
    ['took_sum', { of: 'x' }, 3.6],
    ['took_count', { of: 'x' }, 3],
  ]);
  metrics.reset();
  expect(await told(metrics)).toEqual([]);
});
