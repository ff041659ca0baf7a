import { expect, test } from 'vitest';
import { goJson } from './go-json.ts';
import { parseJson } from './json.ts';

test('what means something in HTML is escaped in texts and keys, wherever it stands', () => {
  expect(goJson({ 'a<': '>&', list: ['\u2028', { '\u2029': '\\u003c' }] })).toBe('{"a\\u003c":"\\u003e\\u0026","list":["\\u2028",{"\\u2029":"\\\\u003c"}]}');
  expect(goJson({ a: '&' }, 2)).toBe('{\n  "a": "\\u0026"\n}');
});

test('other characters are written as they are', () => {
  const text = "é世😀\u007f\u0080\ufffd'/`\u00a0\u2027\u202a";
  expect(goJson(text)).toBe(`"${text}"`);
  expect(goJson('\b\f\n\r\t\u0001"\\')).toBe('"\\b\\f\\n\\r\\t\\u0001\\"\\\\"');
});

test('halves of characters are read as characters that are unknown, as Go reads them', () => {
  expect(parseJson('{"a\\ud800":["\\uDC00\\ud83d\\ude00",{"b":"\\ud800\\u0041"}],"__proto__":"\\udfff"}')).toEqual(
    JSON.parse('{"a\ufffd":["\ufffd😀",{"b":"\ufffdA"}],"__proto__":"\ufffd"}'),
  );
});

test('keys that are numbers stand among the others, as texts', () => {
  const map = { 10: 'x', 9: undefined, 2: { b: [undefined, {}, []], a: null }, '-z': 'm', '.z': '<', A: 1 };
  const text = '{"-z":"m",".z":"\\u003c","10":"x","2":{"b":[null,{},[]],"a":null},"A":1}';
  expect(goJson(map)).toBe(text);
  expect(goJson([{ z: map, a: true }])).toBe(`[{"z":${text},"a":true}]`);
  expect(goJson({ '{"1': '{"2', '"{': '{ "3' })).toBe('{"{\\"1":"{\\"2","\\"{":"{ \\"3"}');
});

test('laid out for people, maps with such keys look like others', () => {
  const laidOut = (key: string): string => goJson({ list: [{ [key]: { deep: [1, {}], none: [] } }, 'x'] }, 2);
  expect(laidOut('1')).toBe(laidOut('a').replace('"a"', '"1"'));
});
