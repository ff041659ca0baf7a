import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadProtobufSchema } from '../codec/index.ts';
import { goValues } from './go-values.ts';

const schema = loadProtobufSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/protobuf.json', import.meta.url), 'utf8')));
const pod = (spec: object) => goValues(schema, { group: '', version: 'v1', kind: 'Pod' }, { spec });

test('what is as empty as if it were absent is left out', () => {
  const container = { name: 'a', image: '', stdin: false, args: [], env: [{ name: 'A', value: '' }], resources: { limits: {} }, workingDir: '' };
  expect(pod({ hostNetwork: false, nodeName: '', tolerations: [], containers: [container] })).toEqual({
    spec: { containers: [{ name: 'a', env: [{ name: 'A' }], resources: {} }] },
  });
});

test('what Go has a pointer to, or writes in any case, stays as it is', () => {
  const spec = { terminationGracePeriodSeconds: 0, enableServiceLinks: false, securityContext: {}, priority: 0, containers: [] };
  const given = { spec };
  expect(goValues(schema, { group: '', version: 'v1', kind: 'Pod' }, given)).toBe(given);
});

test('parts that are the very ones of a sound object stay as they are', () => {
  const [sound, other] = [
    { name: 'a', args: [] },
    { name: 'b', args: [] },
  ];
  const changed = (before: unknown) => goValues(schema, { group: '', version: 'v1', kind: 'Pod' }, { spec: { containers: [sound, other] } }, before);
  expect(changed({ spec: { containers: [sound] } })).toEqual({ spec: { containers: [sound, { name: 'b' }] } });
  for (const before of [null, 'x', { spec: null }, { spec: { containers: [null] } }]) {
    expect(changed(before)).toEqual({ spec: { containers: [{ name: 'a' }, { name: 'b' }] } });
  }
});

test('a required text, number or flag that nobody has set is there', () => {
  expect(pod({ containers: [{ env: [{}], ports: [{}], volumeMounts: [{}] }], volumes: [{}], readinessGates: [{}] })).toEqual({
    spec: {
      containers: [{ name: '', env: [{ name: '' }], ports: [{ containerPort: 0 }], volumeMounts: [{ name: '', mountPath: '' }] }],
      volumes: [{ name: '' }],
      readinessGates: [{ conditionType: '' }],
    },
  });
});

test('fields that share their parent’s JSON, maps of structs, and lists that mean something empty', () => {
  expect(pod({ volumes: [{ name: 'v', secret: { secretName: '', items: [{ key: 'k', path: 'p' }], optional: false } }] })).toEqual({
    spec: { volumes: [{ name: 'v', secret: { items: [{ key: 'k', path: 'p' }], optional: false } }] },
  });
  const scaler = { spec: { scaleTargetRef: { kind: 'D', name: 'd' }, maxReplicas: 1, behavior: { scaleUp: { policies: [] } } } };
  expect(goValues(schema, { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' }, scaler)).toEqual(scaler);
});

test('kinds that the schema does not know are left alone', () => {
  const given = { spec: { a: '', b: [] } };
  expect(goValues(schema, { group: 'example.com', version: 'v1', kind: 'Thing' }, given)).toBe(given);
});

test('times that Go holds without a pointer are null until somebody sets them, in lists as well', () => {
  const node = (status: object) => goValues(schema, { group: '', version: 'v1', kind: 'Node' }, { metadata: {}, status });
  expect(node({ conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' }] })).toEqual({
    metadata: {},
    status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z', lastTransitionTime: null }] },
  });
  const budget = { status: { disruptedPods: {}, observedGeneration: 1 } };
  expect(goValues(schema, { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget' }, budget).status).not.toHaveProperty('disruptedPods');
});

test('times are written in UTC, with as many parts of a second as their type has', () => {
  const event = (fields: object) => goValues(schema, { group: '', version: 'v1', kind: 'Event' }, { involvedObject: {}, metadata: {}, ...fields });
  const written = event({
    firstTimestamp: '2026-01-01T00:00:00.999Z',
    lastTimestamp: '2026-01-01T01:30:00,5+01:30',
    eventTime: '2026-01-01T00:00:00,123456-01:00',
  });
  expect(written).toMatchObject({ firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:00Z', eventTime: '2026-01-01T01:00:00.123456Z' });
  const plain = { firstTimestamp: '2026-01-01T00:00:00Z', eventTime: '2026-01-01T00:00:00.123456Z' };
  expect(event(plain)).toMatchObject(plain);
});

test('bytes that came one by one are in base64 like any others', () => {
  const secret = { data: { a: [104, 105], b: 'aGk=', c: [], d: null } };
  expect(goValues(schema, { group: '', version: 'v1', kind: 'Secret' }, secret).data).toEqual({ a: 'aGk=', b: 'aGk=', c: '', d: null });
  const request = { spec: { request: [256, -1], signerName: 'a.b/c' } };
  expect(goValues(schema, { group: 'certificates.k8s.io', version: 'v1', kind: 'CertificateSigningRequest' }, request).spec.request).toBe('AP8=');
});

test('an empty list of owners means something for the object itself, and nothing in a template', () => {
  const empty = { metadata: { managedFields: [] }, spec: { template: { metadata: { labels: { a: 'b' }, managedFields: [] }, spec: {} } } };
  const { metadata, spec } = goValues(schema, { group: 'apps', version: 'v1', kind: 'DaemonSet' }, empty);
  expect(metadata.managedFields).toEqual([]);
  expect(spec.template.metadata).toEqual({ labels: { a: 'b' } });
});

test('optional fields that Go writes all the same are there: null for pointers and lists', () => {
  const claim = { spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'a' } } };
  expect(goValues(schema, { group: '', version: 'v1', kind: 'PersistentVolumeClaim' }, claim).spec.dataSource).toEqual({
    apiGroup: null,
    kind: 'PersistentVolumeClaim',
    name: 'a',
  });
  const node = { spec: { drivers: [{ name: 'd', nodeID: 'n' }] } };
  expect(goValues(schema, { group: 'storage.k8s.io', version: 'v1', kind: 'CSINode' }, node).spec.drivers).toEqual([
    { name: 'd', nodeID: 'n', topologyKeys: null },
  ]);
  expect(goValues(schema, { group: 'apps', version: 'v1', kind: 'StatefulSet' }, { spec: {} })).toMatchObject({ spec: { serviceName: '' } });
});
