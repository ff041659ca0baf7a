import { expect, test } from 'vitest';
import { required } from './field-error.ts';
import { invalid } from './status-error.ts';

const pod = { group: '', kind: 'Pod' };

test('one mistake is told bare, several in brackets, repeated ones once', () => {
  expect(invalid(pod, 'a', [required('spec.x')]).message).toBe('Pod "a" is invalid: spec.x: Required value');
  const several = invalid(pod, 'a', [required('spec.x'), required('spec.y'), required('spec.x')]);
  expect(several.message).toBe('Pod "a" is invalid: [spec.x: Required value, spec.y: Required value]');
  expect(several.status.details?.causes).toHaveLength(3);
});

test('of very many mistakes, the first ones are told and the others counted', () => {
  const errors = Array.from({ length: 300_000 }, (_, index) => required(`spec.containers[${index}].name`));
  const { message, status } = invalid(pod, 'a', errors);
  expect(status.details?.causes).toHaveLength(1000);
  expect(message.endsWith('spec.containers[999].name: Required value, and 299000 more]')).toBe(true);
});
