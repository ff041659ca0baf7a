import { expect, test } from 'vitest';
import { testServer } from '../apiserver/testing/test-server.ts';

async function ask(
  method: string,
  path: string,
  body: object,
): Promise<{ answered: number; message: string | undefined; metadata: { managedFields?: unknown } }> {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const { status, body: answer } = await server.ask(method, path, body);
  return { answered: status, ...(answer as { message?: string; metadata: object }) } as never;
}

const label = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character";

test('a definition of custom resources without a spec is told all that it lacks', async () => {
  const { message } = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { metadata: { name: 'things.example.com' } });
  expect(message).toBe(
    'CustomResourceDefinition.apiextensions.k8s.io "things.example.com" is invalid: [' +
      'metadata.name: Invalid value: "things.example.com": must be spec.names.plural+"."+spec.group, spec.group: Required value, spec.scope: Required value, ' +
      'spec.versions: Invalid value: []apiextensions.CustomResourceDefinitionVersion(nil): must have exactly one version marked as storage version, ' +
      'spec.names.plural: Required value, spec.names.singular: Required value, spec.names.kind: Required value, spec.names.listKind: Required value, ' +
      'status.storedVersions: Invalid value: []string(nil): must have at least one stored version]',
  );
});

test('all that is wrong with a name of a custom resource is one mistake', async () => {
  const names = { plural: 'things', kind: 'Thi_ng' };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
  const spec = { group: 'example', scope: 'Namespaced', names, versions };
  const { message } = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { metadata: { name: 'things.example' }, spec });
  expect(message).toContain('spec.group: Invalid value: "example": should be a domain with at least one dot');
  expect(message).toContain(`spec.names.kind: Invalid value: "Thi_ng": may have mixed case, but should otherwise match: ${label}`);
});

test('an attachment names its driver as drivers are named, and its volume', async () => {
  const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
  const refused = async (attacher: string, source: object) =>
    (await ask('POST', attachments, { metadata: { name: 'a' }, spec: { attacher, nodeName: 'n', source } })).message;
  expect(await refused('x'.repeat(64), { persistentVolumeName: 'v' })).toContain('spec.attacher: Too long: may not be more than 63 bytes');
  expect(await refused('d.example', { persistentVolumeName: 'No Volume' })).toContain(
    'spec.source.persistentVolumeName: Invalid value: "No Volume": a lowercase',
  );
  expect(await refused('', { persistentVolumeName: 'v' })).toContain('[spec.attacher: Required value, spec.attacher: Invalid value: "": a lowercase');
});

test('a driver may have a longer name than others may use for it', async () => {
  const name = `${'x'.repeat(63)}.example`;
  expect((await ask('POST', '/apis/storage.k8s.io/v1/csidrivers', { metadata: { name }, spec: {} })).answered).toBe(201);
  const { message } = await ask('POST', '/apis/storage.k8s.io/v1/csinodes', { metadata: { name: 'n' }, spec: { drivers: [{ name, nodeID: 'n' }] } });
  expect(message).toBe('CSINode.storage.k8s.io "n" is invalid: spec.drivers[0].name: Too long: may not be more than 63 bytes');
});

test('disruption budgets have names that are only parts of a path', async () => {
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  expect((await ask('POST', budgets, { metadata: { name: 'No Name' } })).answered).toBe(201);
  expect((await ask('POST', budgets, { metadata: { name: 'a%b' } })).message).toBe(
    'PodDisruptionBudget.policy "a%b" is invalid: metadata.name: Invalid value: "a%b": may not contain \'%\'',
  );
});

test('the name of a job is said to be no label where it would be one: in its template', async () => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
  const { message } = await ask('POST', '/apis/batch/v1/namespaces/default/jobs', { metadata: { name: 'No Name' }, spec: { template } });
  expect(message).toContain('spec.template.labels: Invalid value: "No Name"');
  expect(message).not.toContain('metadata.labels');
});

test('nobody owns the limits of a range that has none', async () => {
  const { metadata } = await ask('POST', '/api/v1/namespaces/default/limitranges', { metadata: { name: 'r' } });
  expect(metadata.managedFields).toBeUndefined();
});

test('conditions of a disruption budget say when and why', async () => {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await server.ask('POST', budgets, { metadata: { name: 'b' } });
  const status = {
    conditions: [
      { type: 'T', status: 'True' },
      { type: 'T', status: 'Maybe', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'no word' },
    ],
  };
  const { body } = await server.ask('PATCH', `${budgets}/b/status`, { status }, { 'content-type': 'application/merge-patch+json' });
  expect((body as { message: string }).message).toMatch(
    /^PodDisruptionBudget\.policy "b" is invalid: \[status\.conditions\[0\]\.lastTransitionTime: Required value: must be set, status\.conditions\[0\]\.reason: Required value: must be set, status\.conditions\[1\]\.type: Duplicate value: "T", status\.conditions\[1\]\.status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown", status\.conditions\[1\]\.reason: Invalid value: "no word": a condition reason must start/,
  );
});

test('whoever writes the status of an attachment changes nothing else of it', async () => {
  const server = testServer();
  const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
  const spec = { attacher: 'd.example', nodeName: 'n', source: { persistentVolumeName: 'v' } };
  await server.ask('POST', attachments, { metadata: { name: 'a', labels: { keep: 'me' } }, spec });
  const change = { metadata: { labels: { keep: null, by: 'status' }, annotations: { by: 'status' } }, status: { attached: true } };
  const { body } = await server.ask('PATCH', `${attachments}/a/status`, change, { 'content-type': 'application/merge-patch+json' });
  expect(body).toMatchObject({ metadata: { labels: { keep: 'me' } }, status: { attached: true } });
  expect((body as { metadata: object }).metadata).not.toHaveProperty('annotations');
});
