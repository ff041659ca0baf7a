import { expect, test } from 'vitest';
import { deepFreeze } from './deep.ts';
import { objectJson } from './object-json.ts';

const entry = (time: string) => ({
  manager: 'a',
  operation: 'Update',
  apiVersion: 'v1',
  time,
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:data': { '.': {}, 'f:"ü"': {} } },
});

test('objects are written as JSON.stringify writes them, whatever is in them', () => {
  const odd = JSON.parse(
    '{"__proto__":{"a":1},"1":[null,-0,1.5e300],"\\"\\u2028\\ud800":"\\n\\ud83d","metadata":{"managedFields":[null,1,{}],"labels":{}}}',
  ) as object;
  const objects: object[] = [
    {},
    odd,
    { metadata: null, spec: undefined, status: { conditions: [undefined] } },
    { metadata: [1], managedFields: [entry('1')] },
    { kind: 'Pod', metadata: { name: 'a', managedFields: undefined }, spec: {} },
    { metadata: { managedFields: [entry('1'), entry('2')] } },
  ];
  for (const object of [...objects, ...objects.map((one) => deepFreeze(structuredClone(one)))]) {
    for (let turn = 0; turn < 3; turn += 1) expect(objectJson(object)).toBe(JSON.stringify(object));
  }
});

test('parts that objects share are written into each of them, and what was changed is written as it is', () => {
  const spec = deepFreeze({ containers: [{ name: 'a', image: 'é' }] });
  const owner = deepFreeze(entry('1'));
  const loose = { replicas: 1 };
  const make = (name: string) => ({ kind: 'Pod', metadata: { name, managedFields: [owner, deepFreeze({ ...owner, time: name })] }, spec, loose });
  for (const name of ['a', 'b', 'c', 'd']) {
    loose.replicas += 1;
    expect(objectJson(make(name))).toBe(JSON.stringify(make(name)));
    expect(objectJson({ loose })).toBe(JSON.stringify({ loose }));
  }
});

test('what is remembered is limited', () => {
  const long = 'x'.repeat(100_000);
  const specs = Array.from({ length: 30 }, (_, index) => deepFreeze({ index, long }));
  for (const spec of [...specs, ...specs]) {
    for (let turn = 0; turn < 3; turn += 1) expect(objectJson({ spec })).toBe(JSON.stringify({ spec }));
  }
});
