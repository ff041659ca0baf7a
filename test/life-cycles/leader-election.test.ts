import { expect, test } from 'vitest';
import { parseAuditPolicy } from '../../src/apiserver/index.ts';
import type { Cluster, ComponentName } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const namespace = 'kube-system';
const controlPlane: readonly ComponentName[] = ['api', 'controllers', 'scheduler'];
const manager = 'kube-controller-manager';
const scheduler = 'kube-scheduler';

async function specOf({ admin }: Cluster, name: string) {
  const { spec = {} } = await admin.leases.get({ namespace, name });
  return spec;
}

/** What the Events of a lease say, without the identities in them. */
async function told({ admin }: Cluster, name: string): Promise<string[]> {
  const { items } = await admin.events.list({ namespace });
  return items
    .filter(({ involvedObject }) => involvedObject.kind === 'Lease' && involvedObject.name === name)
    .map(({ type, reason, source, message }) => `${type} ${reason} ${source?.component}: ${message?.replace(/_[0-9a-f-]{36} /, ' ')}`);
}

/** As `kubectl edit lease` by somebody who wants to lead, and holds it for so long. */
function steal({ admin }: Cluster, name: string, leaseDurationSeconds = 15) {
  return admin.leases.patch({ namespace, name }, 'merge', { spec: { holderIdentity: 'somebody', leaseDurationSeconds } });
}

async function hasEndpoints({ admin, env }: Cluster, name: string): Promise<boolean> {
  await admin.services.create({ metadata: { namespace: 'default', name }, spec: { selector: { app: name }, ports: [{ port: 80 }] } });
  await env.loop.advance(1_000);
  const { items } = await admin.endpointSlices.list({ namespace: 'default', labelSelector: `kubernetes.io/service-name=${name}` });
  return items.length > 0;
}

test('the controllers and the scheduler lead by a lease each, and tell of it', async () => {
  const cluster = await simulatedCluster({ components: controlPlane, silent: ['far'] });
  for (const name of [manager, scheduler]) {
    const { metadata } = await cluster.admin.leases.get({ namespace, name });
    expect(metadata?.labels).toBeUndefined();
    expect(metadata?.managedFields?.map((one) => `${one.manager} ${one.operation}`)).toEqual([`${name} Update`]);
    expect(await specOf(cluster, name)).toMatchObject({
      holderIdentity: expect.stringMatching(/^far_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:01:00.000000Z',
    });
  }
  expect(await told(cluster, manager)).toEqual(['Normal LeaderElection kube-controller-manager: far became leader']);
  expect(await told(cluster, scheduler)).toEqual(['Normal LeaderElection default-scheduler: far became leader']);
  await cluster.stop();
});

test('only what runs has a lease', async () => {
  const cluster = await simulatedCluster({ components: ['api', 'scheduler'] });
  const { items } = await cluster.admin.leases.list({ namespace });
  expect(items.map((one) => one.metadata?.name?.replace(/^apiserver-.*/, 'apiserver'))).toEqual(['apiserver', scheduler]);
  await cluster.stop();
});

test('controllers whose lease somebody takes stop after ten seconds of vain renewals, and come back as another when it has expired', async () => {
  const cluster = await simulatedCluster({ components: controlPlane });
  const { env } = cluster;
  const before = await specOf(cluster, manager);
  await steal(cluster, manager);
  await env.loop.advance(9_000);
  expect(await hasEndpoints(cluster, 'early')).toBe(true);
  await env.loop.advance(3_000);
  expect(await hasEndpoints(cluster, 'meanwhile')).toBe(false);
  expect((await specOf(cluster, manager)).holderIdentity).toBe('somebody');
  await env.loop.advance(20_000);
  const after = await specOf(cluster, manager);
  expect(after).toMatchObject({ holderIdentity: expect.stringMatching(/^default_/), leaseTransitions: 1 });
  expect(after.holderIdentity).not.toBe(before.holderIdentity);
  expect(await told(cluster, manager)).toHaveLength(2);
  // Each change is acted on once: those of the first term are gone.
  expect(await hasEndpoints(cluster, 'late')).toBe(true);
  const { items } = await cluster.admin.endpointSlices.list({ namespace: 'default' });
  expect(items.map((one) => one.metadata?.labels?.['kubernetes.io/service-name']).sort()).toEqual(['early', 'kubernetes', 'late', 'meanwhile']);
  await cluster.stop();
});

test('a scheduler whose lease is taken leaves pods alone until it has the lease again', async () => {
  const cluster = await simulatedCluster({ components: controlPlane, silent: ['far'] });
  const { admin, env } = cluster;
  await steal(cluster, scheduler, 60);
  await env.loop.advance(13_000);
  await admin.pods.create({ metadata: { namespace: 'default', name: 'p' }, spec: { containers: [{ name: 'c', image: 'busybox' }] } });
  await env.loop.advance(40_000);
  const nodeName = async () => (await admin.pods.get({ namespace: 'default', name: 'p' })).spec?.nodeName;
  expect(await nodeName()).toBeUndefined();
  await env.loop.advance(30_000);
  expect(await nodeName()).toBe('far');
  await cluster.stop();
});

test('a lease that is given back in time goes on as if nothing had been', async () => {
  const cluster = await simulatedCluster({ components: controlPlane });
  const { admin, env } = cluster;
  const before = await specOf(cluster, manager);
  await steal(cluster, manager);
  await env.loop.advance(7_000);
  await admin.leases.patch({ namespace, name: manager }, 'merge', { spec: { holderIdentity: before.holderIdentity } });
  await env.loop.advance(20_000);
  const { holderIdentity, leaseTransitions, acquireTime } = before;
  expect(await specOf(cluster, manager)).toMatchObject({ holderIdentity, leaseTransitions, acquireTime, renewTime: '2026-01-01T00:01:26.000000Z' });
  await cluster.stop();
});

test('a lease that is deleted is made again by who led, in a new term', async () => {
  const cluster = await simulatedCluster({ components: controlPlane });
  const { admin, env } = cluster;
  const { holderIdentity } = await specOf(cluster, manager);
  await admin.leases.delete({ namespace, name: manager });
  await env.loop.advance(2_000);
  expect(await specOf(cluster, manager)).toMatchObject({ holderIdentity, leaseTransitions: 0, acquireTime: '2026-01-01T00:01:02.000000Z' });
  await cluster.stop();
});

test('the scheduler gives its lease up when it stops, the controllers leave theirs to expire', async () => {
  const updates: string[] = [];
  const leases = { level: 'Request', verbs: ['update'], resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] };
  const policy = parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [leases] });
  const cluster = await simulatedCluster({ components: controlPlane, audit: { policy, sink: (event) => updates.push(JSON.stringify(event)) } });
  updates.length = 0;
  await cluster.stop();
  expect(updates).toHaveLength(1);
  expect(updates[0]).toMatch(/"username":"system:kube-scheduler".*"holderIdentity":""/);
});
