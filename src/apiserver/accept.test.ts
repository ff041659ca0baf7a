import { expect, test } from 'vitest';
import { acceptedType, parseAccept } from './accept.ts';

test('clauses are read without the blanks around their parts, however many there are', () => {
  const [clause] = parseAccept('  application/json ; as = Table ;q=0.5');
  expect(clause).toMatchObject({ type: 'application', subtype: 'json', quality: 0.5 });
  expect(clause?.parameters.get('as')).toBe('Table');
  expect(parseAccept(`a${' '.repeat(500_000)}b`)).toEqual([]);
  expect(acceptedType('text/plain, application/*', ['application/json'])).toBe('application/json');
});
