import { afterEach, expect, test } from 'vitest';
import { refs } from '../../src/client/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
afterEach(() => cluster.stop());

const claim = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

test('a claim that nobody uses goes when it is deleted, and a namespace with claims ends', async () => {
  cluster = await simulatedCluster();
  const { admin, env } = cluster;
  const claims = admin.resource(refs.persistentVolumeClaims);
  await admin.namespaces.create({ metadata: { name: 'shop' } });
  await env.loop.settle();
  await claims.create(claim('default'));
  await claims.create(claim('shop'));
  expect((await claims.get({ namespace: 'default', name: 'data' })).metadata?.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  await claims.delete({ namespace: 'default', name: 'data' });
  await admin.namespaces.delete({ name: 'shop' });
  await env.loop.advance(30_000);
  expect((await claims.list()).items).toEqual([]);
  expect((await admin.namespaces.list()).items.map((one) => one.metadata?.name)).not.toContain('shop');
});
