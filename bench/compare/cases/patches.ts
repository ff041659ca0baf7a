import type { CompareCase } from '../case.ts';

const maps = '/api/v1/namespaces/$ns/configmaps';
const patch = (body: unknown, kind = 'application/merge-patch+json', query = '') =>
  ({ method: 'PATCH', path: `${maps}/patched${query}`, body, contentType: kind }) as const;

export const patches: readonly CompareCase[] = [
  {
    name: 'patches of all types',
    requests: [
      { method: 'POST', path: maps, body: { metadata: { name: 'patched', labels: { a: 'b' } }, data: { x: '1', y: '2' } } },
      patch({ data: { x: null, z: '3' } }),
      patch({ metadata: { labels: { $patch: 'replace', c: 'd' } } }, 'application/strategic-merge-patch+json'),
      patch([{ op: 'replace', path: '/data/y', value: '5' }], 'application/json-patch+json'),
      patch([{ op: 'test', path: '/data/y', value: '6' }], 'application/json-patch+json'),
      patch([{ op: 'remove', path: '/data/absent' }], 'application/json-patch+json'),
      patch({ bogus: 1 }),
      patch({ bogus: 1 }, 'application/merge-patch+json', '?fieldValidation=Strict'),
      patch({ data: 1 }),
      patch({ metadata: { name: 'other' } }),
      patch({ apiVersion: 'v1', kind: 'ConfigMap', data: { applied: 'yes' } }, 'application/apply-patch+yaml', '?fieldManager=compare'),
      patch({}, 'text/plain'),
    ],
  },
];
