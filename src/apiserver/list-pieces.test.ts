import { expect, test } from 'vitest';
import { EncodedObject } from '../machinery/encoded-object.ts';
import { partialObjectMetadata, renderTable, type TableOptions } from '../machinery/table.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { Served } from '../registry/generic/options.ts';
import { joinPieces, listPieces, partialListPieces, tablePieces } from './list-pieces.ts';

const prefix = Buffer.from('{"kind":"Pod","apiVersion":"v1",');
const pod = (name: string) => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name, labels: { text: 'ü"}' } }, spec: { containers: [] } });
const pods = ['a', 'b', 'c'].map(pod);
const metadata = { resourceVersion: '7', continue: 'x' };
/** How an answer is written: in a line of its own. */
const line = (object: object) => `${JSON.stringify(object)}\n`;
const asStored = { show: (one: Served) => one, inner: (one: Served) => one };
const served = (objects: readonly KubeObject[]) => objects.map((object) => new EncodedObject(object));

test.each([0, 1, 3])('a list of %i objects has the bytes of its whole', (count) => {
  const pieces = listPieces({ kind: 'PodList', apiVersion: 'v1', metadata, items: [] } as { items: [] }, served(pods.slice(0, count)), prefix);
  const items = pods.slice(0, count).map(({ metadata, spec }) => ({ metadata, spec }));
  expect(joinPieces(pieces).toString()).toBe(line({ kind: 'PodList', apiVersion: 'v1', metadata, items }));
  expect(pieces.byteLength).toBe(joinPieces(pieces).length);
});

test('an object that does not begin as its kind does stands in a list as it is', () => {
  const other = { metadata: { name: 'a' }, kind: 'Pod' };
  const pieces = listPieces({ items: [] }, served([other, pods[0] as KubeObject]), prefix);
  expect(JSON.parse(joinPieces(pieces).toString()).items[0]).toEqual(other);
});

test.each([0, 1, 3])('a list of the metadata of %i objects has the bytes of its whole', (count) => {
  const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata };
  const pieces = partialListPieces({ ...head, items: [] } as { items: [] }, served(pods.slice(0, count)), 'v1');
  const items = pods.slice(0, count).map((one) => partialObjectMetadata(one, 'v1'));
  expect(joinPieces(pieces).toString()).toBe(line({ ...head, items }));
});

test.each(['None', 'Metadata', 'Object'] as const)('a table that shows of its objects: %s, has the bytes of its whole', (includeObject) => {
  const options: TableOptions<KubeObject> = {
    columns: [
      { name: 'Name', type: 'string', description: 'ü', cell: (object) => object.metadata?.name ?? '' },
      { name: 'Age', type: 'integer', description: '', cell: (_object, now) => now },
    ],
    version: 'v1beta1',
    includeObject,
    now: 42,
    metadata,
    rowConditions: (object) => (object.metadata?.name === 'b' ? [{ type: 'Completed', status: 'True' }] : []),
  };
  for (const count of [0, 1, 3]) {
    const some = pods.slice(0, count);
    expect(joinPieces(tablePieces(served(some), options, asStored)).toString()).toBe(line(renderTable<KubeObject>(some, options)));
  }
});
