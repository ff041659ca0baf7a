import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadProtobufSchema } from '../codec/protobuf-schema.ts';
import { deepFreeze } from '../deep.ts';
import { goOrderOf, inGoOrder, inOrderOfKind } from './go-order.ts';

const schema = loadProtobufSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/protobuf.json', import.meta.url), 'utf8')));

/** The text of an object of a kind in order; the object itself must stay as it is. */
function ordered(group: string, version: string, kind: string, object: object): string {
  const order = goOrderOf(schema, { group, version, kind });
  return JSON.stringify(order && inGoOrder(order, deepFreeze(object)));
}

test('fields stand as in the struct, those of inlined structs in their place, and keys of maps are sorted', () => {
  const container = { volumeMounts: [{ mountPath: '/', name: 'v' }], resources: { limits: { memory: '1', cpu: '2' } }, image: 'i', name: 'c' };
  const volume = { projected: { defaultMode: 1, sources: [{ configMap: { items: [{ path: 'b', key: 'a' }], optional: true, name: 'm' } }] }, name: 'v' };
  const pod = {
    status: { podIP: '1', phase: 'Running' },
    spec: { nodeName: 'n', containers: [{ name: 'plain' }, container], volumes: [volume] },
    metadata: { labels: { b: '1', a: '2' }, name: 'p' },
    apiVersion: 'v1',
    kind: 'Pod',
  };
  expect(ordered('', 'v1', 'Pod', pod)).toBe(
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"a":"2","b":"1"}},"spec":{"volumes":[{"name":"v","projected":{"sources":[{"configMap":{"name":"m",' +
      '"items":[{"key":"a","path":"b"}],"optional":true}}],"defaultMode":1}}],"containers":[{"name":"plain"},{"name":"c","image":"i","resources":{"limits":{"cpu":"2",' +
      '"memory":"1"}},"volumeMounts":[{"name":"v","mountPath":"/"}]}],"nodeName":"n"},"status":{"phase":"Running","podIP":"1"}}',
  );
});

test('structs that name a kind of their own have it where the struct has it', () => {
  const spec = { claimRef: { name: 'a', apiVersion: 'v1', kind: 'K' }, nfs: { path: '/', server: 's' }, capacity: { storage: '1' } };
  expect(ordered('', 'v1', 'PersistentVolume', { spec })).toBe(
    '{"spec":{"capacity":{"storage":"1"},"nfs":{"server":"s","path":"/"},"claimRef":{"kind":"K","name":"a","apiVersion":"v1"}}}',
  );
  const claims = { spec: { volumeClaimTemplates: [{ spec: {}, metadata: { name: 'a' }, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }] } };
  expect(ordered('apps', 'v1', 'StatefulSet', claims)).toBe(
    '{"spec":{"volumeClaimTemplates":[{"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"name":"a"},"spec":{}}]}}',
  );
});

test('schemas of custom resources are in order however deep they are, and values within them are sorted', () => {
  const schemaOf = (items: unknown) => ({
    properties: { b: { items, type: 'array' }, a: { default: { z: [{ b: 1, a: 2 }], y: 1 }, type: 'object' } },
    type: 'object',
  });
  const definition = { spec: { versions: [{ schema: { openAPIV3Schema: schemaOf([schemaOf({ enum: [{ d: 1, c: 2 }], additionalProperties: false })]) } }] } };
  const text = (items: string) =>
    `{"type":"object","properties":{"a":{"type":"object","default":{"y":1,"z":[{"a":2,"b":1}]}},"b":{"type":"array","items":${items}}}}`;
  expect(ordered('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', definition)).toBe(
    `{"spec":{"versions":[{"schema":{"openAPIV3Schema":${text(`[${text('{"enum":[{"c":2,"d":1}],"additionalProperties":false}')}]`)}}}]}}`,
  );
});

test('raw objects and sets of fields stay as they came, and what a struct does not have comes last', () => {
  const managed = { fieldsV1: { 'f:z': {}, 'f:a': {} } };
  const revision = { revision: 1, data: { z: 1, a: 2 }, unknown: 1, metadata: { managedFields: [managed], name: 'r' } };
  expect(ordered('apps', 'v1', 'ControllerRevision', revision)).toBe(
    '{"metadata":{"name":"r","managedFields":[{"fieldsV1":{"f:z":{},"f:a":{}}}]},"data":{"z":1,"a":2},"revision":1,"unknown":1}',
  );
});

test('keys that JavaScript knows are keys like any other, and odd values are left alone', () => {
  const data = JSON.parse('{"data":{"b":"1","__proto__":"2","a":"3"},"metadata":null,"binaryData":[1]}') as object;
  expect(ordered('', 'v1', 'ConfigMap', data)).toBe('{"metadata":null,"data":{"__proto__":"2","a":"3","b":"1"},"binaryData":[1]}');
});

test('what is in order is the very same, and so are parts that another object in order has too', () => {
  const order = goOrderOf(schema, { group: '', version: 'v1', kind: 'Pod' })!;
  const pod = { kind: 'Pod', metadata: { name: 'p', labels: { a: '1', b: '2' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  expect(inGoOrder(order, pod)).toBe(pod);
  const [spec, other] = [{ nodeName: 'n', containers: [] }, { metadata: { labels: { b: '1', a: '2' } } }];
  expect(inGoOrder(order, { ...other, spec }, { spec }).spec).toBe(spec);
  expect(inGoOrder(order, { spec }).spec).toEqual(spec);
  expect(inGoOrder(order, { spec }).spec).not.toBe(spec);
});

test('an object of a kind that nobody knows is the very same', () => {
  const object = { kind: 'Widget', apiVersion: 'example.com/v1', b: { d: 1, c: 1 } };
  expect(inOrderOfKind(schema, object)).toBe(object);
});
