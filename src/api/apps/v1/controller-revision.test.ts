import { expect, test } from 'vitest';
import type { ControllerRevision } from '../../../../generated/types/index.ts';
import { validateControllerRevision, validateControllerRevisionUpdate } from './controller-revision.ts';

test('a revision holds an object, which stays as it is', () => {
  const of = (data: unknown, revision = 1): ControllerRevision => ({ data: data as never, revision });
  expect(validateControllerRevision(of({}))).toEqual([]);
  expect(validateControllerRevision(of(undefined)).map(String)).toEqual(['data: Required value: data is mandatory']);
  expect(validateControllerRevision(of(['a'])).map(String)).toEqual(['data: Required value: data must be a valid JSON object']);
  expect(validateControllerRevisionUpdate(of({ a: 1 }, 2), of({ a: 1 }))).toEqual([]);
  expect(validateControllerRevisionUpdate(of('-'), of({})).map(String)).toEqual([
    'data: Invalid value: runtime.RawExtension{Raw:[]uint8{0x22, 0x2d, 0x22}, Object:runtime.Object(nil)}: field is immutable',
  ]);
  expect(validateControllerRevisionUpdate(of(undefined), of({})).map(String)).toEqual([
    'data: Invalid value: runtime.RawExtension{Raw:[]uint8(nil), Object:runtime.Object(nil)}: field is immutable',
  ]);
});

test('keys that are numbers, beside which all keys are shown sorted, make no revision another one', () => {
  const [stored, shown] = [JSON.parse('{"0":0," ":"","":null}'), JSON.parse('{"0":0,"":null," ":""}')];
  expect(validateControllerRevisionUpdate({ data: shown, revision: 1 }, { data: stored, revision: 1 })).toEqual([]);
});
