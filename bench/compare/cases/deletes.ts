import type { CompareCase, CompareRequest } from '../case.ts';

const maps = '/api/v1/namespaces/$ns/configmaps';
const pods = '/api/v1/namespaces/$ns/pods';
const create = (name: string, metadata: object = {}): CompareRequest => ({
  method: 'POST',
  path: maps,
  body: { metadata: { name, labels: { deleted: 'yes' }, ...metadata } },
});
const remove = (name: string, options?: unknown, query = ''): CompareRequest => ({
  method: 'DELETE',
  path: `${maps}/${name}${query}`,
  ...(options === undefined ? {} : { body: options }),
});
const get = (name: string): CompareRequest => ({ method: 'GET', path: `${maps}/${name}` });
const pod = { metadata: { name: 'graceful' }, spec: { nodeSelector: { nowhere: 'true' }, containers: [{ name: 'c', image: 'i' }] } };
const options = (more: object): object => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more });

export const deletes: readonly CompareCase[] = [
  {
    name: 'deletes: options',
    requests: [
      create('d'),
      remove('d', undefined, '?dryRun=All'),
      remove('d', options({ dryRun: ['All'] })),
      remove('d', options({ dryRun: ['Some'] })),
      remove('d', undefined, '?dryRun=Some'),
      remove('d', options({ preconditions: { uid: 'other' } })),
      remove('d', options({ preconditions: { resourceVersion: '1' } })),
      remove('d', options({ propagationPolicy: 'Sideways' })),
      remove('d', undefined, '?propagationPolicy=Sideways'),
      remove('d', options({ propagationPolicy: 'Orphan', orphanDependents: true })),
      remove('d', options({ gracePeriodSeconds: 'x' })),
      remove('d', undefined, '?gracePeriodSeconds=x'),
      remove('d', undefined, '?orphanDependents=maybe'),
      remove('d', { kind: 'Pod', apiVersion: 'v1' }),
      remove('d', '{'),
      remove('d', '[]'),
      remove('d', { kind: 'DeleteOptions', apiVersion: 'apps/v1' }),
      remove('d', { kind: 'DeleteOptions', apiVersion: 'nonsense/v9' }),
      get('d'),
      remove('d', options({ propagationPolicy: 'Orphan' })),
      get('d'),
      create('e'),
      remove('e', options({ propagationPolicy: 'Foreground' })),
      get('e'),
      { method: 'PUT', path: `${maps}/e`, body: { metadata: { name: 'e' } } },
      get('e'),
      create('f', { finalizers: ['example.com/f'] }),
      get('f'),
      remove('f', options({ preconditions: { uid: '$(metadata.uid)', resourceVersion: '$(metadata.resourceVersion)' } })),
      remove('f'),
      {
        method: 'PATCH',
        path: `${maps}/f`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { finalizers: ['example.com/f', 'example.com/g'] } },
      },
      { method: 'PATCH', path: `${maps}/f`, contentType: 'application/merge-patch+json', body: { data: { still: 'alive' } } },
      create('f'),
      { method: 'PATCH', path: `${maps}/f`, contentType: 'application/merge-patch+json', body: { metadata: { finalizers: null } } },
      get('f'),
      create('g', { finalizers: ['nonsense'] }),
      create('g', { finalizers: ['orphan', 'foregroundDeletion'] }),
      create('g', {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true },
          { apiVersion: 'v1', kind: 'Pod', name: 'q', uid: 'v', controller: true },
        ],
      }),
      create('g', { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'p', uid: 'u' }] }),
    ],
  },
  {
    name: 'deletes: grace of pods',
    requests: [
      { method: 'POST', path: pods, body: pod },
      { method: 'DELETE', path: `${pods}/graceful?gracePeriodSeconds=-1&dryRun=All` },
      { method: 'DELETE', path: `${pods}/graceful?gracePeriodSeconds=7&dryRun=All` },
      { method: 'DELETE', path: `${pods}/graceful`, body: options({ gracePeriodSeconds: 5, preconditions: { uid: 'no' } }) },
      { method: 'DELETE', path: `${pods}/graceful` },
      { method: 'GET', path: `${pods}/graceful` },
    ],
  },
  {
    name: 'deletes: collections',
    requests: [
      create('h'),
      create('i', { labels: { deleted: 'no' } }),
      { method: 'DELETE', path: `${maps}?labelSelector=deleted%3Dyes&dryRun=All` },
      { method: 'DELETE', path: `${maps}?labelSelector=a%20b` },
      { method: 'DELETE', path: `${maps}?fieldSelector=nonsense%3Dx` },
      { method: 'DELETE', path: `${maps}?labelSelector=deleted%3Dyes`, body: options({ propagationPolicy: 'Sideways' }) },
      { method: 'DELETE', path: `${maps}?labelSelector=deleted%3Dyes&limit=1` },
      { method: 'DELETE', path: `${maps}?labelSelector=deleted`, body: options({}) },
      { method: 'GET', path: `${maps}?labelSelector=deleted` },
    ],
  },
];
