import { expect, test } from 'vitest';
import { canonicalQuantity, compareQuantities, parseQuantity, quantityMilli, quantityValue } from './quantity.ts';
import { goDuration, humanDuration } from './time.ts';

test('quantities keep their family of suffixes and take the largest that fits', () => {
  const cases: [string | number, string][] = [
    ['100m', '100m'],
    ['0.1', '100m'],
    ['1000m', '1'],
    ['1024Ki', '1Mi'],
    ['1.5Gi', '1536Mi'],
    ['1500M', '1500M'],
    ['2000M', '2G'],
    ['1e3', '1e3'],
    [2, '2'],
    ['0', '0'],
    ['-5k', '-5k'],
    ['0.5Ki', '512'],
    ['123456789', '123456789'],
    ['1.0000000001', '1000000001n'],
  ];
  for (const [given, canonical] of cases) expect(canonicalQuantity(given), String(given)).toBe(canonical);
  for (const wrong of ['', 'abc', '1.2.3', '5KB', '1ee3', '--1', '1 Gi']) expect(parseQuantity(wrong), wrong).toBeUndefined();
  // Upstream takes what has no digits for nothing.
  for (const nothing of ['.', '-', 'k', '-Ki', 'e3']) expect(canonicalQuantity(nothing), nothing).toBe('0');
  expect(quantityValue('1.5')).toBe(2);
  expect(quantityMilli('0.0001')).toBe(1);
  expect(compareQuantities('1Gi', '1G')).toBe(1);
});

test('ages print as kubectl prints them', () => {
  const cases: [number, string][] = [
    [-2000, '<invalid>'],
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [150_000, '2m30s'],
    [600_000, '10m'],
    [10_799_000, '179m'],
    [10_800_000, '3h'],
    [5 * 3_600_000 + 300_000, '5h5m'],
    [47 * 3_600_000, '47h'],
    [48 * 3_600_000, '2d'],
    [51 * 3_600_000, '2d3h'],
    [400 * 86_400_000, '400d'],
    [800 * 86_400_000, '2y70d'],
  ];
  for (const [ms, text] of cases) expect(humanDuration(ms), String(ms)).toBe(text);
  expect(goDuration(1500)).toBe('1.5s');
  expect(goDuration(90_000)).toBe('1m30s');
  expect(goDuration(250)).toBe('250ms');
});
