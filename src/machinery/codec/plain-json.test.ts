import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countKeys } from '../deep.ts';
import { findDuplicateKeys, findDuplicateYamlKeys, mayRepeatKeys, parseYaml } from './index.ts';

/** What a line break in front keeps from being read as JSON. */
const asYaml = (text: string): unknown => {
  try {
    return parseYaml(`\n${text}`, { lastKeyWins: true });
  } catch (error) {
    return `refused: ${(error as Error).message.replace(/line \d+/, 'line')}`;
  }
};

const asSent = (text: string): unknown => {
  try {
    return parseYaml(text, { lastKeyWins: true });
  } catch (error) {
    return `refused: ${(error as Error).message.replace(/line \d+/, 'line')}`;
  }
};

test('YAML that is JSON means the same as it means to a reader of YAML', () => {
  const values = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 1, 4), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(asSent(text)).toEqual(asYaml(text));
    }),
    { seed: 7, numRuns: 150 },
  );
});

test('numbers, keys and texts that the two languages read differently are read as YAML', () => {
  const texts = [
    '{"a":1e5}',
    '{"a":1E-2}',
    '{"a":0e1}',
    '{"a":-0}',
    '{"a":-0.0}',
    '{"a":[-0,12345678901234567890,0.1,1.50,-2.5e3,123456789012345]}',
    '{"<<":{"b":1},"b":2}',
    '{"a" :1}',
    '{"a"\n:1}',
    '{"a":1,"a":2}',
    '{"a":"\\/ \\ud83d\\ude00 \\u0085"}',
    '{"a":"\u0085 \u2028 \ufeff"}',
    '{"a":\t1}',
    '{"a":"no": 1}',
    '{"a":1} # a comment',
    '{"a":1}\n---\n{"b":2}',
    '{"a":tru}',
    '{"a":*b}',
    `{"${'k'.repeat(1100)}":1}`,
    '{',
  ];
  for (const text of texts) expect(asSent(text), text).toEqual(asYaml(text));
});

test('a text that cannot repeat a key is known by how many keys its value has', () => {
  const repeats = (text: string): boolean => mayRepeatKeys(text, countKeys(JSON.parse(text)));
  for (const text of ['{}', '{"a":1}', '{ "a" : {"b": [1, {"c":"x:"}]} }', '{"a":"x:y","b":{"a":"\\"quoted\\""}}']) expect(repeats(text), text).toBe(false);
  for (const text of ['{"a":1,"a":2}', '{"a":1,"a" \n :2}', '{"a":{"b":1,"b":1}}', '{"a":[{"b":1,"\\u0062":1}]}']) {
    expect(repeats(text), text).toBe(true);
    expect(findDuplicateKeys(text), text).not.toEqual([]);
  }
  expect(findDuplicateYamlKeys('{"a":1,"b":{"a":2}}')).toEqual([]);
  expect(findDuplicateYamlKeys('{"a":1,"a":2}')).toHaveLength(1);
});
