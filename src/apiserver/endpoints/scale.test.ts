import { expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';

test('the Scale of a deployment that is not there is missing as the deployment is', async () => {
  const server = testServer();
  const path = '/apis/apps/v1/namespaces/default/deployments/absent/scale';
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'absent', namespace: 'default' }, spec: { replicas: 1 } };
  const answers = [
    await server.ask('GET', path),
    await server.ask('PUT', path, scale),
    await server.ask('PATCH', path, { spec: { replicas: 1 } }, { 'content-type': 'application/merge-patch+json' }),
  ];
  for (const { status, body } of answers) {
    expect(status).toBe(404);
    expect(body).toMatchObject({ message: 'deployments.apps "absent" not found', details: { kind: 'deployments' } });
  }
});

test('who scales to nothing owns nothing: Go does not write a zero', async () => {
  const server = testServer();
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await server.ask('POST', `${path}?fieldManager=maker`, { metadata: { name: 'd' }, spec: { replicas: 2, selector: { matchLabels: { a: 'b' } }, template } });
  const scalers = async (replicas: number): Promise<string[]> => {
    await server.ask('PATCH', `${path}/d/scale?fieldManager=scaler`, { spec: { replicas } }, { 'content-type': 'application/merge-patch+json' });
    const { body } = (await server.ask('GET', `${path}/d`)) as { body: { metadata: { managedFields: { manager: string; subresource?: string }[] } } };
    return body.metadata.managedFields.filter(({ subresource }) => subresource === 'scale').map(({ manager }) => manager);
  };
  expect(await scalers(3)).toEqual(['scaler']);
  expect(await scalers(0)).toEqual([]);
});

test('the uid of a Scale is a precondition: of a PUT before all else, of a patch once the Scale is sound', async () => {
  const server = testServer();
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const { body: made } = await server.ask('POST', path, { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } });
  const { uid } = (made as { metadata: { uid: string } }).metadata;
  const put = async (name: string, metadata: object, replicas = 2) => {
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name, ...metadata }, spec: { replicas } };
    const { status, body } = await server.ask('PUT', `${path}/${name}/scale`, scale);
    return `${status} ${(body as { message?: string }).message}`;
  };
  const stored = (name: string, present: string) =>
    `409 Operation cannot be fulfilled on deployments.apps "${name}": StorageError: invalid object, Code: 4, Key: /registry/deployments/default/${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: ${present}`;
  expect(await put('gone', { uid: 'u' })).toBe(stored('gone', ''));
  expect(await put('d', { uid: 'u', resourceVersion: '1' }, -1)).toBe(stored('d', uid));
  expect(await put('d', { resourceVersion: '1' }, -1)).toBe(
    '422 Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
  expect(await put('d', { resourceVersion: '1' })).toMatch(/^409 .*the object has been modified/);
  const patched = await server.ask('PATCH', `${path}/d/scale`, { metadata: { uid: 'u' } }, { 'content-type': 'application/merge-patch+json' });
  expect(patched.body).toMatchObject({
    code: 409,
    message: `Operation cannot be fulfilled on deployments/scale.apps "d": Precondition failed: UID in precondition: u, UID in object meta: ${uid}`,
  });
});
