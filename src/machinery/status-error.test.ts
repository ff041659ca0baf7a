import { expect, test } from 'vitest';
import { findMistakes, required } from './field-error.ts';
import { invalid, notFound } from './status-error.ts';

const pod = { group: '', kind: 'Pod' };

test('one mistake is told bare, several in brackets, repeated ones once', () => {
  expect(invalid(pod, 'a', [required('spec.x')]).message).toBe('Pod "a" is invalid: spec.x: Required value');
  const several = invalid(pod, 'a', [required('spec.x'), required('spec.y'), required('spec.x')]);
  expect(several.message).toBe('Pod "a" is invalid: [spec.x: Required value, spec.y: Required value]');
  expect(several.status.details?.causes).toHaveLength(3);
});

test('a name is quoted as Go quotes it', () => {
  expect(notFound({ group: '', resource: 'pods' }, 'a"b\n\\').message).toBe('pods "a\\"b\\n\\\\" not found');
  expect(invalid(pod, 'a"b', [required('spec.x')]).message).toBe('Pod "a\\"b" is invalid: spec.x: Required value');
});

test('of very many mistakes, the first ones are told and the others counted', () => {
  const errors = Array.from({ length: 300_000 }, (_, index) => required(`spec.containers[${index}].name`));
  const { message, status } = invalid(pod, 'a', errors);
  expect(status.details?.causes).toHaveLength(1000);
  expect(message.endsWith('spec.containers[999].name: Required value, and 299000 more]')).toBe(true);
});

test('a validation ends once ten thousand mistakes are found, and the answer says that there may be more', () => {
  let looked = 0;
  const validate = () =>
    Array.from({ length: 300_000 }, (_, index) => {
      looked += 1;
      return required(`spec.containers[${index}].name`);
    });
  const { mistakes, isCut } = findMistakes(validate);
  expect([mistakes.length, looked, isCut]).toEqual([10_000, 10_001, true]);
  expect(invalid(pod, 'a', mistakes, isCut).message.endsWith('spec.containers[999].name: Required value, and at least 9000 more]')).toBe(true);
  expect(findMistakes(() => [required('spec.x')])).toMatchObject({ mistakes: [{ field: 'spec.x' }], isCut: false });
});

test('a validation that fails in itself is not taken for one that has found enough', () => {
  const validate = () => {
    throw new RangeError('no such thing');
  };
  expect(() => findMistakes(validate)).toThrow(RangeError);
  expect(Array.from({ length: 20_000 }, () => required('spec.x'))).toHaveLength(20_000); // Nothing counts on afterwards.
});
