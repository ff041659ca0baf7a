import { expect, test } from 'vitest';
import type { IPAddress, Service, ServiceCIDR } from '../../generated/types/index.ts';
import { refs } from '../../src/client/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const service = (name: string, spec: object = {}): Service =>
  ({ metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }], ...spec } }) as Service;

const addresses = ({ admin }: Cluster) => admin.resource<IPAddress>(refs.ipAddresses);
const ranges = ({ admin }: Cluster) => admin.resource<ServiceCIDR>(refs.serviceCidrs);
const namesOf = async (cluster: Cluster) => (await addresses(cluster).list()).items.map((one) => one.metadata?.name);
const key = (name: string) => ({ namespace: 'default', name });

const range = (name: string, ...cidrs: string[]): ServiceCIDR => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs },
});

test('a Service has an IPAddress of its own, as long as it has the address', async () => {
  const cluster = await simulatedCluster();
  const { admin, env } = cluster;
  await env.loop.settle();
  expect(await namesOf(cluster)).toEqual(['10.96.0.1', '10.96.0.10']);
  await admin.services.create(service('web', { clusterIP: '10.96.0.77' }));
  await admin.services.create(service('headless', { clusterIP: 'None' }));
  await env.loop.settle();
  expect(await addresses(cluster).get({ name: '10.96.0.77' })).toMatchObject({
    metadata: { labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
  });
  await addresses(cluster).delete({ name: '10.96.0.77' });
  await env.loop.settle();
  expect(await namesOf(cluster)).toContain('10.96.0.77'); // It is made again for whoever still has the address.
  await admin.services.delete(key('web'));
  await admin.services.create(service('heir', { clusterIP: '10.96.0.77' }));
  await env.loop.settle();
  expect(await addresses(cluster).get({ name: '10.96.0.77' })).toMatchObject({ spec: { parentRef: { name: 'heir' } } });
  await admin.services.delete(key('heir'));
  await env.loop.settle();
  expect(await namesOf(cluster)).toEqual(['10.96.0.1', '10.96.0.10']);
  await cluster.stop();
});

test('an IPAddress that somebody else has made keeps its address from Services', async () => {
  const cluster = await simulatedCluster();
  const { admin, env } = cluster;
  const parentRef = { group: 'example.com', resource: 'gateways', name: 'front' };
  await addresses(cluster).create({ metadata: { name: '10.96.0.90' }, spec: { parentRef } } as IPAddress);
  await env.loop.settle();
  await expect(admin.services.create(service('web', { clusterIP: '10.96.0.90' }))).rejects.toThrow('provided IP is already allocated');
  await addresses(cluster).delete({ name: '10.96.0.90' });
  await env.loop.settle();
  await admin.services.create(service('web', { clusterIP: '10.96.0.90' }));
  await cluster.stop();
});

test('a further range gives addresses once it is ready, and goes when nobody has one of it', async () => {
  const cluster = await simulatedCluster();
  const { admin, env } = cluster;
  const outside = () => admin.services.create(service('far', { clusterIP: '10.200.0.5' }));
  await expect(outside()).rejects.toThrow('failed to allocate IP 10.200.0.5: the provided network does not match the current range');
  await ranges(cluster).create(range('more', '10.200.0.0/24'));
  await env.loop.settle();
  const ready = { type: 'Ready', status: 'True', message: 'Kubernetes Service CIDR is ready' };
  expect(await ranges(cluster).get({ name: 'more' })).toMatchObject({
    metadata: { finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
    status: { conditions: [ready] },
  });
  await outside();
  await env.loop.settle();
  await ranges(cluster).delete({ name: 'more' });
  await env.loop.advance(60_000);
  const message = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
  expect(await ranges(cluster).get({ name: 'more' })).toMatchObject({ status: { conditions: [{ status: 'False', reason: 'Terminating', message }] } });
  await expect(admin.services.create(service('late', { clusterIP: '10.200.0.6' }))).rejects.toThrow('does not match the current range');
  await admin.services.delete(key('far'));
  await env.loop.advance(15_000);
  await expect(ranges(cluster).get({ name: 'more' })).rejects.toThrow('servicecidrs.networking.k8s.io "more" not found');
  await cluster.stop();
});

test('the range that all began with stays while the API server itself has an address of it', async () => {
  const cluster = await simulatedCluster();
  await ranges(cluster).delete({ name: 'kubernetes' });
  await cluster.env.loop.advance(60_000);
  expect((await ranges(cluster).get({ name: 'kubernetes' })).status?.conditions?.[0]?.reason).toBe('Terminating');
  await cluster.stop();
});

test('while the first range is on its way out, Services get addresses of it only where another range holds them', async () => {
  const cluster = await simulatedCluster();
  const { admin, env } = cluster;
  await ranges(cluster).create(range('beside', '10.97.0.0/24'));
  await env.loop.settle();
  await ranges(cluster).delete({ name: 'kubernetes' });
  await env.loop.settle();
  await expect(admin.services.create(service('web'))).rejects.toThrow('failed to allocate a serviceIP: the provided network does not match the current range');
  await admin.services.create(service('named', { clusterIP: '10.97.0.7' }));
  await ranges(cluster).create(range('around', '10.96.0.0/12'));
  await env.loop.settle();
  const { spec } = await admin.services.create(service('web'));
  expect(spec?.clusterIP).toMatch(/^10\.96\./);
  // Once nobody needs it any more, it goes, and the API server makes it anew.
  await env.loop.advance(30_000);
  const made = await ranges(cluster).get({ name: 'kubernetes' });
  expect(made).toMatchObject({ spec: { cidrs: ['10.96.0.0/16'] }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  expect(made.metadata?.deletionTimestamp).toBeUndefined();
  await admin.services.create(service('again'));
  await cluster.stop();
});
