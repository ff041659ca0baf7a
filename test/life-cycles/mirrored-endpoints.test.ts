import { expect, test } from 'vitest';
import type { Endpoints, Service } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const key = { namespace: 'default', name: 'ext' };
const slicesOf = async ({ admin }: Cluster) =>
  (await admin.endpointSlices.list({ namespace: 'default', labelSelector: 'kubernetes.io/service-name=ext' })).items;

async function externalService(): Promise<Cluster> {
  const cluster = await simulatedCluster({ components: ['api', 'controllers'] });
  await cluster.admin.services.create({ metadata: key, spec: { ports: [{ port: 80, name: 'http' }] } } as Service);
  return cluster;
}

test('what Endpoints of a Service without a selector say is said by slices, too', async () => {
  const cluster = await externalService();
  const { admin, env } = cluster;
  const annotations = { note: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  await admin.endpoints.create({
    metadata: { ...key, labels: { team: 'a' }, annotations },
    subsets: [
      { addresses: [{ ip: '10.9.9.1' }, { ip: '10.9.9.2', hostname: 'two' }], notReadyAddresses: [{ ip: '10.9.9.3' }], ports: [{ port: 80, name: 'http' }] },
    ],
  } as Endpoints);
  await env.loop.settle();
  const [slice, ...others] = await slicesOf(cluster);
  expect(others).toEqual([]);
  expect(slice).toMatchObject({
    metadata: {
      generateName: 'ext-',
      annotations: { note: 'x' },
      labels: { team: 'a', 'kubernetes.io/service-name': 'ext', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'ext', controller: true, blockOwnerDeletion: true }],
    },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.9.9.1'], conditions: { ready: true } },
      { addresses: ['10.9.9.2'], conditions: { ready: true }, hostname: 'two' },
      { addresses: ['10.9.9.3'], conditions: { ready: false } },
    ],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  });
  expect(Object.keys(slice?.metadata?.annotations ?? {})).toEqual(['note']);
  await admin.endpoints.patch(key, 'merge', { subsets: [{ addresses: [{ ip: '10.9.9.4' }], ports: [{ port: 80, name: 'http' }] }] });
  await env.loop.settle();
  const [changed] = await slicesOf(cluster);
  expect(changed?.metadata?.uid).toBe(slice?.metadata?.uid); // The same slice, written anew.
  expect(changed?.endpoints).toEqual([{ addresses: ['10.9.9.4'], conditions: { ready: true } }]);
  await admin.endpointSlices.delete({ namespace: 'default', name: changed?.metadata?.name ?? '' });
  await env.loop.settle();
  expect(await slicesOf(cluster)).toHaveLength(1); // Somebody's deletion is mended.
  await admin.endpoints.delete(key);
  await env.loop.settle();
  expect(await slicesOf(cluster)).toEqual([]);
  await cluster.stop();
});

test('ports that the same addresses have share a slice, others have their own', async () => {
  const cluster = await externalService();
  const [both, one] = [[{ ip: '10.9.9.1' }], [{ ip: '10.9.9.2' }]];
  await cluster.admin.endpoints.create({
    metadata: key,
    subsets: [
      { addresses: both, ports: [{ port: 80, name: 'http' }] },
      { addresses: both, ports: [{ port: 443, name: 'https' }] },
      { addresses: one, ports: [{ port: 9, name: 'discard' }] },
    ],
  } as Endpoints);
  await cluster.env.loop.settle();
  const ports = (await slicesOf(cluster)).map((slice) => (slice.ports ?? []).map(({ name }) => name).join());
  expect(ports.sort()).toEqual(['discard', 'http,https']);
  await cluster.stop();
});

test('Endpoints are not mirrored for a Service with a selector, nor against their own label', async () => {
  const cluster = await externalService();
  const { admin, env } = cluster;
  const subsets = [{ addresses: [{ ip: '10.9.9.1' }], ports: [{ port: 80, name: 'http' }] }];
  await admin.endpoints.create({ metadata: { ...key, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }, subsets } as Endpoints);
  await env.loop.settle();
  expect(await slicesOf(cluster)).toEqual([]);
  await admin.endpoints.patch(key, 'merge', { metadata: { labels: null } });
  await env.loop.settle();
  expect(await slicesOf(cluster)).toHaveLength(1);
  await admin.services.patch(key, 'merge', { spec: { selector: { app: 'x' } } });
  await env.loop.settle();
  expect((await slicesOf(cluster)).map(({ metadata }) => metadata?.labels?.['endpointslice.kubernetes.io/managed-by'])).toEqual([
    'endpointslice-controller.k8s.io',
  ]);
  await cluster.stop();
});
