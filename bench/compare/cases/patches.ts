import type { CompareCase, CompareRequest } from '../case.ts';

const maps = '/api/v1/namespaces/$ns/configmaps';
const pods = '/api/v1/namespaces/$ns/pods';
const deployments = '/apis/apps/v1/namespaces/$ns/deployments';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const json = 'application/json-patch+json';

const patch = (path: string, contentType: string, body: unknown): CompareRequest => ({ method: 'PATCH', path, contentType, body });
const mapPatch = (body: unknown, kind = merge, query = '') => patch(`${maps}/patched${query}`, kind, body);

/** A deployment whose pods have something of everything that strategic patches merge by key. */
const deployment = {
  metadata: { name: 'patched', labels: { a: 'b' }, finalizers: ['example.com/one', 'example.com/two'] },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'patched' } },
    template: {
      metadata: { labels: { app: 'patched' } },
      spec: {
        containers: [
          {
            name: 'one',
            image: 'a',
            command: ['x', 'y'],
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
            ports: [
              { containerPort: 80, name: 'http' },
              { containerPort: 80, protocol: 'UDP', name: 'udp' },
            ],
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
          { name: 'two', image: 'b' },
        ],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', emptyDir: { medium: 'Memory' } },
        ],
        tolerations: [{ key: 'a', operator: 'Exists' }],
        imagePullSecrets: [{ name: 'p' }],
      },
    },
  },
};

const podSpec = (spec: unknown): unknown => ({ spec: { template: { spec } } });

/** Strategic patches, each applied to what the ones before have left. */
const strategicPatches: readonly unknown[] = [
  podSpec({ containers: [{ name: 'two', image: 'c' }] }),
  podSpec({ containers: [{ name: 'three', image: 'd' }] }),
  podSpec({ containers: [{ $patch: 'delete', name: 'three' }] }),
  podSpec({
    containers: [
      {
        name: 'one',
        env: [
          { name: 'A', value: '9' },
          { name: 'C', value: '3' },
        ],
      },
    ],
  }),
  podSpec({ containers: [{ name: 'one', env: [{ name: 'A', $patch: 'delete' }] }] }),
  podSpec({ containers: [{ name: 'one', ports: [{ containerPort: 80, name: 'web' }] }] }),
  podSpec({ containers: [{ name: 'one', ports: [{ containerPort: 81 }] }] }),
  podSpec({ containers: [{ name: 'one', ports: [{ $patch: 'delete', containerPort: 81 }] }] }),
  podSpec({ containers: [{ name: 'one', command: ['z'] }] }),
  podSpec({
    containers: [
      {
        name: 'one',
        volumeMounts: [
          { mountPath: '/v', readOnly: true, name: 'v' },
          { mountPath: '/w', name: 'w' },
        ],
      },
    ],
  }),
  podSpec({ volumes: [{ name: 'w', emptyDir: null, configMap: { name: 'c' } }] }),
  podSpec({ volumes: [{ name: 'w', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] }),
  podSpec({ $retainKeys: ['containers'] }),
  { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
  { spec: { strategy: { type: 'RollingUpdate' } } },
  podSpec({ '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }], containers: [{ name: 'one', image: 'e' }] }),
  podSpec({ '$setElementOrder/containers': [{ name: 'two' }], containers: [{ name: 'one', image: 'e' }] }),
  podSpec({ '$setElementOrder/containers': [{ name: 'two' }, { name: 'two' }], containers: [] }),
  podSpec({ '$setElementOrder/containers': 'x' }),
  podSpec({ tolerations: [{ key: 'b', operator: 'Exists' }] }),
  podSpec({ tolerations: [{ $patch: 'replace' }, { key: 'c', operator: 'Exists' }] }),
  podSpec({ imagePullSecrets: [{ name: 'q' }] }),
  podSpec({ imagePullSecrets: [{ $patch: 'replace' }, { name: 'r' }] }),
  podSpec({ nodeSelector: { a: 'b', c: 'd' } }),
  podSpec({ nodeSelector: { $patch: 'replace', e: 'f' } }),
  podSpec({ nodeSelector: { $patch: 'delete' } }),
  podSpec({ nodeSelector: { $patch: 'merge', g: 'h' } }),
  podSpec({ nodeSelector: { $patch: 'bogus' } }),
  podSpec({ nodeSelector: { $patch: 1 } }),
  podSpec({ containers: [{ name: 'one', $patch: 'bogus' }] }),
  podSpec({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'z' }] }),
  podSpec({ containers: [{ $patch: 'replace', name: 'only' }] }),
  podSpec({ containers: [{ image: 'nameless' }] }),
  podSpec({ containers: [{ $patch: 'delete' }] }),
  podSpec({ containers: ['x'] }),
  podSpec({ containers: 'x' }),
  podSpec({ containers: { name: 'x' } }),
  podSpec({ containers: null }),
  podSpec({ unknown: 1 }),
  podSpec({ hostNetwork: 'x' }),
  { metadata: { finalizers: ['example.com/three'] } },
  { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/one'] } },
  { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/none'], finalizers: ['example.com/four'] } },
  { metadata: { '$setElementOrder/finalizers': ['example.com/four', 'example.com/two', 'example.com/three'] } },
  { metadata: { '$deleteFromPrimitiveList/finalizers': 'x' } },
  { metadata: { labels: { a: null, c: 'd' } } },
  { metadata: { labels: { $patch: 'replace', e: 'f' } } },
  { metadata: { annotations: null } },
  { metadata: null },
  { spec: { replicas: 'x' } },
  { spec: { replicas: 1.5 } },
  { spec: { replicas: null } },
  { spec: null },
  { $patch: 'replace', metadata: { name: 'patched' } },
  { $patch: 'delete' },
  { $patch: 'bogus' },
  { kind: 'Deployment', apiVersion: 'apps/v1' },
  { kind: 'ReplicaSet' },
  { apiVersion: 'v1' },
  { metadata: { resourceVersion: '1' } },
  { metadata: { uid: 'other' } },
  { metadata: { name: 'other' } },
  { metadata: { namespace: 'other' } },
  [],
  'x',
  1,
  null,
];

/** JSON patches, each on what the ones before have left. */
const jsonPatches: readonly unknown[] = [
  [{ op: 'add', path: '/data', value: { a: '1' } }],
  [{ op: 'add', path: '/data/b', value: '2' }],
  [{ op: 'copy', from: '/data/a', path: '/data/c' }],
  [{ op: 'move', from: '/data/c', path: '/data/d' }],
  [{ op: 'test', path: '/data/d', value: '1' }],
  [{ op: 'test', path: '/data/none', value: null }],
  [{ op: 'test', path: '/data/none', value: 'x' }],
  [{ op: 'remove', path: '/data/d' }],
  [{ op: 'replace', path: '/data/none', value: 'x' }],
  [{ op: 'move', from: '/data/none', path: '/data/x' }],
  [{ op: 'copy', from: '/data/none', path: '/data/x' }],
  [{ op: 'add', path: '/none/x', value: 'x' }],
  [{ op: 'add', path: '/metadata/finalizers', value: ['example.com/a'] }],
  [{ op: 'add', path: '/metadata/finalizers/-', value: 'example.com/b' }],
  [{ op: 'add', path: '/metadata/finalizers/0', value: 'example.com/c' }],
  [{ op: 'add', path: '/metadata/finalizers/9', value: 'example.com/d' }],
  [{ op: 'remove', path: '/metadata/finalizers/-1' }],
  [{ op: 'remove', path: '/metadata/finalizers/9' }],
  [{ op: 'replace', path: '/metadata/finalizers', value: [] }],
  [{ op: 'bogus', path: '/data' }],
  [{ path: '/data' }],
  [{ op: 'add' }],
  [{ op: 'add', path: 'data', value: {} }],
  [{ op: 'add', path: '/data/~1x', value: 'x' }],
  [{ op: 'add', path: '/data/x~0y', value: 'x' }],
  [{ op: 'replace', path: '', value: {} }],
  [{ op: 'replace', path: '/data', value: 'x' }],
  [{ op: 'add', path: '/data/n', value: 1 }],
  [{ op: 'remove', path: '/metadata/name' }],
  [],
  {},
  'x',
  [1],
];

const mergePatches: readonly unknown[] = [
  { data: { a: '1', b: null } },
  { data: null },
  { data: { a: 1 } },
  { data: ['x'] },
  { metadata: { labels: { a: 'b' } } },
  { metadata: { labels: { a: null } } },
  { metadata: { labels: null, annotations: { x: 'y' } } },
  { metadata: { labels: { a: 'bad value!' } } },
  { metadata: { ownerReferences: [{}] } },
  { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
  { metadata: { creationTimestamp: null } },
  { metadata: { generateName: 'x' } },
  { immutable: true },
  { data: { c: 'd' } },
  { immutable: false },
  {},
  [],
  null,
];

const inNewMap = (name: string, kind: string, list: readonly unknown[]): CompareRequest[] => [
  { method: 'POST', path: maps, body: { metadata: { name } } },
  ...list.map((body) => patch(`${maps}/${name}`, kind, body)),
];

export const patches: readonly CompareCase[] = [
  {
    name: 'patches of all types',
    requests: [
      { method: 'POST', path: maps, body: { metadata: { name: 'patched', labels: { a: 'b' } }, data: { x: '1', y: '2' } } },
      mapPatch({ data: { x: null, z: '3' } }),
      mapPatch({ metadata: { labels: { $patch: 'replace', c: 'd' } } }, strategic),
      mapPatch([{ op: 'replace', path: '/data/y', value: '5' }], json),
      mapPatch([{ op: 'test', path: '/data/y', value: '6' }], json),
      mapPatch([{ op: 'remove', path: '/data/absent' }], json),
      mapPatch({ bogus: 1 }),
      mapPatch({ bogus: 1 }, merge, '?fieldValidation=Strict'),
      mapPatch({ data: 1 }),
      mapPatch({ metadata: { name: 'other' } }),
      mapPatch({ apiVersion: 'v1', kind: 'ConfigMap', data: { applied: 'yes' } }, 'application/apply-patch+yaml', '?fieldManager=compare'),
      mapPatch({}, 'text/plain'),
      mapPatch({}, 'application/json'),
      mapPatch('{"a":', merge),
      mapPatch('{"a":', json),
      mapPatch('{"a":', strategic),
      mapPatch({}, merge, '?dryRun=Some'),
      mapPatch({}, merge, '?force=true'),
      patch(`${maps}/absent`, merge, {}),
      patch(`${maps}/absent`, strategic, {}),
      patch(`${maps}/absent`, json, []),
      patch(`${pods}/absent/status`, merge, {}),
      patch(`${deployments}/absent/scale`, merge, {}),
    ],
  },
  {
    name: 'strategic patches of a deployment',
    requests: [{ method: 'POST', path: deployments, body: deployment }, ...strategicPatches.map((body) => patch(`${deployments}/patched`, strategic, body))],
  },
  { name: 'JSON patches', requests: inNewMap('by-json', json, jsonPatches) },
  { name: 'merge patches', requests: inNewMap('by-merge', merge, mergePatches) },
  {
    name: 'patches of a scale and of a status',
    requests: [
      { method: 'POST', path: deployments, body: { ...deployment, metadata: { name: 'scaled' } } },
      patch(`${deployments}/scaled/scale`, merge, { spec: { replicas: 2 } }),
      patch(`${deployments}/scaled/scale`, strategic, { spec: { replicas: 3 } }),
      patch(`${deployments}/scaled/scale`, json, [{ op: 'replace', path: '/spec/replicas', value: 4 }]),
      patch(`${deployments}/scaled/scale`, merge, { spec: { replicas: -1 } }),
      patch(`${deployments}/scaled/scale`, merge, { spec: { replicas: 'x' } }),
      patch(`${deployments}/scaled/scale`, merge, { spec: { replicas: 0 } }),
      { method: 'GET', path: `${deployments}/scaled/scale` },
      patch(`${deployments}/scaled/status`, merge, { status: { replicas: 5, readyReplicas: 6 } }),
      patch(`${deployments}/scaled/status`, merge, { status: { replicas: 5, readyReplicas: 1 }, spec: { replicas: 9 }, metadata: { labels: { s: 't' } } }),
      { method: 'GET', path: `${deployments}/scaled/status` },
      { method: 'PUT', path: `${deployments}/scaled/scale`, body: { metadata: { name: 'scaled', namespace: '$ns' }, spec: { replicas: 1 } } },
      { method: 'PUT', path: `${deployments}/scaled/scale`, body: { metadata: { name: 'other' }, spec: { replicas: 1 } } },
    ],
  },
];
