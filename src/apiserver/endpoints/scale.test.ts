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
