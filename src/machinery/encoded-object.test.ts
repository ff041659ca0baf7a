import { expect, test } from 'vitest';
import { EncodedObject } from './encoded-object.ts';
import type { KubeObject } from './types.ts';

test('an object’s JSON is made once, in UTF-8, and made anew after it was given back', () => {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { text: 'Grüße, 世界 😀' } };
  const encoded = new EncodedObject(object);
  const first = encoded.jsonLine();
  expect(first.toString()).toBe(`${JSON.stringify(object)}\n`);
  expect(encoded.json().toString()).toBe(JSON.stringify(object));
  expect(encoded.jsonLine()).toBe(first);
  encoded.forgetJson();
  expect(encoded.jsonLine()).not.toBe(first);
  expect(encoded.jsonLine()).toEqual(first);
});

const metadata = { name: 'a"},{\\', annotations: { metadata: '{"metadata":{}}', 'ü]}': '\\"' }, finalizers: [], ownerReferences: [{ uid: '1' }] };

test.each<[string, object, object]>([
  ['between others', { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [{}] } }, metadata],
  [
    'last',
    { spec: { metadata: { name: 'inner' }, list: [1, [2], { metadata: 3 }] }, status: null, number: -1.5e9, flag: true, text: 'metadata', metadata },
    metadata,
  ],
  ['first', { metadata, kind: 'Pod' }, metadata],
  ['empty', { kind: 'Pod', metadata: {}, spec: {} }, {}],
  ['absent', { kind: 'Pod', spec: { metadata } }, {}],
  ['null', { kind: 'Pod', metadata: null }, {}],
])('the part that is the metadata is found where it is %s', (_where, object, expected) => {
  const encoded = new EncodedObject(object as KubeObject);
  expect(encoded.metadataJson().toString()).toBe(JSON.stringify(expected));
  encoded.forgetJson();
  expect(encoded.metadataJson().toString()).toBe(JSON.stringify(expected));
});

test('what Go escapes is escaped, also where only the metadata is asked for', () => {
  const encoded = new EncodedObject({ kind: 'Pod', metadata: { annotations: { '<"': '"}&' } } });
  expect(encoded.json().toString()).toBe('{"kind":"Pod","metadata":{"annotations":{"\\u003c\\"":"\\"}\\u0026"}}}');
  expect(encoded.metadataJson().toString()).toBe('{"annotations":{"\\u003c\\"":"\\"}\\u0026"}}');
});
