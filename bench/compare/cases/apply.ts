import type { CompareCase, CompareRequest } from '../case.ts';

const core = '/api/v1/namespaces/$ns';
const deployments = '/apis/apps/v1/namespaces/$ns/deployments';

const apply = (path: string, manager: string, body: unknown, more = ''): CompareRequest => ({
  method: 'PATCH',
  path: `${path}?fieldManager=${manager}${more}`,
  contentType: 'application/apply-patch+yaml',
  body,
});

const map = (data: unknown, metadata: object = {}): unknown => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', ...metadata }, data });
const maps = `${core}/configmaps/applied`;

const deployment = (spec: object, containers: readonly object[]): unknown => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'applied' },
  spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec: { containers } }, ...spec },
});
const one = `${deployments}/applied`;
const container = { name: 'c', image: 'i' };

const service = (ports: readonly object[]): unknown => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'applied' },
  spec: { selector: { a: 'b' }, ports },
});

export const applies: readonly CompareCase[] = [
  {
    name: 'server-side apply: conflicts, force, removal',
    requests: [
      apply(maps, 'one', map({ a: '1', b: '2' })),
      apply(maps, 'one', map({ a: '1', b: '2' })),
      apply(maps, 'two', map({ b: '2', c: '3' })),
      apply(maps, 'two', map({ a: 'x', b: 'y' })),
      apply(maps, 'two', map({ a: 'x', b: 'y' }), '&force=true'),
      apply(maps, 'one', map({ a: '1' })),
      apply(maps, 'one', map({})),
      apply(maps, 'two', map({ b: 'y' })),
      apply(maps, 'two', map({ b: 'dry' }), '&dryRun=All'),
      { method: 'GET', path: maps },
      { method: 'PUT', path: `${maps}?fieldManager=putter`, body: { metadata: { name: 'applied' }, data: { b: 'put' } } },
      apply(maps, 'two', map({ b: 'y' })),
      apply(maps, 'two', map({ b: 'y' }, { labels: { l: 'm' }, annotations: { n: 'o' }, finalizers: ['example.com/f'] })),
      apply(maps, 'two', map({ b: 'y' }), '&force=true'),
      { method: 'PATCH', path: maps, contentType: 'application/merge-patch+json', body: { metadata: { managedFields: [{}] } } },
      apply(maps, 'one', map({ b: 'z' })),
    ],
  },
  {
    name: 'server-side apply: what is refused',
    requests: [
      { method: 'PATCH', path: maps, contentType: 'application/apply-patch+yaml', body: map({}) },
      apply(maps, '', map({})),
      apply(maps, 'x'.repeat(129), map({})),
      apply(maps, 'one', map({}), '&force=maybe'),
      apply(maps, 'one', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'other' } }),
      apply(maps, 'one', { kind: 'ConfigMap', metadata: { name: 'applied' } }),
      apply(maps, 'one', { apiVersion: 'v1', metadata: { name: 'applied' } }),
      apply(maps, 'one', { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'applied' } }),
      apply(maps, 'one', map({ a: 1 })),
      apply(maps, 'one', map('x')),
      apply(maps, 'one', map({}, { managedFields: [] })),
      apply(maps, 'one', map({}, { managedFields: [{ manager: 'x' }] })),
      apply(maps, 'one', map({}, { resourceVersion: '1' })),
      apply(maps, 'one', map({}, { uid: 'other' })),
      apply(`${core}/configmaps/absent`, 'one', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'absent', uid: 'x' } }),
      apply(`${core}/configmaps/absent`, 'one', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'absent', resourceVersion: '1' } }),
      apply(maps, 'one', { ...(map({}) as object), unknown: 1 }),
      apply(maps, 'one', 'a: b: c'),
      apply(maps, 'one', '- a'),
      apply(maps, 'one', ''),
      apply(maps, 'one', '{'),
    ],
  },
  {
    name: 'server-side apply: lists by key, sets, atomic lists, defaults',
    requests: [
      apply(one, 'one', deployment({ replicas: 0 }, [container])),
      apply(one, 'two', deployment({}, [{ name: 'c', env: [{ name: 'A', value: '1' }] }])),
      apply(one, 'two', deployment({}, [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }])),
      apply(
        one,
        'two',
        deployment({}, [
          {
            name: 'c',
            image: 'i',
            ports: [
              { containerPort: 80, protocol: 'TCP' },
              { containerPort: 80, protocol: 'UDP' },
            ],
          },
        ]),
      ),
      apply(one, 'two', deployment({}, [{ name: 'd', image: 'j' }])),
      apply(one, 'two', deployment({}, [{ image: 'nameless' }])),
      apply(one, 'two', deployment({}, [container, container])),
      apply(one, 'two', deployment({ replicas: 5 }, [container])),
      apply(one, 'one', deployment({}, [{ ...container, command: ['a', 'b'] }])),
      apply(one, 'two', deployment({}, [{ ...container, command: ['a'] }])),
      apply(one, 'one', deployment({}, [])),
      apply(`${one}/scale`, 'scaler', { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'applied' }, spec: { replicas: 3 } }),
      apply(`${one}/status`, 'statuser', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'applied' }, status: { replicas: 1 } }),
      apply(`${one}/status`, 'statuser', deployment({}, [])),
      { method: 'GET', path: one },
      apply(`${core}/services/applied`, 'one', service([{ port: 80 }])),
      apply(`${core}/services/applied`, 'one', service([{ port: 80 }, { name: 'x', port: 81, protocol: 'UDP' }])),
      apply(
        `${core}/services/applied`,
        'one',
        service([
          { name: 'a', port: 80 },
          { name: 'x', port: 81, protocol: 'UDP' },
        ]),
      ),
      apply(`${core}/services/applied`, 'two', service([{ name: 'b', port: 80 }])),
      apply(`${core}/services/applied`, 'two', service([{ name: 'b' }])),
      apply(`${core}/serviceaccounts/applied`, 'one', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'applied' }, secrets: [{ name: 'a' }] }),
      apply(`${core}/serviceaccounts/applied`, 'two', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'applied' }, secrets: [{ name: 'b' }] }),
      apply(`${core}/serviceaccounts/applied`, 'one', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'applied' } }),
    ],
  },
];
