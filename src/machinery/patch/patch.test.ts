import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deepFreeze } from '../deep.ts';
import { loadSchema } from '../schema/index.ts';
import { StatusError } from '../status-error.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from './index.ts';

const schema = loadSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/defs.json', import.meta.url), 'utf8')));
const pod = { group: '', version: 'v1', kind: 'Pod' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
const service = { group: '', version: 'v1', kind: 'Service' };

/** Applies to a frozen document and tells nulls and directives apart from results. */
function strategic(gvk: typeof pod, document: object, patch: object): unknown {
  return applyStrategicMergePatch(schema, gvk, deepFreeze(document), deepFreeze(patch));
}

function codeOf(act: () => unknown): [number, string] {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('what a strategic merge does not reach is shared with the document', () => {
  const live = { metadata: { name: 'a' }, spec: { volumes: [{ name: 'v' }], containers: [{ name: 'a', image: 'a:1', env: [{ name: 'A' }] }, { name: 'b' }] } };
  const merged = strategic(pod, live, { spec: { containers: [{ name: 'a', image: 'a:2' }] } }) as typeof live;
  expect(merged.spec.containers[0]).toEqual({ ...live.spec.containers[0], image: 'a:2' });
  expect(merged.metadata).toBe(live.metadata);
  expect(merged.spec.volumes).toBe(live.spec.volumes);
  expect(merged.spec.containers[0]?.env).toBe(live.spec.containers[0]?.env);
  expect(merged.spec.containers[1]).toBe(live.spec.containers[1]);
});

test('strategic merge joins containers by name and keeps the order of the live list', () => {
  const live = {
    spec: {
      containers: [
        { name: 'a', image: 'a:1', env: [{ name: 'A', value: '1' }] },
        { name: 'b', image: 'b:1' },
      ],
    },
  };
  expect(strategic(pod, live, { spec: { containers: [{ name: 'b', image: 'b:2' }] } })).toEqual({
    spec: {
      containers: [
        { name: 'a', image: 'a:1', env: [{ name: 'A', value: '1' }] },
        { name: 'b', image: 'b:2' },
      ],
    },
  });
});

test('what a patch adds to a merged list comes first, as upstream orders it', () => {
  const live = { metadata: { finalizers: ['one', 'two'] }, spec: { containers: [{ name: 'a' }] } };
  expect(strategic(pod, live, { metadata: { finalizers: ['three'] }, spec: { containers: [{ name: 'z' }] } })).toEqual({
    metadata: { finalizers: ['three', 'one', 'two'] },
    spec: { containers: [{ name: 'z' }, { name: 'a' }] },
  });
});

test('env entries are deleted by their key and new ones stand in their place', () => {
  const of = (env: object[]) => ({ spec: { template: { spec: { containers: [{ name: 'a', env }] } } } });
  const patch = of([
    { name: 'A', $patch: 'delete' },
    { name: 'C', value: '3' },
  ]);
  const live = of([
    { name: 'A', value: '1' },
    { name: 'B', value: '1' },
  ]);
  expect(strategic(deployment, live, patch)).toEqual(
    of([
      { name: 'C', value: '3' },
      { name: 'B', value: '1' },
    ]),
  );
});

test('the directives for maps and lists of scalars do what they say', () => {
  const live = { metadata: { labels: { l: '1', n: '1' }, finalizers: ['one', 'two', 'three'] } };
  const cases: [object, object][] = [
    [{ labels: { $patch: 'replace', only: 'this' } }, { ...live.metadata, labels: { only: 'this' } }],
    [{ labels: { $patch: 'delete' } }, { ...live.metadata, labels: {} }],
    [{ labels: { $retainKeys: ['n'], n: '2' } }, { ...live.metadata, labels: { n: '2' } }],
    [{ labels: { l: null, absent: null } }, { ...live.metadata, labels: { n: '1' } }],
    [{ '$deleteFromPrimitiveList/finalizers': ['one'] }, { ...live.metadata, finalizers: ['two', 'three'] }],
    [{ '$setElementOrder/finalizers': ['three', 'two'] }, { ...live.metadata, finalizers: ['one', 'three', 'two'] }],
    [
      { '$setElementOrder/finalizers': ['new', 'one'], finalizers: ['new'] },
      { ...live.metadata, finalizers: ['new', 'one', 'two', 'three'] },
    ],
  ];
  for (const [patch, expected] of cases) expect(strategic(pod, live, { metadata: patch }), JSON.stringify(patch)).toEqual({ metadata: expected });
});

test('retainKeys switches a volume to another source, and $setElementOrder keeps the order of kubectl apply', () => {
  const volumes = (list: object[]) => ({ spec: { volumes: list } });
  const live = volumes([
    { name: 'v', emptyDir: {} },
    { name: 'w', emptyDir: {} },
  ]);
  const patch = {
    spec: { '$setElementOrder/volumes': [{ name: 'w' }, { name: 'v' }], volumes: [{ name: 'w', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] },
  };
  expect(strategic(pod, live, patch)).toEqual(
    volumes([
      { name: 'w', hostPath: { path: '/x' } },
      { name: 'v', emptyDir: {} },
    ]),
  );
});

test('lists without a merge key are replaced, service ports merge by port', () => {
  const live = { spec: { ports: [{ port: 80, targetPort: 8080 }], externalIPs: ['1.2.3.4'] } };
  expect(strategic(service, live, { spec: { ports: [{ port: 80, nodePort: 30000 }], externalIPs: ['5.6.7.8'] } })).toEqual({
    spec: { ports: [{ port: 80, targetPort: 8080, nodePort: 30000 }], externalIPs: ['5.6.7.8'] },
  });
  const tolerations = { spec: { tolerations: [{ key: 'x' }] } };
  expect(strategic(pod, tolerations, { spec: { tolerations: [{ key: 'y' }] } })).toEqual({ spec: { tolerations: [{ key: 'y' }] } });
});

test('a whole list is replaced with a $patch: replace item', () => {
  const live = { spec: { containers: [{ name: 'a' }, { name: 'b' }] } };
  expect(strategic(pod, live, { spec: { containers: [{ name: 'c', image: 'i' }, { $patch: 'replace' }] } })).toEqual({
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
});

test('nulls and directives do not survive where there was nothing to merge with', () => {
  const patch = {
    metadata: { annotations: { a: '1', b: null } },
    spec: {
      containers: [
        { name: 'a', image: null },
        { name: 'b', $patch: 'delete' },
      ],
    },
  };
  expect(strategic(pod, {}, patch)).toEqual({ metadata: { annotations: { a: '1' } }, spec: { containers: [{ name: 'a' }] } });
});

test('strategic merge patches that make no sense fail as upstream fails', () => {
  const live = { metadata: { labels: { a: '1' } }, spec: { containers: [{ name: 'a' }] } };
  expect(codeOf(() => strategic(pod, live, { spec: { containers: [{ image: 'x' }] } }))).toEqual([
    500,
    'map: map[image:x] does not contain declared merge key: name',
  ]);
  expect(codeOf(() => strategic(pod, live, { metadata: { labels: { $patch: 'oops' } } }))).toEqual([500, 'unknown patch type: oops in map: map[$patch:oops]']);
  expect(codeOf(() => strategic(pod, live, { metadata: { labels: { $retainKeys: 'a' } } }))).toEqual([400, 'invalid patch format of retainKeys']);
});

test('maps in a struct that holds any JSON cannot be merged, texts can', () => {
  const revision = { group: 'apps', version: 'v1', kind: 'ControllerRevision' };
  const live = { data: { spec: { a: 1 }, text: 'x' }, revision: 1 };
  expect(codeOf(() => strategic(revision, live, { data: { spec: { a: 2 } } }))).toEqual([
    500,
    'unable to find api field in struct RawExtension for the json field "spec"',
  ]);
  expect(strategic(revision, live, { data: { text: 'y', more: { b: 1 } } })).toEqual({ data: { spec: { a: 1 }, text: 'y', more: { b: 1 } }, revision: 1 });
});

test('merge patch follows RFC 7386 and leaves its inputs alone', () => {
  const cases: [unknown, object, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ['text', { a: 1 }, { a: 1 }],
  ];
  for (const [document, patch, expected] of cases) expect(applyMergePatch(deepFreeze(document), deepFreeze(patch))).toEqual(expected);
  expect(codeOf(() => applyMergePatch({}, [1]))[0]).toBe(400);
});

test('JSON patch applies to frozen objects, and fails whole with one 422', () => {
  const live = deepFreeze({ metadata: { annotations: { 'a/b': '1' } }, spec: { containers: [{ name: 'a' }] } });
  const out = applyJsonPatch(live, [
    { op: 'test', path: '/metadata/annotations/a~1b', value: '1' },
    { op: 'copy', from: '/metadata/annotations/a~1b', path: '/metadata/annotations/c~0d' },
    { op: 'add', path: '/spec/containers/-', value: { name: 'b' } },
    { op: 'remove', path: '/metadata/annotations/a~1b' },
  ]);
  expect(out).toEqual({ metadata: { annotations: { 'c~d': '1' } }, spec: { containers: [{ name: 'a' }, { name: 'b' }] } });
  const refusal = [422, 'the server rejected our request due to an error in our request'];
  expect(codeOf(() => applyJsonPatch(live, [{ op: 'test', path: '/metadata/annotations/a~1b', value: '2' }]))).toEqual(refusal);
  expect(codeOf(() => applyJsonPatch(live, [{ op: 'remove', path: '/spec/nothing' }]))).toEqual(refusal);
  expect(codeOf(() => applyJsonPatch(live, { op: 'add' }))[0]).toBe(400);
});

test('an operation that does not say where, or where from, is refused like any other that does not fit', () => {
  const live = deepFreeze({ metadata: {} });
  const broken: object[] = [
    { op: 'replace', value: 1 },
    { op: 'replace', path: 5, value: 1 },
    { op: 'test', value: null },
    { op: 'copy', path: '/a' },
    { op: 'copy', path: '/a', from: 3 },
    { op: 'move', path: '/a' },
    { op: 'remove' },
  ];
  for (const operation of broken) expect(codeOf(() => applyJsonPatch(live, [operation]))[0]).toBe(422);
});

test('the object as a whole can be tested by a JSON patch, and lost, but neither added, taken away, copied nor moved into itself', () => {
  const live = deepFreeze({ metadata: { name: 'a' }, spec: {} });
  const whole: object[] = [
    { op: 'move', path: '/spec', from: '' },
    { op: 'copy', path: '/spec', from: '' },
    { op: 'add', path: '', value: {} },
    { op: 'remove', path: '' },
    { op: 'move', path: '/spec/inner', from: '/spec' },
  ];
  for (const operation of whole) expect(codeOf(() => applyJsonPatch(live, [operation]))[0]).toBe(422);
  expect(applyJsonPatch(live, [{ op: 'test', path: '', value: { metadata: { name: 'a' }, spec: {} } }])).toEqual(live);
  expect([{ a: 1 }, [1], 1, null].map((value) => applyJsonPatch(live, [{ op: 'replace', path: '', value }]))).toEqual([{}, [1], live, live]);
  expect(applyJsonPatch(live, [{ op: 'replace', path: 'anything/metadata/name', value: 'b' }]).metadata.name).toBe('b');
});

test('a JSON patch changes a set of fields as well, and leaves the stored one alone', () => {
  const live = deepFreeze({ metadata: { managedFields: [{ fieldsV1: { 'f:data': {}, 'f:type': {} } }] } });
  const out = applyJsonPatch(live, [{ op: 'remove', path: '/metadata/managedFields/0/fieldsV1/f:data' }]);
  expect(out).toEqual({ metadata: { managedFields: [{ fieldsV1: { 'f:type': {} } }] } });
  expect(live.metadata.managedFields[0]?.fieldsV1).toHaveProperty('f:data');
});
