import type { CompareCase, CompareRequest } from '../case.ts';

type Json = Readonly<Record<string, unknown>>;

/** A configuration with one value that does not fit: on nothing, and on an object that is there. */
function tries(path: string, name: string, body: Json): CompareRequest[] {
  const send = (query: string): CompareRequest => ({
    method: 'PATCH',
    path: `${path}/${name}?fieldManager=compare${query}`,
    contentType: 'application/apply-patch+yaml',
    body,
  });
  return [send('&dryRun=All'), send('&dryRun=All&force=true')];
}

const map = (fields: Json, metadata: unknown = { name: 'applied' }): Json => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata, ...fields });
const pod = (spec: Json): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'applied' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const budget = (spec: Json): Json => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'applied' }, spec });

const wrong: readonly unknown[] = [
  null,
  {},
  { a: 1 },
  { b: null, a: 'x' },
  [],
  [1],
  [null],
  [{}],
  ['x'],
  ['x', 'x'],
  true,
  'x',
  '',
  1,
  1.5,
  -1,
  2 ** 31,
  2 ** 53,
];
const maps = '/api/v1/namespaces/$ns/configmaps';
const pods = '/api/v1/namespaces/$ns/pods';
const budgets = '/apis/policy/v1/namespaces/$ns/poddisruptionbudgets';

const mapTries = wrong.flatMap((value) =>
  [
    map({ data: value }),
    map({ data: { a: value } }),
    map({ binaryData: { a: value } }),
    map({ immutable: value }),
    map({ nonsense: value }),
    map({}, value),
    map({}, { name: value }),
    ...['labels', 'annotations', 'finalizers', 'ownerReferences', 'creationTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'uid'].map((field) =>
      map({}, { name: 'applied', [field]: value }),
    ),
  ].flatMap((body) => tries(maps, 'applied', body)),
);
const podTries = wrong.flatMap((value) =>
  [
    ...['priority', 'hostNetwork', 'hostname', 'nodeSelector', 'tolerations', 'imagePullSecrets', 'activeDeadlineSeconds', 'securityContext', 'affinity'].map(
      (field) => pod({ [field]: value }),
    ),
    pod({ containers: value }),
    ...['name', 'resources', 'ports', 'env', 'command', 'livenessProbe'].map((field) => pod({ containers: [{ name: 'c', image: 'i', [field]: value }] })),
    pod({ containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: value } } }] }),
    pod({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: value }] }] }),
    pod({ containers: [{ name: 'c', image: 'i', livenessProbe: { httpGet: { port: value } } }] }),
  ].flatMap((body) => tries(pods, 'applied', body)),
);
const budgetTries = wrong.flatMap((value) =>
  [budget({ minAvailable: value }), budget({ selector: value }), budget({ selector: { matchExpressions: value } })].flatMap((body) =>
    tries(budgets, 'applied', body),
  ),
);

export const appliedMistakes: readonly CompareCase[] = [
  { name: 'server-side apply: values that do not fit, of nothing', requests: [...mapTries, ...podTries, ...budgetTries] },
  {
    name: 'server-side apply: values that do not fit, of what is there',
    requests: [
      {
        method: 'POST',
        path: maps,
        body: map({ data: { a: 'b' }, immutable: false }, { name: 'applied', labels: { a: 'b' }, annotations: { a: 'b' }, finalizers: ['example.com/a'] }),
      },
      { method: 'POST', path: pods, body: pod({ nodeSelector: { a: 'b' }, hostname: 'h', priority: 0, tolerations: [{ key: 'a' }] }) },
      { method: 'POST', path: budgets, body: budget({ minAvailable: 1, selector: { matchLabels: { a: 'b' } } }) },
      ...mapTries,
      ...podTries,
      ...budgetTries,
      { method: 'PATCH', path: `${maps}/applied`, contentType: 'application/merge-patch+json', body: { metadata: { finalizers: null } } },
    ],
  },
];
