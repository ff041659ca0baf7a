import type { CompareCase } from '../case.ts';

const get = (path: string, accept?: string) => ({ method: 'GET', path, ...(accept ? { accept } : {}) }) as const;

export const discovery: readonly CompareCase[] = [
  { name: 'roots and versions', requests: [get('/api'), get('/apis'), get('/version')] },
  {
    name: 'resources',
    requests: [
      '/api/v1',
      '/apis/apps/v1',
      '/apis/batch/v1',
      '/apis/networking.k8s.io/v1',
      '/apis/policy/v1',
      '/apis/rbac.authorization.k8s.io/v1',
      '/apis/storage.k8s.io/v1',
    ].map((path) => get(path)),
  },
  {
    name: 'media types of discovery',
    requests: ['text/html', 'application/yaml', 'application/json;stream=watch', 'text/*', 'application/*', '*/*'].flatMap((accept) =>
      ['/version', '/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1'].map((path) => get(path, accept)),
    ),
  },
  { name: 'health', requests: [get('/healthz'), get('/livez'), get('/readyz'), get('/readyz/ping')] },
];
