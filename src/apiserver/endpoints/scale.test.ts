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
