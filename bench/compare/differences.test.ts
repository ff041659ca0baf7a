import { expect, test } from 'vitest';
import type { CompareAnswer, CompareRequest } from './case.ts';
import type { Difference } from './differences.ts';
import { differences } from './differences.ts';

const json = (body: unknown, status = 200): CompareAnswer => ({ status, contentType: 'application/json', body });

function between(
  ours: CompareAnswer,
  theirs: CompareAnswer,
  { path = '/api/v1/pods/p', theirMinor = 33, ...more }: Partial<CompareRequest> & { theirMinor?: number } = {},
) {
  return differences({ request: { method: 'GET', path, ...more }, namespace: 'ns', theirMinor }, ours, theirs);
}

const places = (found: readonly Difference[]): string[] => found.filter((one) => one.because === undefined).map((one) => one.at);

test('what came with a version differs by intention from older servers alone', () => {
  const path = '/apis/batch/v1/namespaces/$ns/jobs/j';
  const [ours, theirs] = [json({ metadata: { name: 'j', generation: 1 } }), json({ metadata: { name: 'j' } })];
  expect(between(ours, theirs, { path, theirMinor: 22 })).toMatchObject([{ because: 'jobs and templates of pods count theirs' }]);
  for (const theirMinor of [23, 33]) expect(places(between(ours, theirs, { path, theirMinor }))).toEqual(['.body.metadata.generation']);
});

test('messages that say the same are no differences, as far as versions go', () => {
  const [today, before, later] = ['characters', 'characters', 'bytes'].map((unit) => json({ message: `must be no more than 63 ${unit}` }));
  expect(places(between(today!, before!))).toEqual([]);
  expect(places(between(today!, later!, { theirMinor: 34 }))).toEqual(['.body.message']);
  expect(places(between(today!, later!, { theirMinor: 35 }))).toEqual([]);
});

test('the parts of a struct that Go prints with their addresses may be JSON, what is said of it may not differ', () => {
  const text = (value: string, detail: string) => json({ message: `Pod "p" is invalid: spec: Invalid value: ${value}: ${detail}` }, 422);
  const struct = 'core.PodSpec{Priority:(*int32)(0xc000123456)}';
  expect(places(between(text('{"priority":1}', 'field is immutable'), text(struct, 'field is immutable')))).toEqual([]);
  expect(places(between(text('{"priority":1}', 'field is immutable'), text(struct, 'is too much')))).toEqual(['.body.message']);
});

test('the same mistake may be told more often, another one may not', () => {
  const refusal = (...fields: string[]) => json({ details: { causes: fields.map((field) => ({ field, reason: 'FieldValueInvalid', message: 'm' })) } }, 422);
  const write = { method: 'PUT', path: '/api/v1/pods/p' } as const;
  expect(places(between(refusal('a', 'b'), refusal('a', 'a', 'b'), write))).toEqual([]);
  expect(places(between(refusal('a', 'b'), refusal('a', 'a', 'c'), write))).not.toEqual([]);
});

test('cells go by the names of their columns, so that one more shifts none of the others', () => {
  const table = (columns: readonly string[], cells: readonly unknown[]) =>
    json({ kind: 'Table', columnDefinitions: columns.map((name) => ({ name })), rows: [{ cells }] });
  expect(places(between(table(['Name', 'Extra', 'Kind'], ['n', 'e', 'k']), table(['Name', 'Kind'], ['n', 'k'])))).toEqual([
    '.body.columnDefinitions[Extra]',
    '.body.rows[0].cells.Extra',
  ]);
  expect(places(between(table(['Name', 'Kind'], ['n', 'k']), table(['Kind', 'Name'], ['k', 'n'])))).toEqual(['.body.columnDefinitions[order]']);
});

test('owners go by their names, and what controllers inside the server own is nobody’s concern', () => {
  const owned = (...managers: string[]) =>
    json({ metadata: { managedFields: managers.map((manager) => ({ manager, operation: 'Update', fieldsV1: { [`f:${manager}`]: {} } })) } });
  expect(places(between(owned('a', 'b'), owned('kube-apiserver', 'a', 'b')))).toEqual([]);
  expect(places(between(owned('a', 'b'), owned('b')))).toEqual(['.body.metadata.managedFields[a Update ]']);
});

test('the order of keys counts, but for keys that one side alone has, and so does what is escaped', () => {
  expect(places(between(json({ spec: { a: 1, b: 2, c: 3 } }), json({ spec: { c: 3, a: 1 } })))).toEqual(['.body.spec.b', '.body.spec[keys]']);
  expect(places(between(json({ spec: { a: 1, b: 2, c: 3 } }), json({ spec: { a: 1, c: 3 } })))).toEqual(['.body.spec.b']);
  expect(places(between({ ...json({ a: '<' }), unescaped: true }, json({ a: '<' })))).toEqual(['.unescaped']);
});
