import { expect, test } from 'vitest';
import { Histograms } from '../../env/index.ts';
import { priorityLevels } from '../bootstrap/index.ts';
import { allocate } from './allocation.ts';
import { Demand } from './demand.ts';
import { LevelLoad } from './level-load.ts';
import { divideSeats, lendSeats } from './limits.ts';
import { PriorityLevel } from './priority-level.ts';
import { RetryAfter } from './retry-after.ts';

const histograms = new Histograms('load', '', [], []);
const load = new LevelLoad('any', { demand: histograms, seats: histograms, requests: histograms }, 600);
const levels = priorityLevels().map((object) => new PriorityLevel(object, load, 0));
const divided = (total: number) =>
  divideSeats(
    total,
    levels.map(({ shares }) => shares),
  );
const byName = <T>(values: readonly T[]) => Object.fromEntries(levels.map(({ name }, index) => [name, values[index] as T]));

test('the 600 seats of a server with upstream’s levels are divided as upstream divides them', () => {
  expect(byName(divided(600).map(({ nominal, least }) => [nominal, least]))).toEqual({
    exempt: [0, 0],
    'catch-all': [13, 13],
    'leader-election': [25, 25],
    system: [74, 50],
    'node-high': [98, 73],
    'workload-high': [98, 49],
    'workload-low': [245, 24],
    'global-default': [49, 24],
  });
  expect(divided(10).every(({ nominal, most }, index) => most === nominal + 10 && (nominal > 0 || levels[index]?.exempt))).toBe(true);
});

test('seats that nobody wants are lent to those who want them, and no level gets less than it needs', () => {
  const borrowers = (wanted: Readonly<Record<string, number>>) =>
    divided(600).map((limits, index) => {
      const seats = wanted[levels[index]?.name ?? ''] ?? 0;
      return { ...limits, exempt: levels[index]?.exempt ?? false, highWatermark: seats, smoothed: seats };
    });
  const current = (wanted: Readonly<Record<string, number>>) => byName(lendSeats(borrowers(wanted)).limits.map((one) => one.current));
  const idle = current({});
  expect(Object.values(idle).reduce((sum, seats) => sum + seats, 0)).toBeCloseTo(602, -1);
  expect(idle.exempt).toBe(0);
  const busy = current({ 'global-default': 500 });
  expect(busy['global-default']).toBeGreaterThan(300);
  for (const { name } of levels) expect(busy[name]).toBeGreaterThanOrEqual(byName(divided(600))[name]?.least ?? 0);
  const all = current(Object.fromEntries(levels.map(({ name }) => [name, 1000])));
  expect(all.exempt).toBe(1000);
  expect(all.system).toBe(50); // The exempt have taken everything that can be lent.
});

test('an allocation gives everybody the same fraction of what they want, but for their bounds', () => {
  const claim = (target: number, least: number, most: number) => ({ target, least, most });
  expect(allocate(100, [claim(10, 0, 1000), claim(30, 0, 1000)])).toEqual({ seats: [25, 75], fairFraction: 2.5 });
  expect(allocate(100, [claim(10, 0, 20), claim(30, 0, 1000)])?.seats.map(Math.round)).toEqual([20, 80]);
  expect(allocate(100, [claim(90, 80, 200), claim(90, 0, 200)])?.seats).toEqual([80, 20]);
  expect(allocate(10, [claim(20, 20, 30)])).toBeUndefined();
  expect(allocate(100, [claim(20, 0, 30)])).toBeUndefined();
  expect(allocate(0, [claim(0, 0, 5)])).toEqual({ seats: [0], fairFraction: 0 });
});

test('a demand that is over is forgotten slowly, in one step for many idle periods', () => {
  const [one, many] = [new Demand(0), new Demand(0)];
  for (const demand of [one, many]) {
    demand.set(40, 0);
    demand.set(0, 5000);
    demand.endPeriod(10_000, 0, 10_000);
    expect(demand).toMatchObject({ highWatermark: 40, average: 20, deviation: 20, smoothed: 40 });
  }
  for (let period = 2; period <= 31; period += 1) one.endPeriod(period * 10_000, 0, 10_000);
  many.endPeriod(20_000, 29, 10_000);
  expect(many.smoothed).toBeCloseTo(one.smoothed, 9);
  expect(many.smoothed).toBeCloseTo(40 * 0.977 ** 30, 9);
  expect([many.highWatermark, many.average, many.deviation]).toEqual([0, 0, 0]);
});

test('those turned away are told to stay away longer while they are many, and less long afterwards', () => {
  const retry = new RetryAfter();
  const flood = (second: number, times: number) => {
    for (let index = 0; index < times; index += 1) retry.note(second * 1000);
    return retry.seconds;
  };
  expect(flood(100, 10)).toBe(1);
  expect(flood(101, 10)).toBe(2);
  expect(flood(102, 10)).toBe(2); // Not again so soon.
  expect(flood(103, 10)).toBe(4);
  expect(flood(200, 1)).toBe(3);
  expect(flood(300, 1)).toBe(2);
});
