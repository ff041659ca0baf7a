import { expect, test } from 'vitest';
import { pemBlocks } from './pem.ts';

const block = (type: string, data = 'aGVsbG8=') => `-----BEGIN ${type}-----\n${data}\n-----END ${type}-----\n`;
const types = (text: string) => [...pemBlocks(text)].map((one) => one.type);

test('blocks are found in order, whatever stands around them', () => {
  const found = [...pemBlocks(`# a comment\n${block('A')}words\r\n${block('B', 'aGVs\r\nbG8=')}`)];
  expect(found.map(({ type, bytes, hasHeaders }) => [type, bytes.toString(), hasHeaders])).toEqual([
    ['A', 'hello', false],
    ['B', 'hello', false],
  ]);
  expect([...pemBlocks(block('KEY', 'Proc-Type: 4,ENCRYPTED\n\naGVsbG8='))]).toMatchObject([{ type: 'KEY', hasHeaders: true }]);
});

test('what was cut off, ends as something else, or is no base64 does not count', () => {
  expect(types(`-----BEGIN A-----\naGVs\n${block('B')}`)).toEqual(['B']);
  expect(types(`-----BEGIN A-----\naGVs\n-----END B-----\n${block('C')}`)).toEqual(['C']);
  expect(types(block('A', 'häh?') + block('B'))).toEqual(['B']);
  expect(types(`x${block('A')}`)).toEqual([]);
  expect(types(`${block('A').trim()}${block('B')}`)).toEqual([]); // Joined without a line end between them.
  expect(types('-----BEGIN A-----')).toEqual([]);
});

test('a text of nothing but beginnings, or of nothing but blanks, is read once', () => {
  expect(types('-----BEGIN A-----\n'.repeat(100_000))).toEqual([]);
  expect(types(`${'-----BEGIN A-----\n-----END B-----\n'.repeat(50_000)}${block('C')}`)).toEqual(['C']);
  expect(types(block('A', `${' '.repeat(500_000)}!`))).toEqual([]);
});
