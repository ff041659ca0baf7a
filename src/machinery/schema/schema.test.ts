import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deepFreeze } from '../deep.ts';
import { customResourceSchema, dropNulls, findTypeError, findUnknownFields, loadSchema, pruneUnknownFields } from './index.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../../generated/schema/${name}`, import.meta.url), 'utf8'));
const schema = loadSchema(read('defs.json'));
const lease = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' };
const pod = { group: '', version: 'v1', kind: 'Pod' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };

test('kinds are found by group, version and kind; options belong to every group', () => {
  expect(schema.definitionFor(deployment)).toBe('io.k8s.api.apps.v1.Deployment');
  expect(schema.definitionFor({ group: 'apps', version: 'v1', kind: 'DeleteOptions' })).toBe('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');
  expect(schema.definitionFor({ group: 'resource.k8s.io', version: 'v1beta1', kind: 'ResourceClaim' })).toBeUndefined();
  for (const row of read('resources.json') as { group: string; version: string; kind: string }[]) expect(schema.definitionFor(row), row.kind).toBeDefined();
});

test('unknown fields are named with their whole path, in the order of the object', () => {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x', labels: { any: 'thing' }, foo: 1 },
    spec: {
      replcas: 1,
      template: {
        spec: {
          containers: [
            { name: 'a', resources: { limits: { 'example.com/gpu': 1 } } },
            { name: 'b', imagee: 'x' },
          ],
        },
      },
    },
  };
  expect(findUnknownFields(schema, deployment, object)).toEqual([
    'unknown field "metadata.foo"',
    'unknown field "spec.replcas"',
    'unknown field "spec.template.spec.containers[1].imagee"',
  ]);
});

test('fields that hold anything are not looked into', () => {
  const revision = { group: 'apps', version: 'v1', kind: 'ControllerRevision' };
  const object = { metadata: { managedFields: [{ fieldsV1: { 'f:spec': {} } }] }, data: { what: { ever: 1 } }, revision: 1 };
  expect(findUnknownFields(schema, revision, object)).toEqual([]);
  const crd = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' };
  const properties = { size: { type: 'integer', default: { a: 1 }, enum: [{ b: 2 }], 'x-kubernetes-validations': [] }, odd: { typo: 'x' } };
  expect(findUnknownFields(schema, crd, { spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: { properties } } }] } })).toEqual([
    'unknown field "spec.versions[0].schema.openAPIV3Schema.properties.odd.typo"',
  ]);
});

test('pruning drops what is unknown, shares the rest and never changes its input', () => {
  const object = deepFreeze({ metadata: { name: 'x' }, spec: { containers: [{ name: 'a', typo: 1 }] } });
  const pruned = pruneUnknownFields(schema, pod, object);
  expect(pruned).toEqual({ metadata: { name: 'x' }, spec: { containers: [{ name: 'a' }] } });
  expect(pruned.metadata).toBe(object.metadata);
  expect(pruneUnknownFields(schema, pod, pruned)).toBe(pruned);
});

test('values of the wrong type are reported as the decoder of Go does', () => {
  const cases: [typeof pod, object, string | undefined][] = [
    [deployment, { spec: { replicas: 'three' } }, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [deployment, { spec: { replicas: 1.5 } }, 'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [pod, { spec: { containers: 'x' } }, 'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container'],
    [pod, { spec: { containers: ['x'] } }, 'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container'],
    [pod, { spec: { containers: [{ name: 5 }] } }, 'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string'],
    [pod, { spec: { restartPolicy: true } }, 'json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy'],
    [pod, { metadata: { labels: { a: 1 } } }, 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
    [pod, { metadata: { labels: ['a'] } }, 'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string'],
    [pod, { spec: [] }, 'json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec'],
    [lease, { spec: { renewTime: '2026-01-01T00:00:00.123456Z' } }, undefined],
    [
      lease,
      { spec: { renewTime: '2026-01-01T00:00:00Z' } },
      'parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ],
    [pod, { metadata: { creationTimestamp: 'yesterday' } }, 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
    [
      pod,
      { spec: { containers: [{ resources: { limits: { cpu: 'lots' } } }] } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      pod,
      { spec: { containers: [{ resources: { limits: { cpu: '' } } }] } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [{ group: '', version: 'v1', kind: 'Secret' }, { data: { a: 'x!' } }, 'illegal base64 data at input byte 1'],
    [{ group: '', version: 'v1', kind: 'Secret' }, { data: { a: 'aG\n k=' } }, 'illegal base64 data at input byte 3'],
    [{ group: '', version: 'v1', kind: 'Secret' }, { data: { a: [0, 255, null] } }, undefined],
    [
      { group: '', version: 'v1', kind: 'Secret' },
      { data: { a: [0, 256] } },
      'json: cannot unmarshal number 256 into Go struct field Secret.data of type uint8',
    ],
    [{ group: '', version: 'v1', kind: 'Secret' }, { data: { a: ['a'] } }, 'json: cannot unmarshal string into Go struct field Secret.data of type uint8'],
    [
      { group: '', version: 'v1', kind: 'Service' },
      { spec: { ports: [{ port: 80, targetPort: true }] } },
      'json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ],
    [pod, { metadata: null, spec: { containers: [{ name: 'a', resources: { limits: { cpu: 1, memory: '1Gi' } } }], hostNetwork: false } }, undefined],
  ];
  for (const [gvk, object, expected] of cases) expect(findTypeError(schema, gvk, object), JSON.stringify(object)).toBe(expected);
});

test('a custom resource is walked by its own schema, and its metadata by ObjectMeta', () => {
  const gvk = { group: 'stable.example.com', version: 'v1', kind: 'CronTab' };
  const own = customResourceSchema(
    gvk,
    {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { size: { type: 'integer' }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
      },
    },
    schema,
  );
  const object = { apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name: 'x', odd: 1 }, spec: { size: 1, extra: 2, free: { any: 1 } } };
  expect(findUnknownFields(own, gvk, object)).toEqual(['unknown field "metadata.odd"', 'unknown field "spec.extra"']);
});

test('the schema carries what strategic merge and server-side apply need', () => {
  const node = schema.definitions['io.k8s.api.core.v1.PodSpec']?.properties?.volumes;
  expect(node).toMatchObject({
    'x-kubernetes-patch-strategy': 'merge,retainKeys',
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  });
  expect(schema.definitions['io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector']?.['x-kubernetes-map-type']).toBe('atomic');
  expect(schema.definitions['io.k8s.api.core.v1.ServiceSpec']?.properties?.selector?.['x-kubernetes-map-type']).toBe('atomic');
  expect(schema.definitions['io.k8s.api.core.v1.ServicePort']?.properties?.protocol?.default).toBe('TCP');
});

test('nulls mean absent, as in Go, except where the schema does not look', () => {
  const object = deepFreeze({
    metadata: { name: 'x', creationTimestamp: null, labels: { a: null, b: '1' }, annotations: null, managedFields: [{ fieldsV1: { 'f:a': null } }] },
    spec: { containers: [{ name: 'a', args: ['x', null], env: null }] },
    status: null,
  });
  expect(dropNulls(schema, pod, object)).toEqual({
    metadata: { name: 'x', labels: { a: '', b: '1' }, managedFields: [{ fieldsV1: { 'f:a': null } }] },
    spec: { containers: [{ name: 'a', args: ['x', ''] }] },
  });
  const without = { metadata: { name: 'x' } };
  expect(dropNulls(schema, pod, without)).toBe(without);
});
