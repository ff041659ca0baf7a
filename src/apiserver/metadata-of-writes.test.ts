import { expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

const core = '/api/v1/namespaces/default';
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles';
const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
const merge = { 'content-type': 'application/merge-patch+json' };
const apply = { 'content-type': 'application/apply-patch+yaml' };

interface Reply {
  readonly message?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const server = testServer();

async function ask(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const { status, body: answer, headers: more } = await server.ask(method, path, body, headers);
  return { ...(answer as Reply), code: status, warning: more.warning };
}

test('what a client says of the fields that the server fills in is not heard, and it owns none of them', async () => {
  const told = {
    uid: 'u',
    deletionGracePeriodSeconds: 5,
    selfLink: '/x',
    deletionTimestamp: '2026-01-01T00:00:00Z',
    creationTimestamp: '2020-01-01T00:00:00Z',
  };
  const { code, metadata } = await ask('POST', `${core}/configmaps`, { metadata: { name: 'x', ...told } });
  expect(code).toBe(201);
  expect(Object.keys(metadata)).toEqual(['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp']);
  expect([metadata.uid, metadata.creationTimestamp]).not.toEqual([told.uid, told.creationTimestamp]);
});

test('a link to itself is not kept by an object that a PUT makes either', async () => {
  const lease = { metadata: { name: 'x', namespace: 'default', selfLink: '/x', deletionGracePeriodSeconds: 5 } };
  const { code, metadata } = await ask('PUT', '/apis/coordination.k8s.io/v1/namespaces/default/leases/x', lease);
  expect(code).toBe(201);
  expect(metadata).not.toHaveProperty('selfLink');
  expect(metadata.deletionGracePeriodSeconds).toBe(5); // A POST forgets it; a PUT does not, upstream neither.
});

test('kinds that do not look at their metadata themselves take finalizers without a domain', async () => {
  const short = { metadata: { name: 'short', finalizers: ['short'] } };
  expect((await ask('POST', `${budgets}?dryRun=All`, { ...short, spec: { minAvailable: 1 } })).code).toBe(201);
  expect((await ask('POST', `${core}/configmaps?dryRun=All`, short)).message).toBe(
    'ConfigMap "short" is invalid: metadata.finalizers[0]: Invalid value: "short": name is neither a standard finalizer name nor is it fully qualified',
  );
});

test('a generateName is checked when an object changes: as a part of a path always, as a name where the kind does so again', async () => {
  await ask('POST', budgets, { metadata: { name: 'g' }, spec: { minAvailable: 1 } });
  await ask('POST', `${core}/configmaps`, { metadata: { name: 'g' } });
  const named = (generateName: string) => ({ metadata: { generateName } });
  expect((await ask('PATCH', `${budgets}/g`, named('A_'), merge)).code).toBe(200);
  expect((await ask('PATCH', `${budgets}/g`, named('A/'), merge)).message).toBe(
    'PodDisruptionBudget.policy "g" is invalid: metadata.generateName: Invalid value: "A/": may not contain \'/\'',
  );
  expect((await ask('PATCH', `${core}/configmaps/g`, named('A_'), merge)).message).toMatch(
    /^ConfigMap "g" is invalid: metadata.generateName: Invalid value: "A_": a lowercase RFC 1123 subdomain /,
  );
});

test('an owner that is named twice is kept once, and the client is warned', async () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
  const ownerReferences = [owner, { ...owner, name: 'q' }, owner];
  const { metadata, warning } = await ask('POST', `${core}/configmaps`, { metadata: { name: 'owned', ownerReferences } });
  expect(metadata.ownerReferences).toEqual(ownerReferences.slice(0, 2));
  const rest =
    'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u"';
  expect(warning).toEqual([`299 - ".metadata.ownerReferences contains duplicate entries; ${rest}`]);
  const patched = await ask('PATCH', `${core}/configmaps/owned`, { metadata: { ownerReferences } }, merge);
  expect(patched.warning).toEqual([`299 - ".metadata.ownerReferences contains duplicate entries after mutating admission happens; ${rest}`]);
});

test('a wrong uid is told with the key under which upstream keeps the object', async () => {
  const { metadata } = await ask('POST', roles, { metadata: { name: 'r' } });
  expect((await ask('PUT', `${roles}/r`, { metadata: { name: 'r', uid: 'y' } })).message).toBe(
    `Operation cannot be fulfilled on roles.rbac.authorization.k8s.io "r": StorageError: invalid object, Code: 4, Key: /registry/roles/default/r, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: y, UID in object meta: ${metadata.uid}`,
  );
});

test('an update of what has gone by its uid is a conflict, whether or not updates may create; without a uid it is not found', async () => {
  const told = async (path: string, kind: string, metadata: object) => {
    const { code, message } = await ask('PUT', path, { kind, metadata: { name: 'gone', ...metadata } });
    return `${code} ${message}`;
  };
  const gone = (resource: string, key: string) =>
    `409 Operation cannot be fulfilled on ${resource} "gone": StorageError: invalid object, Code: 4, Key: /registry/${key}/gone, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: `;
  expect(await told(`${core}/configmaps/gone`, 'ConfigMap', { uid: 'u', resourceVersion: '5' })).toBe(gone('configmaps', 'configmaps/default'));
  expect(await told(`${core}/configmaps/gone`, 'ConfigMap', { resourceVersion: '5' })).toBe('404 configmaps "gone" not found');
  expect(await told(`${core}/pods/gone/status`, 'Pod', { uid: 'u' })).toBe(gone('pods', 'pods/default'));
  expect(await told(`${roles}/gone`, 'Role', { uid: 'u' })).toBe(gone('roles.rbac.authorization.k8s.io', 'roles/default'));
  expect(await told('/api/v1/nodes/gone/status', 'Node', { uid: 'u' })).toBe(gone('nodes', 'minions'));
});

test('who writes the status of a volume attachment owns nothing of its metadata, which stays', async () => {
  const spec = { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'v' } };
  await ask('POST', `${attachments}?fieldManager=u`, { metadata: { name: 'va' }, spec });
  const body = { metadata: { labels: { a: 'b' } }, status: { attached: true } };
  const { metadata } = await ask('PATCH', `${attachments}/va/status?fieldManager=st`, body, merge);
  expect(metadata.labels).toBeUndefined();
  expect(metadata.managedFields).toMatchObject([{ manager: 'st', fieldsV1: { 'f:status': { 'f:attached': {} } } }, { manager: 'u' }]);
  expect((metadata.managedFields as { fieldsV1: object }[]).map(({ fieldsV1 }) => Object.keys(fieldsV1))).toEqual([['f:status'], ['f:spec']]);
});

test('an empty list of owners forgets them all', async () => {
  await ask('POST', `${core}/configmaps`, { metadata: { name: 'f', labels: { a: 'b' } } });
  const { metadata } = await ask('PUT', `${core}/configmaps/f`, { metadata: { name: 'f', labels: { a: 'b' }, managedFields: [] } });
  expect(metadata.managedFields).toBeUndefined();
});

test('a null in a configuration is a value: it takes a field from whoever owns it, or conflicts', async () => {
  await ask('POST', `${core}/configmaps?fieldManager=u`, { metadata: { name: 'n' }, data: { a: 'b' } });
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n' }, data: { a: null } };
  expect((await ask('PATCH', `${core}/configmaps/n?fieldManager=m`, config, apply)).message).toBe(
    'Apply failed with 1 conflict: conflict with "u" using v1: .data.a',
  );
  expect(await ask('PATCH', `${core}/configmaps/n?fieldManager=m&force=true`, config, apply)).toMatchObject({ code: 200, data: { a: '' } });
});

test('a configuration that its schema allows and Go does not hold is told with both', async () => {
  const pod = (more: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }], ...more },
  });
  const said = async (more: object): Promise<string | undefined> => (await ask('PATCH', `${core}/pods/p?fieldManager=m`, pod(more), apply)).message;
  const start = 'failed to convert new object (/p; /v1, Kind=Pod) to proper version: unable to convert unstructured object to /v1, Kind=Pod: ';
  expect(await said({ priority: 1.5 })).toBe(`${start}cannot convert float64 to int32`);
  const typed = 'failed to create typed patch object (/p; /v1, Kind=Pod): .spec.';
  expect(await said({ hostNetwork: { a: 1 } })).toBe(`${typed}hostNetwork: expected boolean, got &{map[a:1]}`);
  expect(await said({ containers: [{ name: 'a', resources: { limits: { cpu: { a: 1 } } } }] })).toBe(
    `${typed}containers[name="a"].resources.limits.cpu: expected any scalar, got &{map[a:1]}`,
  );
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'p' }, spec: { minAvailable: {} } };
  expect((await ask('PATCH', `${budgets}/p?fieldManager=m`, budget, apply)).message).toBe(
    'failed to convert new object (/p; policy/v1, Kind=PodDisruptionBudget) to proper version: unable to convert unstructured object to policy/v1, Kind=PodDisruptionBudget: json: cannot unmarshal object into Go value of type int32',
  );
});

test('a time that is none ends the decoder, and is told before the other mistakes of a body', async () => {
  const { message } = await ask('POST', `${core}/configmaps`, { metadata: { name: 't', annotations: 1, creationTimestamp: 'é' }, data: 'x' });
  expect(message).toBe(
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: parsing time "\\xc3\\xa9" as "2006-01-02T15:04:05Z07:00": cannot parse "\\xc3\\xa9" as "2006"',
  );
});
