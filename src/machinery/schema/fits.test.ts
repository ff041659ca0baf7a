import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadProtobufSchema } from '../codec/protobuf-schema.ts';
import { countKeys } from '../deep.ts';
import { dropNulls, findRestoreError, findTypeError, findUnknownFields, keysIfFitting, loadSchema } from './index.ts';

const schema = loadSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/defs.json', import.meta.url), 'utf8')));
const pod = { group: '', version: 'v1', kind: 'Pod' };

const sample = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    labels: { app: 'web' },
    creationTimestamp: '2024-05-01T10:00:00Z',
    managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:spec': { '.': {}, 'f:x': {} } } }],
  },
  spec: {
    hostNetwork: false,
    containers: [
      {
        name: 'a',
        image: 'nginx:1',
        args: ['-v', ':8080'],
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: 1, memory: '1Gi' } },
        livenessProbe: { httpGet: { port: 'http', path: '/' }, periodSeconds: 5 },
      },
    ],
    volumes: [{ name: 'none', emptyDir: {} }],
  },
};

test('an object that is just what the schema says fits, and its keys are counted', () => {
  expect(keysIfFitting(schema, pod, sample)).toBe(countKeys(sample));
  const secret = { apiVersion: 'v1', kind: 'Secret', data: { a: 'eA==' } };
  expect(keysIfFitting(schema, { group: '', version: 'v1', kind: 'Secret' }, secret)).toBe(4);
});

test('wrong types, unknown fields and nulls do not fit', () => {
  const broken: object[] = [
    { spec: { containers: [{ imagee: 'x' }] } },
    { spec: { containers: [null] } },
    { spec: { containers: {} } },
    { spec: { containers: [{ args: [1] }] } },
    { spec: { containers: [{ resources: { limits: { cpu: 'lots' } } }] } },
    { spec: { priority: 1.5 } },
    { spec: { hostNetwork: 'true' } },
    { metadata: { labels: { a: null } } },
    { metadata: { creationTimestamp: 'yesterday' } },
    { metadata: { managedFields: [{ fieldsV1: null }] } },
    { prototype: 1 },
    JSON.parse('{"__proto__":{}}'),
    JSON.parse('{"constructor":{}}'),
  ];
  for (const object of broken) expect(keysIfFitting(schema, pod, object), JSON.stringify(object)).toBe(-1);
  for (const other of [null, 1, 'x', []]) expect(keysIfFitting(schema, pod, other)).toBe(-1);
  expect(keysIfFitting(schema, { group: '', version: 'v1', kind: 'Secret' }, { data: { a: 'x!' } })).toBe(-1);
  expect(keysIfFitting(schema, { group: 'no', version: 'v1', kind: 'Such' }, {})).toBe(-1);
});

test('values that are the very ones of a sound object are not looked at again, whatever stands beside them', () => {
  const unknown = { imagee: 'x' };
  const sound = { metadata: { name: 'a' }, spec: { containers: [{ name: 'a' }, unknown] } };
  expect(keysIfFitting(schema, pod, sound)).toBe(-1);
  expect(keysIfFitting(schema, pod, { ...sound, metadata: { name: 'b' } }, sound)).toBe(3);
  expect(keysIfFitting(schema, pod, { spec: { containers: [{ name: 'b' }, unknown] } }, sound)).toBe(3);
  expect(keysIfFitting(schema, pod, { spec: { containers: [unknown] } }, sound)).toBe(-1);
  expect(keysIfFitting(schema, pod, { ...sound, spec: null }, { ...sound, spec: null })).toBe(-1);
  for (const other of [null, 'x', [1]]) expect(keysIfFitting(schema, pod, { spec: { containers: [{ name: 'b' }] } }, other)).toBe(3);
});

test('of what fits, the walkers that give reasons have nothing to say', () => {
  const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('1Gi', '2024-05-01T10:00:00Z', 5, true, {}, [], [{}], { name: 'x' }));
  const paths = everyPath(sample);
  fc.assert(
    fc.property(fc.constantFrom(...paths), values, (path, value) => {
      const changed = structuredClone(sample);
      setAt(changed, path, value);
      if (keysIfFitting(schema, pod, changed) < 0) return;
      expect(findTypeError(schema, pod, changed)).toBeUndefined();
      expect(findRestoreError(schema, pod, changed, loadProtobufSchema({ messages: {} }))).toBeUndefined();
      expect(findUnknownFields(schema, pod, changed)).toEqual([]);
      expect(dropNulls(schema, pod, changed)).toBe(changed);
    }),
    { seed: 3, numRuns: 600 },
  );
});

function everyPath(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [...(path.length > 0 ? [path] : []), ...Object.entries(value).flatMap(([key, child]) => everyPath(child, [...path, key]))];
}

function setAt(object: object, path: readonly string[], value: unknown): void {
  let at = object as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path[path.length - 1]!] = value;
}
