import { expect, test } from 'vitest';
import { simulatedCluster } from '../support/simulated-cluster.ts';

test('a container’s status shows the groups it has: those of the image too, unless the pod’s policy is Strict', async () => {
  const cluster = await simulatedCluster({ nodes: 1 });
  const { admin, env } = cluster;
  const groups = async (name: string, securityContext: object) => {
    const containers = [{ name: 'c', image: 'busybox', command: ['sleep', '1000'] }];
    await admin.pods.create({ metadata: { name, namespace: 'default' }, spec: { securityContext, containers } });
    await env.loop.advance(10_000);
    const { status } = await admin.pods.get({ namespace: 'default', name });
    return status?.containerStatuses?.[0]?.user?.linux;
  };
  expect(await groups('merged', { supplementalGroups: [4000], fsGroup: 2000 })).toEqual({ uid: 0, gid: 0, supplementalGroups: [0, 10, 2000, 4000] });
  const supplementalGroupsPolicy = 'Strict';
  expect(await groups('strict', { supplementalGroups: [4000], supplementalGroupsPolicy })).toEqual({ uid: 0, gid: 0, supplementalGroups: [0, 4000] });
  expect(await groups('user', { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000] })).toEqual({
    uid: 1000,
    gid: 3000,
    supplementalGroups: [3000, 4000],
  });
  await cluster.stop();
}, 60_000);
