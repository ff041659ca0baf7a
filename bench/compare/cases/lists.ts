import type { CompareCase } from '../case.ts';

const maps = '/api/v1/namespaces/$ns/configmaps';
const create = (name: string) => ({ method: 'POST', path: maps, body: { metadata: { name: `list-${name}`, labels: { list: 'yes', letter: name } } } }) as const;

export const lists: readonly CompareCase[] = [
  {
    name: 'selectors and limits',
    requests: [
      create('a'),
      create('b'),
      create('c'),
      { method: 'GET', path: `${maps}?labelSelector=list%3Dyes` },
      { method: 'GET', path: `${maps}?labelSelector=letter+in+(a,b)` },
      { method: 'GET', path: `${maps}?labelSelector=list,letter!%3Da` },
      { method: 'GET', path: `${maps}?fieldSelector=metadata.name%3Dlist-a` },
      { method: 'GET', path: `${maps}?labelSelector=list&limit=2` },
      { method: 'GET', path: `${maps}?labelSelector=list`, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      { method: 'DELETE', path: `${maps}?labelSelector=list` },
    ],
  },
];
