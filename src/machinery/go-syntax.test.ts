import { expect, test } from 'vitest';
import { invalidValue } from './field-error.ts';
import { goBytes, goIntOrString, goJsonKind, goPlain, goQuantity, goQuoted, goSelector, goStringList, goStringMap, goType } from './go-syntax.ts';

test('values that are no texts are told in Go’s own syntax', () => {
  const told = (value: unknown): string => invalidValue('f', value, 'why').body();
  expect(told(goStringMap({ b: '2', a: '1' }))).toBe('Invalid value: map[string]string{"a":"1", "b":"2"}: why');
  expect(told(goStringMap(undefined))).toBe('Invalid value: map[string]string(nil): why');
  expect(told(goStringList(['a', 'b'], '[]core.Mode'))).toBe('Invalid value: []core.Mode{"a", "b"}: why');
  expect(told(goIntOrString(0))).toBe('Invalid value: intstr.IntOrString{Type:0, IntVal:0, StrVal:""}: why');
  expect(told(goIntOrString('5%'))).toBe('Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"5%"}: why');
  expect(told(goSelector({ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }))).toBe(
    'Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement{v1.LabelSelectorRequirement{Key:"a", Operator:"In", Values:[]string{"b"}}}}: why',
  );
});

test('quantities are printed as Go holds them', () => {
  const held = (value: number, scale: number, text: string, format: string) =>
    `resource.Quantity{i:resource.int64Amount{value:${value}, scale:${scale}}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"${text}", Format:"${format}"}`;
  expect(goQuantity('2').text).toBe(held(2, 0, '2', 'DecimalSI'));
  expect(goQuantity('500m').text).toBe(held(500, -3, '500m', 'DecimalSI'));
  expect(goQuantity('100Gi').text).toBe(held(107374182400, 0, '100Gi', 'BinarySI'));
  expect(goQuantity('1k', false).text).toBe(held(1, 3, '', 'DecimalSI'));
});

test('bytes are printed in hexadecimal', () => {
  expect([goBytes('Zm8K'), goBytes(''), goBytes(undefined)].map((one) => one.text)).toEqual(['[]byte{0x66, 0x6f, 0xa}', '[]byte{}', '[]byte(nil)']);
});

test('a pointer to nothing is the text "null"', () => {
  expect(invalidValue('f', goSelector(undefined), 'why').body()).toBe('Invalid value: "null": why');
});

test('decoded JSON is printed as %v and %q print it, and its kinds and types are called as Go calls them', () => {
  const value = { b: [1, 'x', null], a: { c: true } };
  expect(goPlain(value)).toBe('map[a:map[c:true] b:[1 x <nil>]]');
  expect(goQuoted(['a', 'b"'])).toBe('["a" "b\\""]');
  const all = [[], {}, 'a', 1, 1.5, true];
  expect([...all, null].map(goJsonKind)).toEqual(['array', 'object', 'string', 'number', 'number', 'bool', 'null']);
  expect(all.map(goType)).toEqual(['[]interface {}', 'map[string]interface {}', 'string', 'int64', 'float64', 'bool']);
});
