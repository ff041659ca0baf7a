import { expect, test } from 'vitest';
import { parseFieldSelector } from './fields.ts';
import { parseLabelSelector } from './label-parser.ts';
import { matchesLabels } from './labels.ts';

test('label selectors are read as the real server reads them', () => {
  const labels = { list: 'even', n: '3' };
  const cases: [string, boolean][] = [
    ['', true],
    ['list=even', true],
    [' list == even ', true],
    ['list!=even', false],
    ['other!=x', true],
    ['list in (even,odd),n>2', true],
    ['list notin (odd)', true],
    ['list', true],
    ['!list', false],
    ['n<3', false],
    ['list=', false],
    ['in in (a)', false],
  ];
  for (const [text, expected] of cases) expect(matchesLabels(parseLabelSelector(text), labels), text).toBe(expected);
});

test('broken label selectors are refused in upstream’s words', () => {
  const cases: [string, string][] = [
    ['a b c', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
  ];
  for (const [text, message] of cases) expect(() => parseLabelSelector(text), text).toThrow(message);
  expect(() => parseLabelSelector('a=-bad-')).toThrow(
    'unable to parse requirement: values[0][a]: Invalid value: "-bad-": a valid label must be an empty string',
  );
});

test('field selectors split at the first operator and honour escapes', () => {
  expect(parseFieldSelector('a!=b,c==d,e=f\\,g')).toEqual([
    { field: 'a', value: 'b', negated: true },
    { field: 'c', value: 'd', negated: false },
    { field: 'e', value: 'f,g', negated: false },
  ]);
  expect(() => parseFieldSelector('bogus')).toThrow("invalid selector: 'bogus'; can't understand 'bogus'");
});

test('a field selector with nothing on either side of its sign asks for nothing', () => {
  for (const text of ['=', '!=', '==', ',=,']) expect(parseFieldSelector(text), text).toEqual([]);
  expect(parseFieldSelector('=a,b=')).toEqual([
    { field: '', value: 'a', negated: false },
    { field: 'b', value: '', negated: false },
  ]);
});

test('the first in order of several broken requirements is told, not the first in the text', () => {
  expect(() => parseFieldSelector('zzz,aaa')).toThrow("can't understand 'aaa'");
});
