import { expect, test } from 'vitest';
import type { LimitRange, LimitRangeItem } from '../../../../generated/types/index.ts';
import { goQuantity } from '../../../machinery/go-syntax.ts';
import { validateLimitRange } from './limit-range.ts';

const mistakes = (...limits: object[]): string[] =>
  validateLimitRange({ metadata: { name: 'l' }, spec: { limits: limits as LimitRangeItem[] } } as LimitRange).map(String);

test('bounds that contradict each other are refused, with the one that upstream takes for the wrong one', () => {
  expect(mistakes({ type: 'Container', min: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '3' }, max: { cpu: '500m' } })).toEqual([
    `spec.limits[0].min[cpu]: Invalid value: ${goQuantity('2')}: min value 2 is greater than max value 500m`,
    `spec.limits[0].defaultRequest[cpu]: Invalid value: ${goQuantity('3')}: default request value 3 is greater than max value 500m`,
    `spec.limits[0].defaultRequest[cpu]: Invalid value: ${goQuantity('3')}: default request value 3 is greater than default limit value 1`,
    `spec.limits[0].default[cpu]: Invalid value: ${goQuantity('2')}: min value 2 is greater than default value 1`,
    `spec.limits[0].default[cpu]: Invalid value: ${goQuantity('500m')}: default value 1 is greater than max value 500m`,
  ]);
});

test('a ratio is at least one, and no larger than the bounds allow', () => {
  const at = 'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value';
  expect(mistakes({ type: 'Container', maxLimitRequestRatio: { cpu: '500m' } })).toEqual([`${at}: ${goQuantity('500m')}: ratio 500m is less than 1`]);
  expect(mistakes({ type: 'Container', min: { cpu: '1' }, max: { cpu: '4' }, maxLimitRequestRatio: { cpu: '5' } })).toEqual([
    `${at}: ${goQuantity('5')}: ratio 5 is greater than max/min = 4.000000`,
  ]);
  expect(mistakes({ type: 'Container', min: { cpu: '1' }, max: { cpu: '4' }, maxLimitRequestRatio: { cpu: '4' } })).toEqual([]);
});

test('names of types and resources are checked, and those of resources printed without quotes', () => {
  const standard = 'Invalid value: foo: must be a standard resource';
  expect(mistakes({ type: 'Pod', max: { foo: '4' } }, { type: 'Pod' }, { type: 'a/b', max: { foo: '4' } }, { type: 'Bogus' }, {})).toEqual([
    `spec.limits[0].max[foo]: ${standard} type or fully qualified`,
    `spec.limits[0].max[foo]: ${standard} for containers`,
    'spec.limits[1].type: Duplicate value: "Pod"',
    `spec.limits[2].max[foo]: ${standard} type or fully qualified`,
    'spec.limits[3].type: Invalid value: "Bogus": must be a standard limit type or fully qualified',
    'spec.limits[4].type: Invalid value: "": name part must be non-empty',
    expect.stringContaining('spec.limits[4].type: Invalid value: "": name part must consist of alphanumeric characters'),
  ]);
});
