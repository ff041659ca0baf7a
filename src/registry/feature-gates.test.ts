import { expect, test } from 'vitest';
import { featureGateMistakes, isEnabled } from './feature-gates.ts';

test('a gate is as in 1.33 unless somebody says otherwise', () => {
  expect(isEnabled({}, 'ImageVolume')).toBe(false);
  expect(isEnabled({ ImageVolume: true }, 'ImageVolume')).toBe(true);
});

test('gates that are unknown are refused by name, and so is turning on what is not simulated', () => {
  expect(featureGateMistakes({ ImageVolume: true, PodLevelResources: false })).toEqual([]);
  expect(featureGateMistakes({ PodLevelResources: true, Nope: false, constructor: true })).toEqual([
    'paperkube does not simulate what is behind feature gate PodLevelResources: it stays off',
    'unrecognized feature gate: Nope; paperkube has ImageVolume',
    'unrecognized feature gate: constructor; paperkube has ImageVolume',
  ]);
});
