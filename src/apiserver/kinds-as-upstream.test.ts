import { beforeEach, expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

type Server = ReturnType<typeof testServer>;
let server: Server;

beforeEach(() => {
  server = testServer();
});

interface Answer {
  readonly status: number;
  readonly body: {
    readonly message?: string;
    readonly metadata?: Record<string, unknown>;
    readonly spec?: Record<string, unknown>;
    readonly [field: string]: unknown;
  };
}

const ask = async (method: string, path: string, body?: object, contentType = 'application/json'): Promise<Answer> =>
  (await server.ask(method as 'POST', path, body, { 'content-type': contentType })) as Answer;
const core = '/api/v1/namespaces/default';

test('a range of addresses may get a second one of the other family, and takes a status from everybody', async () => {
  const path = '/apis/networking.k8s.io/v1/servicecidrs';
  const conditions = [{ type: 'T', status: 'True', reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }];
  const made = await ask('POST', path, { metadata: { name: 'more' }, spec: { cidrs: ['203.0.113.0/24'] }, status: { conditions } });
  expect(made.body).toMatchObject({ status: { conditions } });
  const put = (...cidrs: string[]) => ask('PUT', `${path}/more`, { metadata: { name: 'more' }, spec: { cidrs } });
  expect((await put('203.0.114.0/24')).body.message).toBe(
    'ServiceCIDR.networking.k8s.io "more" is invalid: spec.cidrs[0]: Invalid value: "203.0.114.0/24": field is immutable',
  );
  expect((await put('203.0.113.0/24', '203.0.114.0/24')).status).toBe(422);
  expect((await put('203.0.113.0/24', '203.0.114.1')).body.message).toBe(
    'ServiceCIDR.networking.k8s.io "more" is invalid: spec.cidrs[1]: Invalid value: "203.0.114.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  );
  expect((await put('203.0.113.0/24', 'fd77::/64')).status).toBe(200);
  expect((await put('203.0.113.0/24')).body.message).toContain('spec.cidrs: Invalid value: []string{"203.0.113.0/24"}: field is immutable');
});

test('owners that both control an object are told by kind and name', async () => {
  const owner = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', name, uid: name, controller: true });
  const { body } = await ask('POST', `${core}/configmaps`, { metadata: { name: 'c', ownerReferences: [owner('p'), owner('q')] } });
  expect(body.message).toContain('Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q');
});

test('where items of a list cannot be told apart nobody owns anything any more', async () => {
  await ask('POST', `${core}/serviceaccounts`, { metadata: { name: 'a' }, secrets: [{ name: 's' }] });
  const { body } = await ask('PUT', `${core}/serviceaccounts/a`, { metadata: { name: 'a' }, secrets: [{ name: '' }] });
  expect(body.metadata).not.toHaveProperty('managedFields');
});

test('an apply that leaves out what Go writes as null changes it, and conflicts', async () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec };
  await ask('POST', `${core}/persistentvolumeclaims?fieldManager=maker`, claim);
  const path = `${core}/persistentvolumeclaims/c?fieldManager=applier`;
  expect((await ask('PATCH', path, claim, 'application/apply-patch+yaml')).body.message).toBe(
    'Apply failed with 1 conflict: conflict with "maker" using v1: .spec.dataSource',
  );
});

test('owners in an applied configuration are refused as such, unless their times are none', async () => {
  const map = (time: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm', managedFields: [{ manager: 'x', operation: 'Update', apiVersion: 'v1', time }] },
  });
  const apply = async (time: string): Promise<readonly [number, string | undefined]> => {
    const { status, body } = await ask('PATCH', `${core}/configmaps/m?fieldManager=a`, map(time), 'application/apply-patch+yaml');
    return [status, body.message];
  };
  expect(await apply('2026-01-01T00:00:00Z')).toEqual([400, 'metadata.managedFields must be nil']);
  expect(await apply('soon')).toEqual([
    500,
    'failed to convert new object (/m; /v1, Kind=ConfigMap) to proper version: unable to convert unstructured object to /v1, Kind=ConfigMap: parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
  ]);
});

test('lists that Go always writes are null where there are none', async () => {
  const node = { metadata: { name: 'n' }, spec: { drivers: [{ name: 'd.example', nodeID: 'n', topologyKeys: [] }] } };
  expect((await ask('POST', '/apis/storage.k8s.io/v1/csinodes', node)).body.spec).toEqual({
    drivers: [{ name: 'd.example', nodeID: 'n', topologyKeys: null }],
  });
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
  const job = { metadata: { name: 'j' }, spec: { template, podFailurePolicy: {} } };
  expect((await ask('POST', '/apis/batch/v1/namespaces/default/jobs', job)).body.spec).toMatchObject({ podFailurePolicy: { rules: null } });
});

test('amounts of storage are stored as Go writes them, and where storage is does not change', async () => {
  const path = '/apis/storage.k8s.io/v1/namespaces/default/csistoragecapacities';
  const made = await ask('POST', path, { metadata: { name: 'c' }, storageClassName: 'slow', capacity: 1024 });
  expect(made.body.capacity).toBe('1024');
  const { body } = await ask('PATCH', `${path}/c`, { nodeTopology: { matchLabels: {} } }, 'application/merge-patch+json');
  expect(body.message).toContain('nodeTopology: Invalid value: v1.LabelSelector{');
});

test('tolerances of autoscalers are dropped, since their feature is off', async () => {
  const scaleUp = { tolerance: '1', policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }] };
  const spec = { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'd' }, behavior: { scaleUp } };
  const { body } = await ask('POST', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', { metadata: { name: 'h' }, spec });
  expect(body.spec).toMatchObject({ behavior: { scaleUp: { policies: scaleUp.policies } } });
  expect(JSON.stringify(body.spec)).not.toContain('tolerance');
});

test('requests for certificates are named as one segment of a path', async () => {
  const { body } = await ask('POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', { metadata: { name: 'a/b' }, spec: {} });
  expect(body.message).toContain('metadata.name: Invalid value: "a/b": may not contain \'/\'');
});

test('rules of flow schemas and sources of projected volumes are null where there are none', async () => {
  const rule = {
    subjects: [{ kind: 'Group', group: { name: 'g' } }],
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'], clusterScope: true }],
  };
  const spec = { priorityLevelConfiguration: { name: 'workload-low' }, rules: [rule] };
  const { body } = await ask('POST', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', { metadata: { name: 'f' }, spec });
  expect(body.spec).toMatchObject({ rules: [{ resourceRules: [{ namespaces: null }] }] });
  const template = { spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', projected: {} }] } };
  const made = await ask('POST', `${core}/podtemplates`, { metadata: { name: 'p' }, template });
  expect(made.body.template).toMatchObject({ spec: { volumes: [{ projected: { sources: null } }] } });
});

test('limits of pods have no defaults, whose names are then not looked at', async () => {
  const limits = [{ type: 'Pod', default: { Local: '1' }, defaultRequest: { Local: '1' }, max: { cpu: '1' } }];
  const { body } = await ask('POST', `${core}/limitranges`, { metadata: { name: 'l' }, spec: { limits } });
  const forbidden = (field: string) => `spec.limits[0].${field}: Forbidden: may not be specified when \`type\` is 'Pod'`;
  expect(body.message).toBe(`LimitRange "l" is invalid: [${forbidden('default')}, ${forbidden('defaultRequest')}]`);
});

test('addresses of a service are held against families that there are', async () => {
  const spec = { clusterIP: '10.96.3.4', ipFamilies: ['IPv5'], ports: [{ port: 80 }] };
  const { body } = await ask('POST', `${core}/services`, { metadata: { name: 's' }, spec });
  expect(body.message).toContain('spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"');
  expect(body.message).not.toContain('as indicated by');
});

test('where a schema may be, there is one, or true or false', async () => {
  const version = (additionalProperties: unknown) => ({
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', additionalProperties } },
  });
  const spec = { group: 'b.c', scope: 'Namespaced', names: { plural: 'as', kind: 'A' } };
  const message = async (value: unknown) => {
    const definition = { metadata: { name: 'as.b.c' }, spec: { ...spec, versions: [version(value)] } };
    return (await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All', definition)).body.message;
  };
  for (const value of ['x', 5, []]) expect(await message(value)).toMatch(/cannot be handled as a CustomResourceDefinition: boolean or JSON schema expected$/);
  expect(await message(true)).toContain('additionalProperties: Forbidden');
});

test('who provides storage is told in small letters', async () => {
  const { body } = await ask('POST', '/apis/storage.k8s.io/v1/storageclasses', { metadata: { name: 's' }, provisioner: 'A b' });
  expect(body.message).toContain('provisioner: Invalid value: "a b": name part must consist of');
});
