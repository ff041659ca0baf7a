import { expect, test } from 'vitest';
import { featureGateMistakes, isEnabled } from './feature-gates.ts';

test('a gate is as in 1.33 unless somebody says otherwise', () => {
  expect(isEnabled({}, 'ImageVolume')).toBe(false);
  expect(isEnabled({ ImageVolume: true }, 'ImageVolume')).toBe(true);
});

test('lists by watch are there unless somebody says otherwise, unlike in 1.33', () => {
  expect(isEnabled({}, 'WatchList')).toBe(true);
  expect(isEnabled({ WatchList: false }, 'WatchList')).toBe(false);
});

test('gates that are unknown are refused by name, and so is turning on what is not simulated', () => {
  expect(featureGateMistakes({ ImageVolume: true, PodLevelResources: false })).toEqual([]);
  expect(featureGateMistakes({ PodLevelResources: true, Nope: false, constructor: true })).toEqual([
    'paperkube does not simulate what is behind feature gate PodLevelResources: it stays off',
    'unrecognized feature gate: Nope; paperkube has ImageVolume, WatchList',
    'unrecognized feature gate: constructor; paperkube has ImageVolume, WatchList',
  ]);
});
