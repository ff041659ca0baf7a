import { expect, test } from 'vitest';
import type { ConfigMap, FlowSchema } from '../../generated/types/index.ts';
import { refs } from '../../src/client/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const schemas = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', kind: 'FlowSchema', resource: 'flowschemas', namespaced: false };
const kubernetes = { namespace: 'default', name: 'kubernetes' };
const system = (name: string) => ({ namespace: 'kube-system', name });
const without = (name: string) => ({ message: expect.stringContaining(`"${name}" not found`) });

const schema = ({ admin }: Cluster, name: string) => admin.resource<FlowSchema>(schemas).get({ name });

test('the Service kubernetes and its endpoints come back within ten seconds, as they were', async () => {
  const cluster = await simulatedCluster();
  const { admin, env } = cluster;
  const before = { service: await admin.services.get(kubernetes), endpoints: await admin.endpoints.get(kubernetes) };
  await admin.services.delete(kubernetes);
  await admin.endpoints.delete(kubernetes);
  await admin.endpointSlices.delete(kubernetes);
  await env.loop.settle();
  await expect(admin.services.get(kubernetes)).rejects.toMatchObject(without('kubernetes'));
  await env.loop.advance(11_000);
  const after = { service: await admin.services.get(kubernetes), endpoints: await admin.endpoints.get(kubernetes) };
  expect(after.service.spec).toEqual(before.service.spec);
  expect(after.service.metadata?.uid).not.toBe(before.service.metadata?.uid);
  expect(after.endpoints.subsets).toEqual(before.endpoints.subsets);
  expect(await admin.endpointSlices.get(kubernetes)).toMatchObject({ addressType: 'IPv4', endpoints: [{}] });
  await cluster.stop();
});

test('flow schemas are set back within a minute, unless they say that they are no business of the server', async () => {
  const cluster = await simulatedCluster({ components: ['api'] });
  const { env } = cluster;
  const client = cluster.admin.resource<FlowSchema>(schemas);
  const priority = async (name: string) => (await schema(cluster, name)).spec?.matchingPrecedence;
  await client.delete({ name: 'probes' });
  for (const name of ['service-accounts', 'global-default']) {
    await client.patch({ name }, 'merge', {
      spec: { matchingPrecedence: 77 },
      metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': String(name !== 'global-default') } },
    });
  }
  await env.loop.advance(61_000);
  expect(await priority('probes')).toBe(2);
  expect(await priority('service-accounts')).toBe(9000);
  expect(await priority('global-default')).toBe(77);
  await cluster.stop();
});

test('the day since when tokens in Secrets are tracked is told anew, but no more often than every half hour', async () => {
  const cluster = await simulatedCluster({ components: ['api'] });
  const { admin, env } = cluster;
  const name = 'kube-apiserver-legacy-service-account-token-tracking';
  const since = async () => (await admin.resource<ConfigMap>(refs.configMaps).get(system(name))).data?.since;
  expect(await since()).toBe('2026-01-01');
  await admin.configMaps.delete(system(name));
  await env.loop.advance(20 * 60_000);
  await expect(since()).rejects.toMatchObject(without(name));
  await env.loop.advance(11 * 60_000);
  expect(await since()).toBe('2026-01-01');
  await env.loop.advance(24 * 3_600_000);
  await admin.configMaps.delete(system(name));
  await env.loop.settle();
  expect(await since()).toBe('2026-01-02');
  await cluster.stop();
});
