import { expect, test } from 'vitest';
import { apiServerId } from '../../src/cluster/identity-lease.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const namespace = 'kube-system';
const name = apiServerId('default');
const lease = (name: string, renewTime: string) => ({
  metadata: { namespace, name, labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } },
  spec: { holderIdentity: 'gone', leaseDurationSeconds: 3600, renewTime },
});

test('the API server has a lease by which others know it, renews it, and makes it again', async () => {
  const cluster = await simulatedCluster({ components: ['api'] });
  const { admin, env } = cluster;
  const first = await admin.leases.get({ namespace, name });
  expect(first.metadata?.labels).toEqual({ 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': 'default' });
  expect(first.spec).toMatchObject({ leaseDurationSeconds: 3600, holderIdentity: expect.stringMatching(new RegExp(`^${name}_[0-9a-f-]{36}$`)) });
  await env.loop.advance(11_000);
  const renewed = await admin.leases.get({ namespace, name });
  expect(Date.parse(renewed.spec?.renewTime ?? '') - Date.parse(first.spec?.renewTime ?? '')).toBeGreaterThanOrEqual(10_000);
  await admin.leases.delete({ namespace, name });
  await env.loop.advance(11_000);
  expect((await admin.leases.get({ namespace, name })).spec?.holderIdentity).toBe(first.spec?.holderIdentity);
  await cluster.stop();
});

test('leases of API servers that are gone are deleted, within an hour of their end', async () => {
  const cluster = await simulatedCluster({ components: ['api'] });
  const { admin, env } = cluster;
  await admin.leases.create(lease('apiserver-old', '2025-12-31T23:59:00.000000Z'));
  await admin.leases.create(lease('apiserver-young', '2026-01-01T00:30:00.000000Z'));
  await admin.leases.create({ metadata: { namespace, name: 'of-somebody-else' }, spec: {} });
  const names = async () => (await admin.leases.list({ namespace })).items.map((one) => one.metadata?.name);
  await env.loop.advance(3_700_000);
  expect(await names()).toEqual([name, 'apiserver-young', 'of-somebody-else']);
  await env.loop.advance(3_600_000);
  expect(await names()).toEqual([name, 'of-somebody-else']);
  await cluster.stop();
});
