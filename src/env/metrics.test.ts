import { expect, test } from 'vitest';
import { exponentialBounds, linearBounds, Metrics } from './metrics.ts';

const told = async (metrics: Metrics) =>
  (await Promise.all(metrics.families().map(async ({ name, samples }) => (await samples()).map(({ labels, value }) => [name, labels, value])))).flat();

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
  const [family] = metrics.families();
  expect(await family?.samples()).toEqual([{ labels: { of: 'x' }, value: 3, histogram: { bounds: [0.1, 1], buckets: [1, 1], sum: 3.6 } }]);
  metrics.reset();
  expect(await told(metrics)).toEqual([]);
});

test('a number without labels is told before anybody has counted', async () => {
  const metrics = new Metrics();
  metrics.counters('errors', '');
  metrics.histograms('took', '', [], [1]);
  expect(await told(metrics)).toEqual([
    ['errors', {}, 0],
    ['took', {}, 0],
  ]);
});

test('bounds are the numbers that Go comes to, which are written out as labels', () => {
  expect(exponentialBounds(1e-8, 10, 5)).toEqual([1e-8, 1e-7, 1e-6, 9.999999999999999e-6, 9.999999999999999e-5]);
  expect(linearBounds(50_000, 100_000, 3)).toEqual([50_000, 150_000, 250_000]);
});
